"""Rules in whole trainings: what they leave untouched, must not break, and what checks say."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from fusion.evaluation.check import run_checks
from fusion.evaluation.checks.evidence import ListsEvidence
from fusion.lists.business_rules.blocked import NO_BLOCKS
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.business_rules.resolve_rules import resolve, usable
from fusion.lists.business_rules.rules import RuleSet
from fusion.runs.context import RunContext
from fusion.runs.run_folder import ListsFolder
from fusion.training.pipeline import Trained, train
from tests.fusion.whole import file_digests, lists_of


def ruled(
    context: RunContext, given: dict[str, Any], blocked: pl.DataFrame = NO_BLOCKS
) -> tuple[RunContext, Trained]:
    rules, _ = usable(RuleSet(**given), context.data, blocked, context.config.lists.size)
    return context, train(context, rules=rules)


def contract(context: RunContext, trained: Trained, rules: Rules | None = None) -> dict[str, bool]:
    evidence = ListsEvidence(context, ListsFolder(trained.lists), rules or trained.rules)
    return {check.name: check.holds for check in run_checks("lists", evidence)}


def test_no_rule_is_bit_identical(done):
    context, trained = done
    empty, _ = resolve(RuleSet(), context.data, NO_BLOCKS, 5)
    again = train(context, rules=empty)
    assert again.lists != trained.lists
    assert file_digests(again.lists) == file_digests(trained.lists)


@pytest.fixture(scope="module")
def allowed(done):
    """Women get jazz alone, and everyone at most two of a genre, unlike texts first."""
    context, _ = done
    rules = {
        "allow": [{"categories": ["genres=jazz"], "segment": "sex=f"}],
        "limit": [{"category": "genres", "share": 0.4, "segment": "sex=m"}],
        "diversity": {"by": "text", "weight": 0.2, "encoder": "tfidf"},
    }
    return ruled(context, rules)


def test_an_allow_list_reaches_the_candidates(allowed, data):
    context, trained = allowed
    assert all(contract(context, trained).values())
    lists = lists_of(trained)
    jazz = data.item_table["genres"].list.contains("jazz").fill_null(False).to_numpy()
    women = np.flatnonzero((data.user_table["sex"] == "f").fill_null(False).to_numpy())
    mine = lists.filter(pl.col("user").is_in(women))
    assert jazz[mine["item"].to_numpy()].all()
    assert (mine["user"].value_counts()["count"] == 8).all()
    others = lists.filter(~pl.col("user").is_in(women))
    assert not jazz[others["item"].to_numpy()].all()
    fallback = pl.read_parquet(trained.lists / "fallback.parquet")
    assert jazz[fallback.filter(segment="sex=f")["item"].to_numpy()].all()
    assert not jazz[fallback.filter(segment="all")["item"].to_numpy()].all()


def test_a_limit_reaches_the_lists(allowed, data):
    _, trained = allowed
    men = np.flatnonzero((data.user_table["sex"] == "m").fill_null(False).to_numpy())
    genres = pl.DataFrame(
        {"item": np.arange(data.n_items, dtype=np.int32), "genre": data.item_table["genres"]}
    )
    lists = lists_of(trained).filter(pl.col("user").is_in(men))
    counts = (
        lists.join(genres, on="item")
        .explode("genre")
        .drop_nulls()
        .group_by("user", "genre")
        .len()["len"]
    )
    # Eight rows, two of each of five genres and what has none: it can be kept for everyone.
    assert counts.max() == 2
    moved = json.loads((trained.lists / "notes.json").read_text())["moved"]
    assert moved["limit genres to 0.4 for sex=m"] > 0
    assert moved["diversity by text"] > 0


def test_a_short_allow_list_shortens_lists_and_is_no_fault(done):
    context, _ = done
    few = context.data.item_ids.texts(np.arange(3)).to_list()
    context, trained = ruled(context, {"allow": [{"items": few}]})
    assert all(contract(context, trained).values())
    assert lists_of(trained)["user"].value_counts()["count"].max() <= 3


def test_the_checks_see_what_rules_forbid(done, tmp_path):
    context, trained = done
    lists = lists_of(trained)
    first = lists.row(0, named=True)
    user, item = (
        context.data.user_ids.texts([first["user"]])[0],
        context.data.item_ids.texts([first["item"]])[0],
    )
    blocked = pl.DataFrame([(item, user)], schema=NO_BLOCKS.schema, orient="row")
    for given, rows, name in (
        ({}, blocked, "nothing blocked"),
        ({"allow": [{"items": ["i1"]}]}, NO_BLOCKS, "nothing an allow list leaves out"),
    ):
        rules, _ = usable(RuleSet(**given), context.data, rows, 5)
        holds_by_name = contract(context, trained, rules)
        assert [check for check, holds in holds_by_name.items() if not holds] == [name]


def test_blocks_leave_lists_whole(done):
    context, trained = done
    common = lists_of(trained)["item"].value_counts(sort=True)["item"].head(20)
    rows = pl.DataFrame(
        {
            "item_id": context.data.item_ids.texts(common.to_numpy()),
            "user_id": pl.Series([None] * 20, dtype=pl.String),
        }
    )
    context, again = ruled(context, {}, rows)
    assert all(contract(context, again).values())
    kept = lists_of(again)
    assert not kept["item"].is_in(common.implode()).any()
    assert set(kept["user"].value_counts()["count"]) == {8}
    # What is left of a list stands in the same order as before.
    before = (
        lists_of(trained)
        .filter(~pl.col("item").is_in(common.implode()))
        .group_by("user")
        .agg("item")
    )
    after = dict(kept.group_by("user").agg("item").iter_rows())
    assert all(after[user][: len(items)] == items for user, items in before.iter_rows())
