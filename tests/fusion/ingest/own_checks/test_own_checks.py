"""Checks of the user's own: each rule finds what is planted, each severity does what it says."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from fusion import pseudonym
from fusion.errors import DataError
from fusion.ingest.load import inspect_data, load
from fusion.ingest.settings import DataSettings
from tests.fusion.ingest.planted import clean_rows

CLEAN = [{**row, "price": "9.5", "kind": "new"} for row in clean_rows()]
CODES = {"warn": "own_check_warns", "quarantine": "own_check_quarantines"}


def changed(**cells: dict[int, Any]) -> list[dict[str, Any]]:
    """The clean rows with other cells at some row numbers, from 1."""
    rows = [dict(row) for row in CLEAN]
    for column, by_number in cells.items():
        for number, cell in by_number.items():
            rows[number - 1][column] = cell
    return rows


def check(severity: str = "quarantine", **rule: Any) -> dict[str, Any]:
    return {"name": "mine", "severity": severity, **rule}


def own(inspected) -> list:
    return [finding for finding in inspected.findings if finding.check is not None]


RULES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], set[int]]] = {
    "bounds": (
        {"column": "price", "min": 0, "max": 100},
        changed(price={3: "-1", 4: "0", 5: "100", 6: "100.5", 7: "cheap", 8: "", 9: "4,5"}),
        {3, 6, 7},
    ),
    "lower bound": ({"column": "price", "min": 9.5}, changed(price={3: "9", 4: "NaN"}), {3, 4}),
    "upper bound": ({"column": "price", "max": 9.5}, changed(price={3: "10"}), {3}),
    "times": (
        {"column": "time", "min": "2024-01-01", "max": "2024-01-25"},
        changed(time={3: "2023-12-31T23:59:59Z", 4: "2024-01-25T23:00:00Z", 5: "2024-01-26"}),
        {3, 5},
    ),
    "texts": (
        {"column": "kind", "values": ["new", "old"]},
        changed(kind={3: "old", 4: "New", 5: None}),
        {4},
    ),
    "numbers": (
        {"column": "price", "values": [1, 9.5]},
        changed(price={3: "1.0", 4: "2", 5: "x"}),
        {4, 5},
    ),
    "pattern": (
        {"column": "kind", "pattern": "[a-z]+|n1"},
        changed(kind={3: "n1", 4: "n12", 5: "xnew!", 6: ""}),
        {4, 5},
    ),
    "unique column": (
        {"unique": ["ticket"]},
        [{**row, "ticket": str(n)} for n, row in enumerate(changed(), 1)],
        set(),
    ),
    "unique columns": (
        {"unique": ["user", "item"]},
        [*changed(), {**CLEAN[7], "time": "2024-02-01"}, {**CLEAN[7], "time": "2024-02-02"}],
        {1201, 1202},
    ),
    "expression": (
        {"expression": "price > 0 and (kind = 'new' or kind is null)"},
        changed(price={3: "0", 4: "free", 5: ""}, kind={6: "old", 7: None}),
        {3, 4, 6},
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_rows_that_break_a_check_are_put_aside_with_its_name(rule, write, tmp_path):
    settings, rows, bad = RULES[rule]
    loaded = load(write(rows, checks=[check(**settings)]), tmp_path)
    found = own(loaded)
    assert [(f.code, f.check, f.count, f.severity) for f in found] == (
        [("own_check_quarantines", "mine", len(bad), "warning")] if bad else []
    )
    assert loaded.notes["quarantined"] == len(bad)
    assert loaded.notes["used"] == len(loaded.dataset) == len(rows) - len(bad)
    if bad:
        assert "'mine'" in found[0].message
        assert [example["row"] for example in found[0].examples] == sorted(bad)[:3]
        aside = loaded.quarantined["interactions"]
        assert aside["row"].to_list() == sorted(bad)
        assert set(aside["checks"].list.join(",")) == {"mine"}
        assert aside["cells"].struct.unnest().to_dicts() == [
            {name: rows[number - 1][name] for name in aside["cells"].struct.fields}
            for number in sorted(bad)
        ]


@pytest.mark.parametrize("rule", RULES)
def test_a_warning_keeps_the_rows(rule, write, tmp_path):
    settings, rows, bad = RULES[rule]
    loaded = load(write(rows, checks=[check("warn", **settings)]), tmp_path)
    assert [(f.code, f.count) for f in own(loaded)] == (
        [("own_check_warns", len(bad))] if bad else []
    )
    assert len(loaded.dataset) == len(rows)
    assert loaded.quarantined == {}


@pytest.mark.parametrize("kind", ["parquet", "frame"])
def test_columns_with_types_of_their_own(tmp_path, kind):
    frame = pl.DataFrame(CLEAN).with_columns(
        pl.col("price").cast(pl.Float64),
        pl.col("kind").cast(pl.Categorical),
        pl.col("time").str.to_datetime(time_zone="UTC"),
        number=pl.int_range(pl.len()),
    )
    frame = frame.with_columns(
        price=pl.when(pl.col("number") == 4).then(float("nan")).otherwise("price")
    )
    checks = [
        {"name": "a", "column": "price", "min": 0},
        {"name": "b", "column": "kind", "values": ["old"]},
        {"name": "c", "expression": "number < 3 or kind = 'old' or price > 9"},
        {"name": "d", "column": "time", "min": "2024-01-03"},
        {"name": "e", "column": "number", "pattern": "[0-9]{1,3}"},
    ]
    place: Any = {"url": "frame", "query": "log"}
    if kind == "parquet":
        frame.write_parquet(tmp_path / "log.parquet")
        place = "log.parquet"
    settings = DataSettings(interactions=place, columns={"time": "time"}, checks=checks)
    inspected = inspect_data(settings, tmp_path, read_sql=lambda *_: frame)
    early = frame.filter(pl.col("time") < pl.datetime(2024, 1, 3, time_zone="UTC"))
    # Polars orders NaN above all numbers: only the bound takes it for what it is.
    assert {f.check: f.count for f in own(inspected)} == {
        "a": 1,
        "b": 1200,
        "d": len(early),
        "e": 200,
    }


def test_a_row_with_two_reasons_names_both_and_is_left_out_once(write, tmp_path):
    rows = changed(price={3: "-1", 4: "-1"}, kind={4: "old"})
    checks = [
        {"name": "price", "severity": "quarantine", "column": "price", "min": 0},
        {"name": "kind", "severity": "quarantine", "column": "kind", "values": ["new"]},
    ]
    loaded = load(write(rows, checks=checks), tmp_path)
    aside = loaded.quarantined["interactions"]
    assert dict(zip(aside["row"], aside["checks"].to_list(), strict=True)) == {
        3: ["price"],
        4: ["price", "kind"],
    }
    assert aside["user_id"].to_list() == [rows[2]["user"], rows[3]["user"]]
    assert loaded.notes["quarantined"] == 2


def test_rows_come_back_once_they_are_mended(write, tmp_path):
    mine = [check(column="price", min=0)]
    broken = load(write(changed(price={3: "-1"}), checks=mine), tmp_path)
    clean = load(write(CLEAN), tmp_path)
    mended = load(write(CLEAN, checks=mine), tmp_path)
    assert len(broken.dataset) == 1199
    assert (own(mended), mended.quarantined) == ([], {})
    assert mended.dataset.digest == clean.dataset.digest


def test_refusing_ends_before_training(write, tmp_path):
    settings = write(changed(price={3: "-1"}), checks=[check("refuse", column="price", min=0)])
    with pytest.raises(DataError, match=r"error own_check_refuses .* check 'mine': price at least"):
        load(settings, tmp_path)


@pytest.mark.parametrize(("bad", "severity"), [(120, "warning"), (121, "error")])
def test_a_check_that_puts_aside_more_than_a_tenth_is_an_error(write, tmp_path, bad, severity):
    rows = changed(price=dict.fromkeys(range(1, bad + 1), "-1"))
    inspected = inspect_data(write(rows, checks=[check(column="price", min=0)]), tmp_path)
    assert [(f.severity, f.count) for f in own(inspected)] == [(severity, bad)]
    # No findings follow from rows that are missing only because of it.
    assert len(inspected.findings) == 1


@pytest.mark.parametrize(("n", "severity"), [(1200, None), (1201, "warn"), (1201, "refuse")])
def test_minimum_rows(write, tmp_path, n, severity):
    inspected = inspect_data(
        write(CLEAN, checks=[check(severity or "refuse", min_rows=n)]), tmp_path
    )
    expected = {None: [], "warn": ["own_check_warns"], "refuse": ["own_check_refuses"]}
    assert [f.code for f in own(inspected)] == expected[severity]
    assert all("and there are 1200" in f.message for f in own(inspected))


def test_checks_of_items_and_users(write, tmp_path):
    items = [{"item": str(n), "title": f"Item {n}", "year": "1999"} for n in range(1, 25)]
    users = [{"user": str(n), "age": "30"} for n in range(1, 101)]
    items[4]["year"] = "99"
    users[6]["age"] = "-3"
    checks = [
        {"table": "items", "name": "year", "severity": "quarantine", "column": "year", "min": 1900},
        {"table": "users", "name": "age", "severity": "quarantine", "expression": "age > 0"},
    ]
    settings = write(
        CLEAN,
        items=items,
        users=users,
        checks=checks,
        item_features={"text": ["title"]},
        user_features={"number": ["age"]},
    )
    loaded = load(settings, tmp_path)
    assert {f.check: (f.subject, f.count) for f in own(loaded)} == {
        "year": ("items", 1),
        "age": ("users", 1),
    }
    row = loaded.dataset.item_ids.rows(pl.Series(["5"]))[0]
    assert loaded.dataset.item_table["text"][int(row)] is None
    assert loaded.quarantined["items"]["user_id"].to_list() == [None]
    assert loaded.quarantined["users"]["user_id"].to_list() == ["7"]


def test_forgotten_people_are_not_put_aside(write, tmp_path):
    rows = changed(price={3: "-1", 4: "-1"})
    users = [{"user": row["user"], "age": "-1"} for row in rows[2:4]]
    forgotten = rows[2]["user"]
    checks = [
        {"name": "price", "severity": "quarantine", "column": "price", "min": 0},
        {"name": "age", "table": "users", "column": "age", "min": 0},
    ]
    settings = write(rows, users=users, user_features={"number": ["age"]}, checks=checks)
    loaded = load(settings, tmp_path, left_out=lambda ids: ids == forgotten)
    assert {f.check: f.count for f in own(loaded)} == {"price": 1, "age": 1}
    assert loaded.quarantined["interactions"]["user_id"].to_list() == [rows[3]["user"]]


def test_users_who_opted_out_are_not_put_aside_though_their_row_of_the_table_is(write, tmp_path):
    rows = changed(price={3: "-1", 4: "-1"})
    out, other = rows[2]["user"], rows[3]["user"]
    users = [{"user": out, "age": "-1", "out": "yes"}, {"user": other, "age": "-1", "out": "no"}]
    checks = [
        {"name": "price", "severity": "quarantine", "column": "price", "min": 0},
        {"name": "age", "table": "users", "column": "age", "min": 0},
    ]
    settings = write(rows, users=users, user_columns={"opt_out": "out"}, checks=checks)
    loaded = load(settings, tmp_path)
    assert {f.check: f.count for f in own(loaded)} == {"price": 1, "age": 1}
    assert loaded.quarantined["interactions"]["user_id"].to_list() == [other]


@pytest.mark.parametrize("as_items", [False, True])
def test_only_pseudonyms_are_shown_and_put_aside(as_items, write, tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_PSEUDONYM_KEY", "k" * 40)
    rows = changed(user={3: "4711"})
    mine = check(column="user", pattern="[0-9]{1,3}", table="items" if as_items else "interactions")
    write(rows)
    place = "interactions.csv"  # which may be the items, too
    items = place if as_items else None
    settings = DataSettings(interactions=place, items=items, pseudonyms=True, checks=[mine])
    loaded = load(settings, tmp_path)
    (finding,) = own(loaded)
    known_as = pseudonym("4711")
    assert finding.examples == [{"row": 3, "user": known_as}]
    (aside,) = loaded.quarantined.values()
    assert aside["user_id"].to_list() == [known_as]
    assert aside["cells"].struct.field("user").to_list() == [known_as]
    assert "4711" not in str(loaded.quarantined) + str(loaded.findings)


def test_later_rows_have_no_say_in_a_run_as_of_a_moment(write, tmp_path):
    later = {**CLEAN[7], "time": "2024-06-01"}
    settings = write([later, *CLEAN], checks=[check(unique=["user", "item"])])
    assert [f.count for f in own(load(settings, tmp_path))] == [1]
    loaded = load(settings, tmp_path, as_of=datetime(2024, 5, 1, tzinfo=UTC))
    assert own(loaded) == []
    assert len(loaded.dataset) == 1200


UNUSABLE = {
    "a column that is not there": ({"column": "prise", "min": 0}, "nearest: 'price'"),
    "one of an expression": ({"expression": "prise > 0"}, "nearest: 'price'"),
    "a pattern": ({"column": "kind", "pattern": "("}, "unclosed group"),
    "a pattern in an expression": ({"expression": "regexp_like(kind, '(')"}, "unclosed group"),
    "no truth": ({"expression": "price"}, "neither true nor false"),
    "no SQL": ({"expression": "price >"}, "cannot be evaluated"),
    "a subquery": ({"expression": "price in (select price from self)"}, "'select'"),
    "text or numbers": ({"expression": "price > weight"}, "cast(... as double)"),
    "a moment": ({"column": "time", "min": "soon"}, "'soon' is no time"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_check_that_cannot_be_carried_out_is_named_before_rows_are_read(
    case, write, tmp_path, monkeypatch
):
    rule, words = UNUSABLE[case]
    settings = write(CLEAN, checks=[check(**rule)])
    monkeypatch.setattr("fusion.ingest.reader.read_interactions", None)
    (finding,) = inspect_data(settings, tmp_path).findings
    assert (finding.code, finding.severity, finding.check) == (
        "own_check_unusable",
        "error",
        "mine",
    )
    assert words in finding.message


def test_two_columns_of_text_compare_as_the_cast_says(write, tmp_path):
    rows = [{**row, "low": "9", "high": "10"} for row in CLEAN]
    for kind, count in (("double", 0), ("text", 1200)):
        rule = f"cast(low as {kind}) < cast(high as {kind})"
        found = own(inspect_data(write(rows, checks=[check("warn", expression=rule)]), tmp_path))
        assert sum(finding.count for finding in found) == count


REFUSED = {
    "nothing": ({}, "says nothing that must hold"),
    "two rules": ({"column": "price", "min": 0, "pattern": "x"}, "has min, pattern"),
    "no column": ({"min": 0}, "needs `column`"),
    "a column too many": ({"column": "price", "unique": ["user"]}, "remove it"),
    "no row to put aside": ({"min_rows": 3}, "none could be put aside"),
    "bounds": ({"column": "price", "min": 3, "max": 1}, "swap them"),
    "types": ({"column": "price", "values": [1, "2"]}, "both text and numbers"),
    "a table": ({"table": "items", "min_rows": 1, "severity": "warn"}, "set [data] items"),
    "an aggregate": ({"expression": "price > avg(price)"}, "may not call 'avg'"),
    "a file": ({"expression": "read_csv('x') > 1"}, "may not call 'read_csv'"),
    "a window": ({"expression": "lag(price) over (order by price) > 1"}, "may not call 'lag'"),
    "statements": ({"expression": "price > 1; drop table x"}, "cannot be read"),
    "a type": ({"expression": "cast(price as date) > 1"}, "cast takes no type 'date'"),
    "no column in it": ({"expression": "1 = 1"}, "names no column"),
    "a chain": ({"expression": " or ".join(["price > 1"] * 5000)}, "the most"),
    "depth": ({"expression": "(" * 40 + "price > 1" + ")" * 40}, "nests more than"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_check_that_says_nothing_useful_is_refused_before_anything_is_read(case):
    rule, words = REFUSED[case]
    with pytest.raises(ValidationError) as refused:
        DataSettings(interactions="no such file", checks=[check(**rule)])
    assert words in str(refused.value)
    assert "'mine'" in str(refused.value)


def test_two_checks_of_one_name_are_refused():
    rule = check("warn", min_rows=1)
    with pytest.raises(ValidationError, match=r"two of .* are called 'mine'"):
        DataSettings(interactions="log.csv", checks=[rule, rule])
