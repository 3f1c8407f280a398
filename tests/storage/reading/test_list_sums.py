"""What changes in a run's lists in SQL is noticed by the checksums that its manifest holds."""

import hashlib
import struct

import polars as pl
import pytest
from sqlalchemy import text

from storage.loading.bulk import load_fallback, load_lists, load_served
from storage.reading.list_sums import SUMMED, TableSum, changed_lists
from storage.runs.erasure import SUMS, forget_rows
from storage.runs.retention import delete_run
from storage.runs.runs import find_run, finish_run
from tests.storage.making import begin, lists

USERS = ["Zoë", "anna", "b\u2028c", "王", "zoë"]
CHANGES = {
    "recommendation": {
        "user_id": "'nobody' WHERE user_id = 'anna' AND rank = 2",
        "rank": "9 WHERE user_id = '王' AND rank = 7",
        "item_id": "'a-1' WHERE user_id = 'anna' AND rank = 7",
        "score": "score + 0.001 WHERE user_id = 'anna' AND rank = 1",
        "probability": "0.5 WHERE user_id = 'anna' AND rank = 1",
    },
    "served_user": {
        "user_id": "'nobody' WHERE user_id = 'anna'",
        "route": "'cold' WHERE user_id = 'zoë'",
        "segment": "'old' WHERE user_id = 'anna'",
    },
    "fallback": {
        "segment": "'none' WHERE segment = 'all' AND rank = 7",
        "rank": "9 WHERE segment = 'all' AND rank = 7",
        "item_id": "'a-1' WHERE segment = 'all' AND rank = 7",
        "score": "-score WHERE segment = 'ä' AND rank = 2",
    },
}
CELLS = [(table, column) for table, columns in CHANGES.items() for column in columns]


def make_summed_run(engine, run_id: str = "a") -> int:
    """A ready run whose manifest holds the sums of what was loaded."""
    run_no = begin(engine, run_id)
    sums = {name: TableSum(name) for name in SUMMED}
    # In the order of the bytes, not of a language: Z before a.
    frame = lists(run_id, sorted(USERS, key=str.encode))
    # SQLite turns -0.0 into 0.0.
    frame = frame.with_columns(pl.col("score").replace(frame["score"].min(), -0.0))
    blocks = [frame[:7], frame[7:21], frame[21:]]
    load_lists(engine, run_no, sums["recommendation"].passing(blocks))
    served = pl.DataFrame({"user_id": USERS, "route": "warm", "segment": ["old", None] * 2 + [""]})
    load_served(engine, run_no, served)
    sums["served_user"].add(served.sort("user_id"))
    # Segments in an order that no language has.
    fallback = lists(run_id, ["Z", "all", "ä"]).rename({"user_id": "segment"})
    load_fallback(engine, run_no, fallback)
    sums["fallback"].add(fallback.sort("segment", "rank"))
    manifest = {SUMS: {name: each.as_json() for name, each in sums.items()}}
    finish_run(engine, run_no, "ready", method="ranker", list_size=4, verdict={}, manifest=manifest)
    return run_no


def damages(engine) -> dict[str, str]:
    return {changed.run_id: changed.damage for changed in changed_lists(engine)}


def change(engine, statement: str) -> None:
    with engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount == 1


def test_lists_as_they_were_loaded_differ_on_no_database(engine):
    make_summed_run(engine)
    assert damages(engine) == {}


def test_the_changes_name_every_column_of_every_table():
    assert {name: list(TableSum(name).schema) for name in SUMMED} == {
        name: list(columns) for name, columns in CHANGES.items()
    }


@pytest.mark.parametrize(("table", "column"), CELLS)
def test_a_changed_cell_is_named_with_its_run_table_and_column(table, column, engine):
    make_summed_run(engine, "whole")
    run_no = make_summed_run(engine)
    changed = f"UPDATE {table} SET {column} = {CHANGES[table][column]} AND run_no = {run_no}"
    change(engine, changed)
    assert damages(engine).keys() == {"a"}
    damage = damages(engine)["a"]
    assert damage.startswith(f"table {table} does not hold what was loaded, in ")
    assert column in damage.rpartition(" in ")[2].split(", ")


