"""Hostile texts of data on a terminal, in JSON and in logs: shown, and without effect."""

import io
import json
import logging

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.cli.console import emit
from flows.cli.screens.lists import print_user_list
from flows.cli.screens.reasons import print_reasons
from flows.cli.screens.slots import print_live
from flows.cli.screens.tables import plain_table
from flows.cli.terminal_text import (
    STEERING,
    OneLineFormatter,
    SafeConsole,
    json_text,
    one_line,
    visible,
)
from storage.schema.row_objects import LiveRun
from tests.flows.cli.test_screens import NOW, run_by

HOSTILE = {
    "clears the screen": "\x1b[2J\x1b[H",
    "renames the window": "\x1b]0;owned\x07",
    "one byte sequence": "\x9b31m",
    "overwrites the line": "good\rbad",
    "forges a line": "good\nLive in placement 'default': run x",
    "forges a line elsewhere": "good\u2028bad",
    "shown in another order": "\u202egnp.exe",
    "emoji": ":x: :smile:",
    "markup": "[red]x[/red] [link=http://a.b]c[/link]",
}


@pytest.fixture
def console():
    return SafeConsole(file=io.StringIO(), width=400)


def row(text: str) -> dict:
    return {
        "rank": 1, "item_id": f"i{text}", "title": f"t{text}", "source": "ease", "source_rank": 2,
        "reason": f"r{text}", "run_id": "a", "route": f"warm{text}", "as_of": NOW,
    }  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_lists_and_reasons_show_hostile_texts_and_obey_none(console, text):
    rows = pl.DataFrame([row(text)])
    reasons = pl.DataFrame([{**row(text), "gain": 0.5}])
    print_user_list(console, f"u{text}", rows)
    print_reasons(console, f"u{text}", rows, reasons, "")
    shown = console.file.getvalue()
    assert STEERING & set(map(ord, shown)) <= {ord("\n")}
    # each of user, item, title and reason stands there once on each screen, on a line with others
    assert shown.count(one_line(text)) >= 8
    # a title, the table of two lines and a row; a title, the item and its reason
    assert len([line for line in shown.split("\n") if line.strip()]) == 7


def test_status_shows_a_hostile_reason_on_one_line(console):
    for text in HOSTILE.values():
        slot = LiveRun(run=run_by("ease"), since=NOW, by=f"b{text}", reason=text, frozen_until=None)
        print_live(console, "default", slot)
    shown = console.file.getvalue()
    assert STEERING & set(map(ord, shown)) <= {ord("\n")}
    assert shown.count("\n") == 3 * len(HOSTILE)


def test_cells_of_tables_are_one_line_on_any_console(console):
    table = plain_table("a")
    table.add_row("x\ny\x1b[2J")
    console.print(table)
    assert r"x\ny\x1b[2J" in console.file.getvalue()


def test_our_own_styles_still_reach_a_terminal():
    terminal = SafeConsole(file=io.StringIO(), force_terminal=True, width=80)
    terminal.print("[bold red]error[/] \x1b[2J")
    shown = terminal.file.getvalue()
    assert "\x1b[1;31merror" in shown
    assert "\x1b[2J" not in shown


def test_json_says_the_same_without_a_character_that_steers(capsys):
    emit({"title": "".join(HOSTILE.values()), "person": "José 柏"})
    printed = capsys.readouterr().out
    assert STEERING & set(map(ord, printed)) == {ord("\n")}
    assert json.loads(printed) == {"title": "".join(HOSTILE.values()), "person": "José 柏"}
    assert "José 柏" in printed


def test_a_name_with_a_line_break_forges_no_line_of_a_log():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLineFormatter("%(levelname)s %(message)s"))
    record = logging.LogRecord(
        "flows", logging.INFO, "", 0, "run begun placement=%s", ("a\nERROR x\x1b[2J",), None
    )
    handler.handle(record)
    assert stream.getvalue() == "INFO run begun placement=a\\nERROR x\\x1b[2J\n"


def test_a_traceback_keeps_its_lines():
    try:
        raise ValueError("a\nb")
    except ValueError as failure:
        trace = (type(failure), failure, failure.__traceback__)
    record = logging.LogRecord("flows", logging.ERROR, "", 0, "failed", (), trace)
    assert OneLineFormatter("%(message)s").format(record).startswith("failed\nTraceback")


@given(st.text())
def test_texts_lose_nothing_but_what_steers(text):
    kept = [letter for letter in text if ord(letter) not in STEERING]
    for written in (one_line(text), visible(text), json_text(text)):
        rest = iter(written)
        assert all(letter in rest for letter in kept)
    assert not STEERING & set(map(ord, one_line(text)))
    assert STEERING & set(map(ord, visible(text))) <= {ord("\n"), ord("\t")}
