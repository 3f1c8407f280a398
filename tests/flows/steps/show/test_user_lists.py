"""Reasons of a list in their order, and the sentence where they were not stored."""

from dataclasses import replace
from io import StringIO
from types import SimpleNamespace

import polars as pl
import pytest
from rich.console import Console
from sqlalchemy import text

from flows.cli.screens.lists import print_user_list
from flows.session import Session
from flows.steps.show import user_lists
from flows.steps.show.user_lists import (
    NOTHING_SHOWN,
    describe_missing,
    ordered_reasons,
    reasons_of,
    user_list,
)
from storage.database.engine import writing
from storage.runs.runs import runs
from tests.flows.calling import call, call_main
from tests.flows.world import STRANGER


@pytest.mark.parametrize("two_runs", ["sqlite"], indirect=True)
def test_what_was_not_stored_is_said_with_the_key_that_stores_more(two_runs):
    run = runs(two_runs.engine, "default", 1)[0]
    told = ordered_reasons(two_runs, run, "u1")
    assert "why_rows" not in describe_missing(run, told)
    few = replace(run, manifest={**run.manifest, "why": {"users": 3, "of": 90}})
    assert "why_rows" not in describe_missing(few, told)  # one of the three
    best = told.filter(told["source"].is_not_null()).with_columns(detail=None)
    said = describe_missing(few, best)
    assert (
        "reasons for this list were not stored: "
        "[lists] why_rows = 200,000 was enough for 3 of 90 users" in said
    )
    assert "only which source ranks each item best" in said
    assert "not even which source" in describe_missing(few, told.clear())


def test_a_fallback_has_the_same_form_and_no_reasons(shop):
    listed, fallback = (
        call_main(shop, "show", user, "--why", "--json").json for user in ("u1", STRANGER)
    )
    assert listed["reasons"]
    assert fallback.keys() == listed.keys()
    assert fallback["list"] == call_main(shop, "show", STRANGER, "--json").json
    assert fallback["reasons"] == []
    assert "the same for everyone" in fallback["missing"]
    assert "club=red" in call_main(shop, "show", STRANGER, "--why").out


def test_the_reason_of_a_list_is_the_first_of_all_that_are_given(shop):
    told = call(shop, "show", "u1", "--why", "--json").json
    strongest = {}
    for reason in told["reasons"]:
        strongest.setdefault(reason["item_id"], reason)
    # The world in which the source with the best rank and the greatest gain are two.
    best_rank = {
        item: min(
            one["source_rank"]
            for one in told["reasons"]
            if one["item_id"] == item and one["source_rank"]
        )
        for item in strongest
    }
    assert any(strongest[item]["source_rank"] != rank for item, rank in best_rank.items())
    for row in call(shop, "show", "u1", "--json").json:
        first = strongest[row["item_id"]]
        keys = ("source", "source_rank", "reason", "gain")
        assert [row[key] for key in keys] == [first[key] for key in keys]


def test_somebody_unknown_is_said_to_be_so_and_shown_the_fallback(shop):
    lists = {user: call(shop, "show", user) for user in ("u1", STRANGER, "nobody")}
    assert {user: ended.code for user, ended in lists.items()} == dict.fromkeys(lists, 0)
    unknown = "The run does not know this user."
    assert [user for user, ended in lists.items() if unknown in ended.out] == ["nobody"]
    assert "unknown user, fallback of segment all" in lists["nobody"].out
    assert lists["nobody"].out.count("Film") == 5
    asked_why = call(shop, "show", "nobody", "--why").out
    assert unknown in asked_why
    assert user_lists.FALLBACK_REASONS in asked_why


def test_reasons_stand_by_their_gain_and_those_without_follow_by_rank(monkeypatch):
    """A rule comes first; rows from before the column are not put in its place."""
    rows = [
        ("a", "als", 9, "als knows it", "als ranks it 9", None),
        ("a", "knn", 2, "neighbours took it", "knn ranks it 2", None),
        ("a", None, None, "it is new", "0.1 of the score", 0.1),
        ("a", "ease", 3, "it goes with what they took", "ease ranks it 3; 2.5 of the score", 2.5),
        ("a", None, None, "a rule moves it up", "", None),
        ("b", None, None, "it is new", "0.4 of the score", None),
        ("b", "als", 1, "als knows it", "als ranks it 1; 0.2 of the score", None),
    ]
    columns = ["item_id", "source", "source_rank", "reason", "detail", "gain"]
    stored = pl.DataFrame(rows, schema=columns, orient="row")
    monkeypatch.setattr(user_lists, "reasons_for", lambda *_: stored)
    run, session = SimpleNamespace(run_no=1), SimpleNamespace(engine=None)
    told = ordered_reasons(session, run, "u1")
    assert told.filter(pl.col("item_id") == "a")["reason"].to_list() == [
        "a rule moves it up",
        "it goes with what they took",
        "it is new",
        "neighbours took it",
        "als knows it",
    ]
    assert told.filter(pl.col("item_id") == "b")["source"].to_list() == ["als", None]


def test_a_user_whose_list_and_fallback_are_blocked_is_shown_nothing_and_told_why(own_shop):
    session = Session.open(own_shop / "fusion.toml")
    blocks = "insert into blocked_item (placement, item_id) select distinct 'default', item_id "
    with writing(session.engine) as connection:
        for table in ("recommendation", "fallback"):
            connection.execute(text(f"{blocks} from {table}"))
    for user in ("u1", STRANGER, "nobody"):
        rows = user_list(session, user)
        assert rows.is_empty()
        assert reasons_of(session, user, rows)[1] == NOTHING_SHOWN
        console = Console(file=StringIO(), width=400)
        print_user_list(console, user, rows)
        assert console.file.getvalue() == f"User {user}: {NOTHING_SHOWN}\n"
    assert call_main(own_shop, "show", "u1", "--json").json == []
    session.engine.dispose()
