"""Shares of places of new items, and limits of groups that move, in whole trainings."""

import json

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from fusion.config import ListSettings
from fusion.core.arrays import DAY
from fusion.core.settings import config_hash
from fusion.lists.business_rules.blocked import NO_BLOCKS
from fusion.lists.business_rules.resolve_rules import usable
from fusion.lists.business_rules.rules import RuleSet
from fusion.lists.exposure.defaults import DEFAULTS
from fusion.lists.exposure.limits import exposure_limits
from fusion.training.new_items.as_if_new import learn_new_items
from fusion.training.pipeline import train
from fusion.training.run_manifest import training_manifest
from tests.fusion.making import (
    START,
    config,
    context_of,
    dataset,
    item_frame,
    synthetic_interactions,
    user_frame,
)
from tests.fusion.training.new_items.test_as_if_new import SOURCES, world
from tests.fusion.whole import lists_of

KINDS = ("ant", "bee", "cat", "dog", "eel")
WEEKS, A_WEEK = 12, 15
"""Weeks of the world below, and its items of a week; those of the last week nobody has taken."""


def news():
    """Readers who take items of their kind in the week of these, and never later."""
    rng = np.random.default_rng(5)
    items = [(f"w{week}n{n}", KINDS[n % 5]) for week in range(WEEKS) for n in range(A_WEEK)]
    rows = []
    for week in range(WEEKS - 1):
        for user in range(60):
            for n in rng.permutation(3)[:2]:
                when = START + round((7 * week + 6.9 * rng.random()) * DAY)
                rows.append((f"u{user}", f"w{week}n{5 * n + user % 5}", when, 1.0, True))
    schema = ["user", "item", "time", "weight", "liked"]
    frame = pl.DataFrame(rows, schema, orient="row").with_columns(pl.col("weight").cast(pl.Float32))
    table = {
        "id": [name for name, _ in items],
        "text": [f"all about {kind} and {kind}" for _, kind in items],
        "kind": [[kind] for _, kind in items],
    }
    return dataset(frame, pl.DataFrame(table))


def unwanted():
    """A catalogue of which nobody takes a fourth, and that for the rest is well known."""
    frame = synthetic_interactions(seed=3)
    number = pl.col("item").str.slice(1).cast(pl.Int64)
    return dataset(frame.filter(number % 4 != 0), item_frame(), user_frame())


def context_with(root, data, new_items="auto", window=7):
    split = {"kind": "time", "window": window, "users": 20}
    lists = {"size": 5, "reserve": 3, "new_items": new_items}
    return context_of(root, data, config(SOURCES, split=split, lists=lists))


def share_of_new(context, trained) -> float:
    """The slow way: place by place."""
    counts = context.plan.serving.known.item_counts
    items = lists_of(trained).filter(pl.col("rank") <= 5)["item"]
    return sum(counts[item] == 0 for item in items) / len(items)


