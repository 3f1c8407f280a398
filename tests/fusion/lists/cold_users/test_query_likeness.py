"""Lists of users who wrote something and took nothing: judged, stored, and explained."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fusion.evaluation.cold_users.judge import judge_cold_users
from fusion.lists.cold_users.query_likeness import QueryLikeness
from fusion.ranking.features.query_columns import ALIKE
from fusion.training.pipeline import train
from tests.fusion.lists.cold_users.world import JOBS, asking_world, fourths
from tests.fusion.making import DAY, START, config, context_of, replaced
from tests.fusion.whole import lists_of

SETTINGS = {"size": 5, "reserve": 3}


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    settings = config(("popularity",), lists=SETTINGS)
    return context_of(tmp_path_factory.mktemp("asking"), asking_world(), settings)


@pytest.fixture(scope="module")
def trained(context):
    return train(context)


def test_lists_hold_what_is_like_the_query_and_say_so(context, trained):
    data, found = context.data, trained.cold_users
    assert (found.serves, found.wrote, found.cold, found.columns) == (True, 40, 40, ())
    assert found.settings.queries > 0
    cold = np.flatnonzero(data.user_counts == 0)
    rows = lists_of(trained).filter(pl.col("user").is_in(cold))
    assert rows["user"].n_unique() == 40
    numbers = data.item_ids.values.str.strip_chars("i").cast(pl.Int64).to_numpy()
    first = rows.filter(rank=1)
    asked = data.queries.texts[first["user"].to_numpy()]
    assert (fourths(numbers[first["item"].to_numpy()]) == asked).all()
    why = pl.read_parquet(trained.lists / "why.parquet").filter(pl.col("user").is_in(cold))
    best = first.select("user", "item").join(why, on=["user", "item"])
    assert set(best["reason"]) == {ALIKE}


def test_queries_that_say_nothing_serve_nobody(context):
    """Dealt out anew, they are no better than the fallback."""
    rng = np.random.default_rng(1)
    queries = context.data.queries
    dealt = replace(queries, texts=rng.permutation(queries.texts))
    other = context_of(context.root, replaced(context.data, queries=dealt), context.config)
    report = judge_cold_users(other)
    assert (report.serves, report.wrote) == (False, 40)


def test_what_is_written_later_counts_for_nothing():
    data = asking_world()
    users = np.array([0, 1], np.int32)
    moments = np.full(data.n_users, START - DAY)
    at, after = QueryLikeness(data.queries, moments), QueryLikeness(data.queries, moments + 1)
    assert at.wrote(users).tolist() == [False, False]
    assert after.wrote(users).tolist() == [True, True]
    assert not at.cosines(users).any()
    assert np.array_equal(at.lifts(users, 6.0), np.ones((2, data.n_items)))
    asked = data.queries.item_vectors[:, data.queries.texts[0]]
    assert after.lifts(users, 6.0)[0] == pytest.approx(np.exp(6 * asked))
    assert len(JOBS) == asked.size // int(asked.sum())
