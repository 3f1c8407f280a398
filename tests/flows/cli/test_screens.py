"""Screens of people: names of theirs with brackets are text, never markup."""

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from flows.cli.advice import CALLED_WITH, with_config
from flows.cli.console import fail
from flows.cli.screens.findings import print_findings
from flows.cli.screens.json_summary import move_summary
from flows.cli.screens.lists import print_user_list
from flows.cli.screens.runs import print_runs
from flows.cli.screens.slots import print_challenger, print_live
from fusion.core.findings import Finding
from storage.schema.row_objects import LiveRun, Move, RunRow
from tests.flows.calling import call

NAMES = ["[abc]", "[/x]", "[red]shoes[/red]", "[link=http://a.b]c"]
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def console():
    return Console(file=StringIO(), width=400)


def run_by(method: str) -> RunRow:
    columns = dict.fromkeys(RunRow.__dataclass_fields__)
    return RunRow(
        **columns
        | {"run_no": 1, "run_id": "a", "status": "ready", "method": method, "created_at": NOW}
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_list_shows_ids_titles_and_reasons_as_they_are(console, name):
    row = {
        "rank": 1,
        "item_id": f"id {name}",
        "title": f"title {name}",
        "reason": f"why {name}",
        "source": "ease",
    }
    more = {"source_rank": 2, "run_id": "a", "route": "warm", "as_of": NOW}
    print_user_list(console, name, pl.DataFrame([row | more]))
    shown_text = console.file.getvalue()
    for words in (f"User {name}", f"id {name}", f"title {name}", f"why {name} (ease 2)"):
        assert words in shown_text


@pytest.mark.parametrize("name", NAMES)
def test_slots_and_runs_show_who_why_and_by_which_method(console, name):
    shown = LiveRun(run_by(f"method {name}"), NOW, f"by {name}", f"reason {name}", None)
    print_live(console, f"place {name}", shown)
    print_challenger(console, shown)
    print_runs(console, [shown.run], None)
    print_live(console, f"none {name}", None)
    shown_text = console.file.getvalue()
    assert (
        shown_text.count(f"lists by method {name}.")
        == shown_text.count(f"by by {name}: reason {name}")
        == 2
    )
    assert shown_text.count(f"method {name}") == 3
    assert f"place {name}" in shown_text
    assert f"none {name}" in shown_text


def test_a_run_on_data_without_times_is_said_to_have_none(console):
    shown = LiveRun(run_by("ease"), NOW, "ann", "first", None)
    print_live(console, "default", shown)
    assert "data without times, trained 2026-11-01 00:00 UTC" in console.file.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_shows_what_it_is_about(console, name):
    print_findings(console, [Finding("odd", "warning", f"column {name}", 1, "message", (), "cure")])
    assert f"(column {name}, 1)" in console.file.getvalue()


def test_a_move_for_machines_has_the_keys_of_the_docs():
    move = Move(1, "default", "live", "publish", None, None, 2, "b", NOW, "ann", "why", is_new=True)
    assert list(move_summary(move)) == [
        "id",
        "placement",
        "name",
        "action",
        "from_run_no",
        "from_run_id",
        "to_run_no",
        "to_run_id",
        "at",
        "by",
        "reason",
        "made",
    ]
    assert move_summary(move)["made"] is True


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ("fusion.toml", "`fusion check`, then `fusion run`"),
        ("my shop/a[b].toml", "`fusion check --config {0}`, then `fusion run --config {0}`"),
    ],
)
def test_advice_names_the_configuration_that_the_verb_was_given(tmp_path, capsys, named, shown):
    (tmp_path / "my shop").mkdir()
    (tmp_path / "log.csv").write_text("user,item\n" + "1,2\n2,3\n" * 20)
    written = call(tmp_path, "init", "log.csv", "--config", named)
    assert f"Next: {shown.format(repr(named))}." in " ".join(written.out.split())
    assert written.code == 0
    # A failure is reported after the verb has ended, as text and for machines.
    failure = call(tmp_path, "show", "1", "--config", named).failure
    command = shown.format(repr(named)).partition("then ")[2]
    fail(failure, as_json=False)
    fail(failure, as_json=True)
    said = capsys.readouterr()
    assert command in said.err
    assert command in json.loads(said.out)["error"]
    CALLED_WITH.set(None)


def test_a_command_that_names_a_configuration_keeps_it():
    CALLED_WITH.set(Path("mine.toml"))
    sentence = (
        "`fusion init FILE --config new.toml` or `fusion run`, after `fusion demo` and `date`"
    )
    expected = sentence.replace("`fusion run`", "`fusion run --config mine.toml`")
    assert with_config(sentence) == expected
    CALLED_WITH.set(None)
    assert with_config(sentence) == sentence