@pytest.mark.parametrize("table", SUMMED)
def test_a_missing_row_and_one_too_many_are_counted(table, engine):
    make_summed_run(engine)
    ranked = "" if table == "served_user" else " AND rank = 7"
    key = "segment = 'all'" if table == "fallback" else "user_id = 'zoë'"
    rows = 5 if table == "served_user" else 21 if table == "fallback" else 35
    columns = [*TableSum(table).schema]
    copied = ", ".join("'new'" if name == columns[0] else name for name in columns)
    change(
        engine,
        f"INSERT INTO {table} (run_no, {', '.join(columns)}) "
        f"SELECT run_no, {copied} FROM {table} WHERE {key}{ranked}",
    )
    assert damages(engine)["a"] == f"table {table} has {rows + 1} rows instead of {rows}"
    change(engine, f"DELETE FROM {table} WHERE {columns[0]} = 'new'")
    assert damages(engine) == {}
    change(engine, f"DELETE FROM {table} WHERE {key}{ranked}")
    assert damages(engine)["a"] == f"table {table} has {rows - 1} rows instead of {rows}"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("value", ["'a text'", "x'00ff'", "cast(x'ff' as text)"])
def test_values_of_another_kind_which_sqlite_takes_are_noticed(value, engine):
    make_summed_run(engine)
    column = "item_id" if "ff" in value else "score"
    one = "user_id = 'anna' AND rank = 1"
    change(engine, f"UPDATE recommendation SET {column} = {value} WHERE {one}")
    assert damages(engine)["a"].startswith("table recommendation ")


def test_runs_without_sums_and_deleted_runs_are_passed_over(engine):
    run_no = make_summed_run(engine)
    change(
        engine,
        f"DELETE FROM recommendation WHERE run_no = {run_no} AND rank = 1 AND user_id = 'anna'",
    )
    delete_run(engine, run_no)
    assert damages(engine) == {}


def test_forgetting_somebody_takes_the_sums_of_the_runs_that_lose_rows(engine):
    make_summed_run(engine)
    forget_rows(engine, ["nobody"])
    assert SUMS in find_run(engine, "default", "a").manifest
    forget_rows(engine, ["anna"])
    assert SUMS not in find_run(engine, "default", "a").manifest
    assert damages(engine) == {}


def test_sums_do_not_depend_on_how_rows_are_cut():
    frame = lists("a", USERS)
    whole, cut = TableSum("recommendation"), TableSum("recommendation")
    whole.add(frame)
    for at in range(0, len(frame), 4):
        cut.add(frame[at : at + 4])
    assert cut.as_json() == whole.as_json()


def test_the_sums_of_a_release_are_those_of_the_next():
    """Computed by hand from what the module's words say."""
    summed = TableSum("fallback")
    rows = {"segment": ["a", "王"], "rank": [1, 2], "item_id": ["x", None], "score": [0.5, -0.0]}
    summed.add(pl.DataFrame(rows, schema_overrides={"score": pl.Float32}))
    no_nulls = struct.pack("<2B", 0, 0)
    assert summed.as_json() == {
        "rows": 2,
        "columns": {
            "segment": digest("a王".encode(), struct.pack("<2I", 1, 3)),
            "rank": digest(struct.pack("<2q", 1, 2), no_nulls),
            "item_id": digest(b"x", struct.pack("<2I", 1, 2**32 - 1)),
            "score": digest(struct.pack("<2d", 0.5, 0.0), no_nulls),
        },
    }


def digest(values: bytes, borders: bytes) -> str:
    both = hashlib.sha256(values).digest() + hashlib.sha256(borders).digest()
    return hashlib.sha256(both).hexdigest()[:16]
