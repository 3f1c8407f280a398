"""What is counted over stored lists: every way of breaking them is seen, on both databases."""

import numpy as np
import polars as pl
import pytest
from sqlalchemy import text

from dashboards.measures.stability import stability
from storage.loading.bulk import load_lists, load_served
from storage.reading.list_checks import (
    BLOCKED,
    FALLING,
    FINITE,
    RANKS,
    TWICE,
    broken_users,
    churn,
    count_lists,
    distinct_items,
    item_rows,
    row_counts,
)
from storage.reading.read import lists_of
from storage.runs.runs import find_run
from tests.storage.making import RESERVE, SIZE, begin, end, make_run

USERS = ["u1", "u2", "u3"]
MINE = "WHERE run_no = 1 AND user_id = 'u2'"
BREAKING = {
    RANKS: [f"DELETE FROM recommendation {MINE} AND rank = 2"],
    TWICE: [f"UPDATE recommendation SET item_id = 'a-1' {MINE} AND rank = 7"],
    FALLING: [f"UPDATE recommendation SET score = 2 {MINE} AND rank = 4"],
    BLOCKED: [
        f"INSERT INTO blocked_item (placement, item_id, user_id) VALUES ('default', 'a-{n}', 'u2')"
        for n in range(1, 5)
    ],
}
NOT_BREAKING = [
    "INSERT INTO blocked_item (placement, item_id) "
    "VALUES ('default', 'a-1'), ('default', 'a-2'), ('default', 'a-3')",
    "INSERT INTO blocked_item (placement, item_id) VALUES ('mail', 'a-4')",
    "INSERT INTO blocked_item (placement, item_id, until) "
    "VALUES ('default', 'a-4', '2020-01-01 00:00:00')",
    "INSERT INTO blocked_item (placement, item_id, starts_at) "
    "VALUES ('default', 'a-4', '2999-01-01 00:00:00')",
    "INSERT INTO blocked_item (placement, item_id, user_id) VALUES ('default', 'a-4', 'u9')",
]


def execute(engine, statements):
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def run(engine):
    make_run(engine, "a", USERS)
    make_run(engine, "b", [*USERS, "u4"])
    return find_run(engine, "default", "a")


def test_whole_lists_break_nothing(engine, run):
    execute(engine, NOT_BREAKING)
    found = count_lists(engine, run)
    assert (found.users, found.row_count, found.whole, found.served) == (
        3,
        3 * (SIZE + RESERVE),
        3,
        3,
    )
    assert found.fallback == SIZE + RESERVE
    assert found.broken == dict.fromkeys((RANKS, TWICE, FINITE, FALLING, BLOCKED), 0)
    assert row_counts(engine, 2) == (4 * (SIZE + RESERVE), 4)


@pytest.mark.parametrize("name", BREAKING)
def test_each_break_is_counted_and_named(engine, run, name):
    execute(engine, BREAKING[name])
    assert {key: count for key, count in count_lists(engine, run).broken.items() if count} == {
        name: 1
    }
    assert broken_users(engine, run, name) == ["u2"]


@pytest.mark.parametrize("score", ["Infinity", "-Infinity", "NaN"])
def test_scores_that_are_no_numbers_are_seen(engine, run, score):
    if engine.dialect.name == "sqlite" and score == "NaN":
        pytest.skip("SQLite stores NaN as null, which the column refuses")
    spelled = (
        score.replace("Infinity", "9e999") if engine.dialect.name == "sqlite" else f"'{score}'"
    )
    execute(engine, [f"UPDATE recommendation SET score = {spelled} {MINE} AND rank = 7"])
    assert count_lists(engine, run).broken[FINITE] == 1
    assert broken_users(engine, run, FINITE) == ["u2"]


def test_lost_rows_and_users_are_seen(engine, run):
    execute(engine, [f"DELETE FROM recommendation {MINE}"])
    assert (
        count_lists(engine, run).users,
        count_lists(engine, run).whole,
        count_lists(engine, run).served,
    ) == (2, 2, 3)
    execute(
        engine,
        ["DELETE FROM recommendation WHERE run_no = 1", "DELETE FROM fallback WHERE run_no = 1"],
    )
    empty = count_lists(engine, run)
    assert (
        empty.users,
        empty.row_count,
        empty.whole,
        empty.fallback,
        set(empty.broken.values()),
    ) == (0, 0, 0, 0, {0})


def random_lists(seed: int, users: list[str]) -> pl.DataFrame:
    """Lists of 1 to 14 of 20 items each."""
    chance = np.random.default_rng(seed)
    rows = []
    for user in users:
        for rank, item in enumerate(chance.permutation(20)[: chance.integers(1, 15)], 1):
            rows.append((user, rank, f"i{item}", 1 / rank, None))
    schema = {"user_id": pl.String, "rank": pl.Int32, "item_id": pl.String, "score": pl.Float32}
    return pl.DataFrame(rows, {**schema, "probability": pl.Float64}, orient="row")


def test_churn_and_spread_are_what_monitoring_says(engine):
    """The slow version reads all lists and compares them in memory."""
    numbers = []
    for seed, name in enumerate("pq"):
        users = [f"u{n}" for n in range(seed * 7, 40 + seed * 7)]
        numbers.append(begin(engine, name))
        load_lists(engine, numbers[-1], [random_lists(seed, users)])
        load_served(
            engine, numbers[-1], pl.DataFrame({"user_id": users, "route": "warm", "segment": "x"})
        )
        end(engine, numbers[-1])
    old, new = (lists_of(engine, number, 10) for number in numbers)
    slow = stability(old, new, 10)
    users, found = churn(engine, *numbers, 10)
    assert users == slow.value("users_both") == 33
    assert found == pytest.approx(slow.value("churn"), abs=1e-12)
    assert (
        distinct_items(engine, numbers[1], 3)
        == new.filter(pl.col("rank") <= 3)["item_id"].n_unique()
    )


def test_runs_without_a_common_user_have_no_churn(engine, run):
    number = make_run(engine, "c", ["x1", "x2"])
    assert churn(engine, 1, number, 10) == (0, None)


def test_rows_of_items_leave_out_what_everyone_is_spared(engine, run):
    execute(
        engine, [*NOT_BREAKING, *BREAKING[BLOCKED]]
    )  # a-1 to a-3 for everyone, a-4 for u2 alone
    found = item_rows(engine, run)
    assert found == {
        f"a-{rank}": len(USERS) + 1 for rank in range(4, SIZE + RESERVE + 1)
    }  # once in the fallback
