"""Every kind of finding, planted: nothing is dropped or passed over in silence."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import fusion.lists.business_rules.resolve_priors  # noqa: F401  declares kinds of findings
import fusion.lists.business_rules.resolve_rules  # noqa: F401  declares those about rules
from fusion.core.findings import FINDING_KINDS, Finding, FindingKind, as_table, declare
from fusion.errors import DataError
from fusion.ingest.checks.registry import LiveIds
from fusion.ingest.load import inspect_data, load
from fusion.ingest.settings import DataSettings
from tests.fusion.ingest.planted import clean_rows, plain_rows

DOCS = Path(__file__).parents[3] / "docs" / "data.md"
CLEAN = clean_rows()
LATER = (datetime.now(UTC) + timedelta(days=400)).strftime("%Y-%m-%d")


def findings_of(settings: DataSettings, base: Path, **more: Any) -> list[Finding]:
    return inspect_data(settings, base, **more).findings


def with_row(**cells: Any) -> Callable[[], dict[str, Any]]:
    """The clean rows and one more, row 1,201."""
    return lambda: {
        "rows": [*CLEAN, {"user": "1", "item": "2", "time": "2024-02-20", "weight": "2", **cells}]
    }


def changed(**cells: Callable[[dict[str, Any]], Any]) -> Callable[[], dict[str, Any]]:
    """The clean rows with cells computed anew from each row."""
    return lambda: {
        "rows": [{**row, **{name: make(row) for name, make in cells.items()}} for row in CLEAN]
    }


def catalogue(
    change: dict[str, Any] | None = None, **settings: Any
) -> Callable[[], dict[str, Any]]:
    items = [{"item": str(i), "title": f"Item {i}", "year": "1999"} for i in range(1, 25)]
    if change is not None:
        items = [{**items[0], **change}, *items]
    return lambda: {
        "rows": CLEAN,
        "items": items,
        "item_features": {"text": ["title"], "number": ["year"]},
        **settings,
    }


def windows(begin: str, end: str) -> Callable[[], dict[str, Any]]:
    items = [
        {"item": str(i), "b": begin if i == 3 else "", "e": end if i == 3 else ""}
        for i in range(1, 25)
    ]
    return lambda: {
        "rows": CLEAN,
        "items": items,
        "item_columns": {"available_from": "b", "available_until": "e"},
    }


def live_ids(users: Iterable[int] = (), items: Iterable[int] = ()) -> LiveIds:
    """Ids that a live run knew, as text."""
    return LiveIds(
        pl.Series("user_id", list(map(str, users)), pl.String),
        pl.Series("item_id", list(map(str, items)), pl.String),
    )


def people(ids: range) -> Callable[[], dict[str, Any]]:
    return lambda: {
        "rows": CLEAN,
        "users": [{"user": str(i), "age": "30"} for i in ids],
        "user_features": {"number": ["age"]},
    }


EVENTS: dict[str, Any] = {"events": {"buy": 5, "click": 1}, "columns": {"event": "event"}}
PLANTED: dict[str, tuple[Callable[[], dict[str, Any]], int, dict[str, Any]]] = {
    "blank_row": (with_row(user=None, item=None, time=None, weight=None), 1, {"row": 1201}),
    "null_user": (with_row(user=None), 1, {"row": 1201, "item": "2"}),
    "null_item": (with_row(item=""), 1, {"row": 1201, "user": "1"}),
    "null_time": (with_row(time=None), 1, {"row": 1201}),
    "unparsable_time": (with_row(time="soon"), 1, {"row": 1201, "time": "soon"}),
    "future_time": (with_row(time=LATER), 1, {"row": 1201, "time": LATER}),
    "null_weight": (with_row(weight=None), 1, {"row": 1201}),
    "unparsable_weight": (with_row(weight="1,234"), 1, {"row": 1201, "weight": "1,234"}),
    "infinite_weight": (with_row(weight="NaN"), 1, {"row": 1201, "weight": "NaN"}),
    "negative_weight": (with_row(weight="-1"), 1, {"row": 1201, "weight": "-1"}),
    "unknown_event": (
        lambda: {
            "rows": [
                {**row, "event": ("buy", "click", "refund")[i % 3]} for i, row in enumerate(CLEAN)
            ],
            **EVENTS,
        },
        400,
        {"row": 3, "event": "refund"},
    ),
    "unused_event": (
        lambda: {"rows": [{**row, "event": "buy"} for row in CLEAN], **EVENTS},
        1,
        {"event": "click"},
    ),
    "duplicate_rows": (lambda: {"rows": [*CLEAN, CLEAN[7], CLEAN[7]]}, 2, {"row": 1201}),
    "repeats": (with_row(), 1, {"user": "1", "item": "2"}),
    "single_user": (changed(user=lambda row: "7"), 1, {"id": "7"}),
    "single_item": (changed(item=lambda row: "7"), 1, {"id": "7"}),
    "too_few_interactions": (lambda: {"rows": plain_rows(20, 12)}, 123, {}),
    "constant_time": (
        changed(time=lambda row: "2024-01-01"),
        1200,
        {"time": "2024-01-01T00:00:00Z"},
    ),
    "old_time": (with_row(time="1975-01-01"), 1, {"time": "1975-01-01T00:00:00Z"}),
    "constant_weight": (changed(weight=lambda row: "3"), 1200, {"weight": 3.0}),
    "none_liked": (lambda: {"rows": CLEAN, "positive": "weight > 5"}, 1200, {}),
    "bad_positive": (lambda: {"rows": CLEAN, "positive": "wght > 5"}, 1, {}),
    "mixed_ids": (with_row(user="U-1"), 1, {"id": "2"}),
    "similar_ids": (with_row(item="2 "), 1, {"ids": ["2", "2 "]}),
    "null_like_id": (with_row(user="NaN"), 1, {"id": "NaN"}),
    "nul_in_id": (with_row(user="4\0"), 1, {"id": "4\0"}),
    "line_break_in_id": (with_row(item="2\n3"), 1, {"id": "2\n3"}),
    "long_id": (with_row(user="7" * 2001), 1, {"id": "7" * 60}),
    "items_without_interactions": (catalogue({"item": "99"}), 1, {"id": "99"}),
    "items_not_in_catalogue": (lambda: catalogue()() | with_row(item="25")(), 1, {"id": "25"}),
    "users_without_interactions": (people(range(1, 102)), 1, {"id": "101"}),
    "users_not_in_table": (people(range(1, 100)), 1, {"id": "100"}),
    "null_id": (
        lambda: {**catalogue({"item": ""})(), "items": catalogue({"item": ""})()["items"] * 5},
        5,
        {"row": 1},
    ),
    "duplicate_id": (catalogue({"title": "Another"}), 1, {"row": 1, "id": "1"}),
    "unparsable_number": (
        catalogue({"item": "0", "year": "MCM"}),
        1,
        {"row": 1, "id": "0", "year": "MCM"},
    ),
    "unparsable_window": (windows("soon", ""), 1, {"row": 3, "id": "3", "available_from": "soon"}),
    "window_backwards": (windows("2024-02-01", "2024-01-01"), 1, {"id": "3"}),
    "window_without_times": (
        lambda: {**windows("2024-01-01", "")(), "columns": {"time": None}},
        1,
        {},
    ),
    "text_mostly_empty": (
        lambda: {**catalogue()(), "items": [{"item": "1", "title": " ", "year": "1"}]},
        1,
        {"id": "1"},
    ),
    "no_header": (
        lambda: {
            "rows": [
                {"196": row["user"], "item": row["item"], "time": row["time"], "4.5": row["weight"]}
                for row in CLEAN
            ],
            "columns": {"user": "196", "weight": "4.5"},
        },
        2,
        {"column": "196"},
    ),
    "no_interactions": (changed(user=lambda row: None), 1, {}),
}
ELSEWHERE = {
    *(
        "missing_file",
        "unreadable_file",
        "empty_file",
        "ragged_rows",
        "wrong_encoding",
        "no_text_file",
        "utf16_file",
        "wrong_ending",
        "broken_link",
        "no_regular_file",
        "unknown_zone",
        "wrong_delimiter",
    ),
    *("missing_column", "mixed_files", "duplicate_column", "sql_failed"),  # test_files.py
    *("wrong_type", "users_not_recurring", "items_not_recurring", "as_of_without_times"),  # below
    "as_of_for_items_only",  # below
    "swallowed_rows",  # test_quotes.py
    "positions_of_names",  # test_positions.py
    # own_checks/test_own_checks.py
    *("own_check_warns", "own_check_quarantines", "own_check_refuses", "own_check_unusable"),
    # side_information/test_vectors.py
    *("vectors_unreadable", "vector_dimensions", "vector_not_finite", "vector_zero"),
    *("vectors_missing", "vectors_of_unknown_items"),
    "vectors_of_users_missing",  # side_information/test_user_vectors.py
    # side_information/test_facts.py
    *("fact_incomplete", "fact_repeated", "unparsable_valid_from", "facts_without_times"),
    *("facts_to_come", "facts_of_unknown_items", "relation_with_one_value"),
    # side_information/test_queries.py
    *("query_incomplete", "unparsable_query_time", "query_repeated", "queries_without_times"),
    *("queries_to_come", "queries_of_strangers", "queries_without_texts"),
    "forgotten_users",  # test_load.py
    *("opt_out_unreadable", "unclear_opt_out"),  # people/test_opt_out.py
    *("opted_out_users", "opted_out_unknown"),  # people/test_opt_out.py
    *("pseudonym_key", "pseudonyms_changed"),  # people/test_pseudonyms.py
    *("suspicious_users", "suspicious_users_treated"),  # people/test_suspects.py
    *(
        "rule_item",
        "rule_column",
        "rule_value",
        "rule_rank",
        "rule_allows_nothing",
        "rule_shows_nothing",
        "blocked_unknown",
        "blocked_user",
        "blocked_everything",
    ),  # test_rules.py
    *("blocked_placement", "blocked_backwards", "blocked_ended"),  # test_block_findings.py
    *("prior_item", "prior_column", "prior_value"),  # test_resolve_priors.py
}


@pytest.mark.parametrize("code", PLANTED)
def test_planted_faults_are_reported_counted_and_shown(code, write, tmp_path):
    make, count, example = PLANTED[code]
    findings = [
        finding for finding in findings_of(write(**make()), tmp_path) if finding.code == code
    ]
    assert [finding.count for finding in findings] == [count]
    shown = findings[0].examples[0] if example else {}
    assert {name: shown.get(name) for name in example} == example
    assert findings[0].cure in findings[0].text()


def test_every_kind_of_finding_is_planted_somewhere():
    assert set(PLANTED) | ELSEWHERE == set(FINDING_KINDS)


def test_clean_data_has_no_findings(write, tmp_path):
    assert findings_of(write(CLEAN), tmp_path) == []
    assert findings_of(write(**catalogue()()), tmp_path) == []


@pytest.mark.parametrize("name", ["2", "t1", "u.id", "2024 plays"])
def test_names_that_are_no_values_are_no_missing_header(write, tmp_path, name):
    rows = [{name: row["user"], **row} for row in CLEAN]
    assert findings_of(write(rows, columns={"user": name}), tmp_path) == []


def test_rare_bad_rows_are_left_out_and_counted_and_many_are_an_error(write, tmp_path):
    bad = {"user": None, "item": "1", "time": "2024-01-01", "weight": "1"}
    loaded = load(write([*CLEAN, *[bad] * 12]), tmp_path)
    assert [(finding.code, finding.severity, finding.count) for finding in loaded.findings] == [
        ("null_user", "warning", 12)
    ]
    assert loaded.notes["read"] == 1212
    assert loaded.notes["null_user"] == 12
    assert loaded.notes["used"] == len(loaded.dataset) == 1200
    with pytest.raises(DataError, match=r"error null_user .* 13 of 1213"):
        load(write([*CLEAN, *[bad] * 13]), tmp_path)


def test_a_row_with_two_troubles_is_in_both_findings_and_left_out_once(write, tmp_path):
    loaded = load(
        write([*CLEAN, {"user": None, "item": None, "time": "2024-01-01", "weight": "1"}]), tmp_path
    )
    assert {finding.code for finding in loaded.findings} == {"null_user", "null_item"}
    dropped = sum(count for name, count in loaded.notes.items() if name not in ("read", "used"))
    assert loaded.notes["read"] - loaded.notes["used"] == dropped == 1


def test_an_error_in_every_file_is_named_in_one_go(tmp_path):
    settings = DataSettings(interactions="log.csv", items="items.csv", users="users.csv")
    (tmp_path / "items.csv").write_text("id,title\n1,x\n")
    with pytest.raises(DataError) as stopped:
        load(settings, tmp_path)
    assert [line.split()[1] for line in str(stopped.value).splitlines()] == [
        "missing_column",
        "missing_file",
        "missing_file",
    ]


@pytest.mark.parametrize(
    ("kept", "severity"), [(80, None), (79, "warning"), (20, "warning"), (19, "error")]
)
def test_live_users_that_do_not_recur(write, tmp_path, kept, severity):
    live = live_ids(users=range(101 - kept, 201 - kept))
    findings = findings_of(write(CLEAN), tmp_path, live=live)
    assert [(f.code, f.severity, f.count) for f in findings] == (
        [("users_not_recurring", severity, 100 - kept)] if severity else []
    )


def test_users_who_were_re_keyed_while_their_table_has_the_old_ids(write, tmp_path):
    """The table alone made every old id recur."""
    settings = write(**{**people(range(1, 101))(), **changed(user=lambda row: "A" + row["user"])()})
    findings = findings_of(settings, tmp_path, live=live_ids(users=range(1, 101)))
    found = {finding.code: finding for finding in findings}
    assert found["users_not_recurring"].severity == "error"
    assert found["users_not_recurring"].count == 100


def test_items_that_were_re_keyed_while_the_catalogue_has_the_old_ids(write, tmp_path):
    live = live_ids(items=range(1, 21))
    new_ids = changed(item=lambda row: "A" + row["item"])()
    findings = findings_of(write(**{**catalogue()(), **new_ids}), tmp_path, live=live)
    found = {finding.code: finding for finding in findings}
    assert found["items_not_recurring"].severity == "error"
    assert found["items_not_recurring"].count == 20
    assert found["items_not_recurring"].examples[0] == {"id": "1"}
    assert "100% of the interactions" in found["items_not_recurring"].message


@pytest.mark.parametrize("n_old", [0, 100])
def test_new_items_of_a_whole_catalogue_are_not_re_keyed(write, tmp_path, n_old):
    """News are short of life: what was popular is gone, or is kept beside what is taken now."""
    settings = write(**catalogue()())
    items = pl.read_csv(tmp_path / "items.csv")
    ids = pl.Series("item", range(1000, 1000 + n_old), pl.Int64)
    old = ids.to_frame().with_columns(title=pl.lit("Old"), year=pl.lit(1999, pl.Int64))
    pl.concat([items, old]).write_csv(tmp_path / "items.csv")
    findings = findings_of(settings, tmp_path, live=live_ids(items=range(1000, 1020)))
    assert "items_not_recurring" not in {finding.code for finding in findings}


def test_a_number_compared_with_text_is_named_as_that(write, tmp_path):
    """Not as `none_liked`, which leaves one to search for the reason."""
    (finding,) = findings_of(write(CLEAN, positive="weight > 'a'"), tmp_path)
    assert (finding.code, finding.severity) == ("bad_positive", "error")
    assert "weight holds numbers, and 'a' is none" in finding.message


def test_nothing_can_be_cut_without_times(write, tmp_path):
    settings = write(CLEAN, columns={"time": None})
    moment = datetime(2024, 1, 5)
    findings = findings_of(settings, tmp_path, as_of=moment)
    assert [(f.code, f.severity) for f in findings] == [("as_of_without_times", "error")]
    with pytest.raises(DataError, match="leave --as-of out"):
        load(settings, tmp_path, as_of=moment)


def test_a_moment_without_times_says_which_items_are_available(write, tmp_path, caplog):
    """The cure of `window_without_times`: it works, and what it does not do is said aloud."""
    settings = write(**{**windows("2024-01-02", "")(), "columns": {"time": None}})
    for moment, listable in ((datetime(2024, 1, 1), 23), (datetime(2024, 1, 3), 24)):
        caplog.clear()
        data = load(settings, tmp_path, as_of=moment).dataset
        assert data.listable(data.as_of).sum() == listable
        assert "as_of_for_items_only" in caplog.text


def test_codes_of_one_length_are_not_mixed(write, tmp_path):
    rows = [
        {**row, "item": f"{int(row['item']):09}" + ("X" if int(row["item"]) % 3 else "1")}
        for row in CLEAN
    ]
    assert findings_of(write(rows), tmp_path) == []


@pytest.mark.parametrize(
    "change",
    [{"user": [[1], [2]]}, {"user": [b"a", b"\xff"]}, {"w": [[1], [2]]}, {"t": [[1], [2]]}],
)
def test_columns_of_types_without_meaning_are_an_error(tmp_path, change):
    cells = {"user": [1, 2], "item": [1, 2], "t": [1, 2], "w": [1.0, 2.0], **change}
    pl.DataFrame(cells).write_parquet(tmp_path / "log.parquet")
    findings = findings_of(
        DataSettings(interactions="log.parquet", columns={"time": "t", "weight": "w"}), tmp_path
    )
    assert [(finding.code, finding.severity) for finding in findings] == [("wrong_type", "error")]


def test_two_kinds_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two kinds of finding"):
        declare(FindingKind("repeats", "error", "", "", ""))


def test_the_docs_hold_the_table_of_rules():
    assert as_table() in DOCS.read_text("utf-8")
