"""Features of queries by hand, and point in time."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fusion.data.queries.user_queries import UserQueries
from tests.fusion.making import DAY, START, dataset, frame_of
from tests.fusion.ranking.features.test_side_columns import columns_of

NAN = float("nan")
NAMES = {"queries_cosine", "queries_cosine_last", "user_query_days"}


@pytest.fixture(scope="module")
def shop():
    """Three items, of which c has no text; ann wrote on days 1 and 5, cid never did."""
    events = [("ann", "a", 0), ("cid", "b", 10), ("cid", "c", 20)]
    data = dataset(frame_of(events))
    queries = UserQueries(
        users=np.array([0, 0], np.int32),
        times=START + np.array([1, 5]) * DAY,
        texts=np.array([1, 0], np.int32),
        words=pl.Series("text", ["down", "up"]),
        encoder="by hand",
        vectors=np.array([[0, 1], [1, 0]], np.float32),
        item_vectors=np.array([[1, 0], [0, 1], [0, 0]], np.float32),
    )
    return replace(data, queries=queries)


def of(shop, user, day):
    moments = np.array([START + day * DAY])
    columns = columns_of(shop, np.array([user], np.int32), np.arange(3), moments)
    return {name: columns[name].tolist() for name in NAMES & columns.keys()}


def same(values):
    return pytest.approx(values, nan_ok=True)


def test_columns_by_hand(shop):
    columns = of(shop, 0, 15)
    half = np.sqrt(0.5)
    assert columns["queries_cosine"] == same([half, half, NAN])
    assert columns["queries_cosine_last"] == same([0, 1, NAN])
    assert columns["user_query_days"] == [10, 10, 10]


def test_a_query_counts_after_its_moment_and_not_at_it(shop):
    at = of(shop, 0, 5)
    assert at["queries_cosine_last"] == same([1, 0, NAN])
    assert at["user_query_days"] == [4, 4, 4]
    assert of(shop, 0, 1) == {name: same([NAN] * 3) for name in NAMES}


def test_who_wrote_nothing_has_no_value(shop):
    assert of(shop, 1, 15) == {name: same([NAN] * 3) for name in NAMES}


def test_columns_are_those_of_encoded_queries_whatever_a_fold_knows(shop):
    assert set(of(shop.before(START), 0, 0)) == NAMES
    assert of(replace(shop, queries=UserQueries()), 0, 15) == {}