def outcome_of(context, trained):
    (outcome,) = training_manifest(context, trained).rules.exposure
    return outcome


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Artifacts of all trainings here: fits of the same world are made once."""
    return tmp_path_factory.mktemp("limits")


@pytest.fixture(scope="module")
def known(root):
    """A world in which nobody likes what is new, and lists that hold next to none of it."""
    context = context_with(root, unwanted())
    return context, train(context)


def test_a_least_share_is_kept_over_all_lists_and_costs_in_the_verdict(known, root):
    plain = share_of_new(*known)
    context = context_with(root, unwanted(), {"min": 0.2})
    trained = train(context)
    share, outcome = share_of_new(context, trained), outcome_of(context, trained)
    assert plain < 0.1 < 0.2 - DEFAULTS.tolerance <= share < 0.25
    assert outcome["share"] == pytest.approx(share)
    assert (outcome["rule"], outcome["kept"]) == ("share of new items at least 0.2", True)
    cost = trained.verdict.report.limit_exposure
    assert cost.limits[0].before < 0.2 - DEFAULTS.tolerance <= cost.limits[0].share
    assert cost.difference.high < 0


def test_a_most_share_is_kept_where_new_items_are_what_everyone_wants(root):
    free = context_with(root, news())
    asked = context_with(root, news(), {"max": 0.1})
    trained = train(asked)
    assert share_of_new(free, train(free)) > 0.3
    assert share_of_new(asked, trained) <= 0.1 + DEFAULTS.tolerance
    assert outcome_of(asked, trained)["kept"]
    assert trained.verdict.report.limit_exposure.difference.high < 0


def test_too_few_candidates_are_said_and_no_error(root):
    context = context_with(root, unwanted(), {"min": 0.9, "max": 0.95})
    silent = context_of(root, context.data, config(lists=context.config.lists.model_dump()))
    trained = train(silent)
    outcome = outcome_of(silent, trained)
    assert not outcome["kept"]
    assert outcome["share"] < 0.9


def test_auto_is_what_it_was(known):
    context, trained = known
    assert trained.rules is None
    assert exposure_limits(context, None, context.plan.serving.known) is None
    assert "new_items" not in ListSettings().model_dump()
    assert config_hash(ListSettings(new_items="auto")) == config_hash(ListSettings())
    assert config_hash(ListSettings(new_items={"min": 0.1})) != config_hash(ListSettings())


def test_a_least_share_makes_new_items_matter_and_a_most_share_does_not(root):
    data = unwanted()
    most, least = (context_with(root, data, asked) for asked in ({"max": 0.2}, {"min": 0.1}))
    assert learn_new_items(most) is most
    assert learn_new_items(least).plan.labels[0].dropped is not None
    given = {"limit_exposure": [{"groups": ["new"], "least": 0.1}]}
    rules, _ = usable(RuleSet(**given), data, NO_BLOCKS, 5)
    plain = context_with(root, data)
    assert learn_new_items(plain, rules).plan.labels[0].dropped is not None


@pytest.mark.parametrize(
    ("group", "asked"),
    [("head", {"most": 0.3}), ("tail", {"least": 0.3}), ("new", {"most": 0.1})],
)
def test_a_group_keeps_the_share_that_the_report_shows(root, group, asked):
    context = context_with(root, world())
    given = {"limit_exposure": [{"groups": [group], **asked}]}
    rules, findings = usable(RuleSet(**given), context.data, NO_BLOCKS, 5)
    assert not findings
    trained = train(context, rules=rules)
    outcome = outcome_of(context, trained)
    assert outcome["kept"]
    assert outcome["price"] != 0
    assert trained.exposure.groups[group].exposure == pytest.approx(outcome["share"])


def test_the_verdict_groups_items_as_of_its_own_cut(root):
    context = context_with(root, news(), {"min": 0.1})
    served = exposure_limits(context, None, context.plan.serving.known)
    judged = exposure_limits(context, None, context.plan.verdict.known)
    labels = context.plan.verdict.label_items
    assert judged.exposure[0].items[labels].mean() > 0.9
    assert not served.exposure[0].items[labels].any()
    assert served.key != judged.key


def test_keys_follow_what_is_in_a_group_and_others_stay(root):
    context = context_with(root, world())
    plain, _ = usable(RuleSet(limit_exposure=[{"items": ["i1"], "most": 0.5}]), context.data,
                      NO_BLOCKS, 5)  # fmt: skip
    assert plain.key == plain.source.hash + plain.key[12:24]
    assert "groups" not in json.dumps(plain.source.model_dump())
    moving, _ = usable(RuleSet(limit_exposure=[{"groups": ["tail"], "most": 0.5}]), context.data,
                       NO_BLOCKS, 5)  # fmt: skip
    now, then = (
        exposure_limits(context, moving, fold.known)
        for fold in (context.plan.serving, context.plan.labels[0])
    )
    assert now.key != then.key


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"min": 0.3, "max": 0.2}, "max: 0.2 is below min = 0.3; swap them"),
        ({"min": 1.5}, "min: Input should be less than or equal to 1"),
        ({"max": -0.1}, "max: Input should be greater than or equal to 0"),
        ({"least": 0.1}, "least: unknown key. Known: min, max"),
        ({"mim": 0.1}, "Did you mean 'min'"),
        ({}, "any share is allowed"),
        ("some", "'some' is none; write 'auto', or a table"),
        (0.2, "0.2 is none; write 'auto', or a table"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(asked, said):
    with pytest.raises(ValidationError) as refused:
        ListSettings(new_items=asked)
    assert said in str(refused.value)


def test_an_unknown_group_is_refused_with_the_nearest():
    with pytest.raises(ValidationError, match=r"'heed' is no item group\. Did you mean 'head'"):
        RuleSet(limit_exposure=[{"groups": ["heed"], "most": 0.5}])
    with pytest.raises(ValidationError, match="give `items`, `categories`, `groups` or several"):
        RuleSet(limit_exposure=[{"most": 0.5}])
