"""Hostile texts of data on a terminal, in JSON and in logs: shown, and without effect."""

import csv
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
from flows.cli.terminal_text import OneLineFormatter, SafeConsole
from flows.visible_text import STEERING, json_text, one_line, visible
from storage.schema.row_objects import LiveRun
from tests.flows.calling import call_main
from tests.flows.cli.test_screens import NOW, run_by
from tests.flows.world import EARLY, make_shop

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


STEERED = "".join(text for text in HOSTILE.values() if "\n" not in text and "\r" not in text)


@pytest.fixture(scope="module")
def hostile_shop(tmp_path_factory):
    """Two runs over ids, titles, categories, segments and a column that try to steer a terminal."""
    folder = tmp_path_factory.mktemp("hostile")
    config = make_shop(folder)
    for name, of in (("ratings", ("u1", "i2")), ("movies", ()), ("users", ())):
        with (folder / f"{name}.csv").open(newline="") as file:
            head, *rows = csv.reader(file)
        # In the first line a column's name; ids of one user and item; every other text.
        head[1] += "" if of else STEERED
        rows = [
            [f"{cell}{STEERED}" if cell in ("u1", "i2") or (not of and place) else cell
             for place, cell in enumerate(row)]
            for row in rows
        ]  # fmt: skip
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([head, *rows])
    text = config.read_text()
    for column in ("title", "club"):
        text = text.replace(f'["{column}"]', f"[{json.dumps(column + STEERED)}]")
    config.write_text(text)
    for words in (("run", "--as-of", EARLY), ("run", "--hold", "--by", f"bob{STEERED}")):
        assert_steers_nothing(call_main(folder, *words), 0, 4)
    return folder


def assert_steers_nothing(ended, *codes: int) -> None:
    assert ended.code in codes, ended.err
    for shown in (ended.out, ended.err):
        assert STEERING & set(map(ord, shown)) <= {ord("\n")}


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--profile"), ("status",), ("runs",), ("alerts", "--all"), ("watch",),
        ("show", f"u1{STEERED}"), ("show", f"u1{STEERED}", "--why"), ("show", f"nobody{STEERED}"),
        ("ask", "--n", "20"), ("ask", "--answers", f"i2{STEERED}=y"), ("ask", "--json"),
        ("show", f"u1{STEERED}", "--why", "--json"), ("diff", "live", "challenger"),
        ("diff", "live", f"run{STEERED}"), ("show", "u1", "--config", f"none{STEERED}.toml"),
    ],
    ids=lambda words: " ".join(words).replace(STEERED, ""),
)  # fmt: skip
def test_no_verb_hands_on_what_steers(hostile_shop, words):
    ended = call_main(hostile_shop, *words)
    assert_steers_nothing(ended, 0, 2, 4)
    assert "Traceback" not in ended.err


def test_titles_and_ids_are_read_on_the_screen_as_they_are(hostile_shop):
    shown = call_main(hostile_shop, "show", f"u1{STEERED}").out
    assert f"User u1{one_line(STEERED)}" in shown
    assert "[red]x[/red]" in shown
