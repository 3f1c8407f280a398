"""Limits of exposure in whole trainings: kept beside hard rules, judged, the same bits twice."""

import json

import numpy as np
import polars as pl
import pytest

from fusion.errors import ConfigError
from fusion.evaluation.check import run_checks
from fusion.evaluation.checks.evidence import ListsEvidence
from fusion.lists.business_rules.blocked import NO_BLOCKS
from fusion.lists.business_rules.resolve_rules import usable
from fusion.lists.business_rules.rules import RuleSet, read_rules
from fusion.lists.exposure.defaults import DEFAULTS
from fusion.runs.run_folder import ListsFolder
from fusion.training.pipeline import train
from fusion.training.run_manifest import training_manifest
from tests.fusion.making import config, context_of
from tests.fusion.whole import file_digests, lists_of

JAZZ = {"categories": ["genres=jazz"]}


def ruled(context, given, blocked=NO_BLOCKS):
    rules, _ = usable(RuleSet(**given), context.data, blocked, context.config.lists.size)
    return train(context, rules=rules)


def has_genre(data, genre) -> np.ndarray:
    return np.array([genre in (kinds or []) for kinds in data.item_table["genres"].to_list()])


def jazz_share(trained, data, users=None) -> float:
    """The slow way, from the rows that were written."""
    rows = lists_of(trained).filter(pl.col("rank") <= 5)
    if users is not None:
        rows = rows.filter(pl.col("user").is_in(users))
    weights = 1 / np.log2(rows["rank"].to_numpy() + 1)
    return float(weights[has_genre(data, "jazz")[rows["item"].to_numpy()]].sum() / weights.sum())


def notes_of(trained):
    return json.loads((trained.lists / "notes.json").read_text())


@pytest.fixture(scope="module")
def limited(done):
    return ruled(done[0], {"limit_exposure": [{**JAZZ, "least": 0.4, "most": 0.45}]})


def test_a_least_share_is_kept_and_its_cost_stands_in_the_verdict(done, limited):
    context, plain = done
    before, after = jazz_share(plain, context.data), jazz_share(limited, context.data)
    assert before < 0.4 <= after <= 0.45
    (outcome,) = notes_of(limited)["exposure"]
    assert outcome["before"] == pytest.approx(before)
    assert outcome["share"] == pytest.approx(after)
    assert outcome["kept"]
    assert outcome["price"] > 0
    assert notes_of(limited)["moved"]["exposure of genres=jazz at least 0.4 at most 0.45"] > 0
    cost = limited.verdict.report.limit_exposure
    assert cost.users == limited.verdict.report.users
    assert cost.limits[0].kept
    assert cost.limits[0].before < 0.4 <= cost.limits[0].share
    assert cost.difference.low < cost.difference.high
    rows = limited.verdict.report.rows[limited.verdict.report.chosen]
    without = cost.ndcg.value - cost.difference.value
    assert without == pytest.approx(rows["ndcg@10"].value, abs=1e-6)
    assert limited.exposure.groups["genres=jazz"].exposure == pytest.approx(after)
    assert plain.verdict.report.limit_exposure is None


def test_nothing_else_of_the_verdict_changes(done, limited):
    _, plain = done
    with_limit = limited.verdict.report.model_dump(exclude={"limit_exposure"})
    assert with_limit == plain.verdict.report.model_dump(exclude={"limit_exposure"})


def test_lists_keep_their_contract_and_are_the_same_twice(done, limited, data, tmp_path):
    context, _ = done
    evidence = ListsEvidence(context, ListsFolder(limited.lists), limited.rules)
    assert all(check.holds for check in run_checks("lists", evidence))
    again = ruled(
        context_of(tmp_path, data, config()),
        {"limit_exposure": [{**JAZZ, "least": 0.4, "most": 0.45}]},
    )
    assert file_digests(again.lists) == file_digests(limited.lists)
    assert notes_of(again) == notes_of(limited)


def test_a_share_that_is_there_already_moves_nothing(done):
    context, plain = done
    kept = ruled(context, {"limit_exposure": [{**JAZZ, "least": 0.01, "most": 0.9}]})
    assert lists_of(kept).equals(lists_of(plain))
    assert notes_of(kept)["exposure"][0]["price"] == 0


def test_a_segment_pays_alone(done):
    context, plain = done
    kept = ruled(context, {"limit_exposure": [{**JAZZ, "most": 0.05, "segment": "sex=f"}]})
    is_woman = (context.data.user_table["sex"] == "f").fill_null(False).to_numpy()
    women = np.flatnonzero(is_woman)
    assert jazz_share(plain, context.data, women) > 0.05
    assert jazz_share(kept, context.data, women) <= 0.05 + DEFAULTS.tolerance
    others = ~pl.col("user").is_in(women)
    assert lists_of(kept).filter(others).equals(lists_of(plain).filter(others))


def test_hard_rules_hold_and_the_share_beside_them(done):
    context, plain = done
    data = context.data
    common = lists_of(plain)["item"].value_counts(sort=True)["item"].head(3).to_numpy()
    blocked = pl.DataFrame(
        {"item_id": data.item_ids.texts(common), "user_id": pl.Series([None] * 3, dtype=pl.String)}
    )
    pin = data.item_ids.texts(np.flatnonzero(has_genre(data, "quiz"))[-1:].astype(np.int32))[0]
    kept = ruled(
        context,
        {
            "limit_exposure": [{**JAZZ, "least": 0.3}],
            "limit": [{"category": "genres", "share": 0.6}],
            "pin": [{"item": pin, "rank": 2}],
            "allow": [{"categories": ["genres=jazz", "genres=noir"], "segment": "sex=m"}],
        },
        blocked,
    )
    evidence = ListsEvidence(context, ListsFolder(kept.lists), kept.rules)
    assert all(check.holds for check in run_checks("lists", evidence))
    assert not lists_of(kept)["item"].is_in(common).any()
    (outcome,) = notes_of(kept)["exposure"]
    assert outcome["share"] == pytest.approx(jazz_share(kept, data))
    assert outcome["kept"] == (outcome["share"] >= 0.3 - DEFAULTS.tolerance)


def test_what_cannot_be_kept_is_said_with_figures_and_is_no_error(done):
    context, _ = done
    item = lists_of(done[1])["item"].value_counts(sort=True)["item"][0]
    name = context.data.item_ids.texts(np.array([item], np.int32))[0]
    kept = ruled(context, {"limit_exposure": [{"items": [name], "least": 0.9}]})
    (outcome,) = training_manifest(context, kept).rules.exposure
    assert not outcome["kept"]
    assert outcome["before"] < outcome["share"] < 0.9
    # Whoever may be shown it sees it first.
    shown = lists_of(kept).filter(pl.col("item") == item, pl.col("rank") <= 5)
    assert (shown["rank"] == 1).all()
    assert outcome["users"] == lists_of(kept)["user"].n_unique()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('categories = ["genres=jazz"]', "any share is allowed"),
        ('categories = ["genres=jazz"]\nleast = 0.5\nmost = 0.4', "least = 0.5 is above"),
        ("least = 0.5", "names nothing"),
        ('categories = ["genres"]\nleast = 0.5', "categories"),
        ('categories = ["genres=jazz"]\nleast = 1.5', "least"),
    ],
)
def test_the_file_refuses_what_asks_for_nothing_or_too_much(tmp_path, text, said):
    path = tmp_path / "rules.toml"
    path.write_text(f"[[limit_exposure]]\n{text}\n")
    with pytest.raises(ConfigError, match=said):
        read_rules(path)
