"""`fusion ask`: questions, a dialogue at a terminal, and the list from the answers."""

import io
import os
import pty
import select
import shutil
import sqlite3
import subprocess
import sys

import polars as pl
import pytest

from flows.cli.asking.answers import parse_answers, write_answers
from flows.cli.asking.dialogue import ask_at_terminal
from flows.cli.terminal_text import SafeConsole
from fusion.errors import ConfigError
from tests.flows.calling import call_main
from tests.flows.cli.test_terminal_text import STEERED, STEERING
from tests.flows.world import command, environment, fusion

PROMPT = b"y/n/Enter/q> "
# Ctrl+C reaches the processes of the terminal alone, so it must be that of the process.
TAKING_THE_TERMINAL = (
    "import fcntl, os, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    # Background jobs of a shell ignore SIGINT, and so would what they start.
    "signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@pytest.fixture(scope="module")
def asked(shop):
    return call_main(shop, "ask", "--json").json


class Terminal:
    """`fusion ask` at a terminal of its own."""

    def __init__(self, folder, *words, **variables):
        self.own, other = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKING_THE_TERMINAL, *command(*words)],
            cwd=folder,
            env=environment(**variables, TERM="xterm"),
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)
        self.shown = b""

    def read_to(self, end=None):
        """Read until the screen ends with a text; None reads until the process ends."""
        while end is None or not self.shown.endswith(end):
            if not select.select([self.own], [], [], 60)[0]:
                self.process.kill()
                pytest.fail(f"nothing for a minute after {self.shown!r}")
            try:
                self.shown += os.read(self.own, 65_536)
            except OSError:  # Linux says so where the other side is closed
                break
        return self.shown.decode("utf-8", "replace")

    def answer(self, *typed):
        for text in typed:
            self.read_to(PROMPT)
            self.shown = b""
            os.write(self.own, text)

    def end(self):
        shown = self.read_to()
        os.close(self.own)
        return self.process.wait(10), shown


def test_into_a_pipe_go_the_questions_alone(shop, asked):
    assert [row["place"] for row in asked] == list(range(1, 9))
    assert len({row["item_id"] for row in asked}) == 8
    ended = fusion(shop, "ask", "--n", "3")
    assert ended.code == 0, ended.err
    for row in asked[:3]:
        assert row["title"] in ended.out
        assert f"{row['liked_by']:.0%}" in ended.out
    assert asked[3]["title"] not in ended.out


def test_answers_make_a_list(shop, asked):
    first, second = asked[0]["item_id"], asked[1]["item_id"]
    words = ("--answers", f"{first}=y, {second}=N", "-k", "4")
    rows = call_main(shop, "ask", *words, "--json").json
    assert list(rows[0]) == ["run_id", "rank", "item_id", "title", "score"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    assert not {first, second} & {row["item_id"] for row in rows}
    screen = call_main(shop, "ask", "live", *words).out
    assert f"For {first}=y,{second}=n, by run {rows[0]['run_id']}" in screen
    assert rows[0]["title"] in screen
    # As many places as lists have.
    assert len(call_main(shop, "ask", "--answers", f"{first}=y", "--json").json) == 5
    # Another run by its id.
    [of_id] = call_main(shop, "ask", rows[0]["run_id"], "--n", "1", "--json").json
    assert of_id == asked[0]


def test_a_dialogue_ends_with_the_list_from_its_answers(shop, asked):
    terminal = Terminal(shop, "ask", "--n", "4")
    # A question is asked again until the answer is understood.
    terminal.answer(b"y\n", b"maybe\n", b"\xff\n", b"No\n", b"\n", b"q\n")
    code, shown = terminal.end()
    assert code == 0, shown
    ids = [row["item_id"] for row in asked]
    said = f"{ids[0]}=y,{ids[1]}=n,{ids[2]}=?"
    assert f"For {said}, by run" in shown
    rows = call_main(shop, "ask", "--answers", said, "--json").json
    for row in rows:
        assert f"{row['title']} " in shown


def test_each_question_shows_its_item_and_its_place(shop, asked):
    terminal = Terminal(shop, "ask", "--n", "2")
    first = terminal.read_to(PROMPT)
    assert "Do you like these?" in first
    assert f"1 of 2  {asked[0]['title']}" in first
    terminal.answer(b"x\n")
    again = terminal.read_to(PROMPT)
    assert "Answer y, n, Enter or q." in again
    assert asked[0]["title"] in again
    terminal.answer(b"y\n")
    assert f"2 of 2  {asked[1]['title']}" in terminal.read_to(PROMPT)
    terminal.answer(b"n\n")
    assert terminal.end()[0] == 0


def test_somebody_who_stops_at_once_gets_what_most_people_like(shop):
    terminal = Terminal(shop, "ask")
    terminal.answer(b"\x04")  # Ctrl+D, the end of input
    code, shown = terminal.end()
    assert (code, "For no answers, by run" in shown) == (0, True), shown


def test_ctrl_c_ends_the_dialogue_in_order(shop):
    terminal = Terminal(shop, "ask")
    terminal.answer(b"y\n")
    terminal.answer(b"\x03")
    code, shown = terminal.end()
    assert code == 130, shown
    assert "Traceback" not in shown
    assert "by run" not in shown


def test_a_dialogue_is_chinese(shop):
    terminal = Terminal(shop, "--lang", "zh", "ask", "--n", "1")
    shown = terminal.read_to(PROMPT)
    assert "喜欢" in shown
    terminal.answer("是\n".encode())
    code, shown = terminal.end()
    assert (code, "无需训练" in shown) == (0, True), shown


def test_what_steers_a_terminal_is_shown_as_an_escape():
    row = {"place": 1, "item_id": "i", "title": f"x{STEERED}\ny", "categories": [STEERED]}
    stream = io.StringIO()
    answers = ask_at_terminal(SafeConsole(file=stream), pl.DataFrame([row]), iter(["y"]).__next__)
    assert answers == {"i": True}
    assert STEERING & set(map(ord, stream.getvalue())) <= {ord("\n")}
    # A line of the title would look like one of ours.
    assert "\ny" not in stream.getvalue().replace("\ny/n/Enter/q", "")


def test_answers_are_written_as_they_are_read():
    answers = parse_answers(" a=y,b = n, c=d=?,, e=Y")
    assert answers == {"a": True, "b": False, "c=d": None, "e": True}
    assert parse_answers(write_answers(answers)) == answers
    for wrong in ("a", "a=", "=y", "a=x", "a=y,a=n", " , "):
        with pytest.raises(ConfigError, match="--answers"):
            parse_answers(wrong)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--answers", "nothing=y"), "unknown item of a question 'nothing'"),
        (("--answers", "i1"), "--answers 'i1' is no answer"),
        (("--answers", ","), "has no answer"),
        (("--n", "99"), "n = 99 questions: this run can ask from 1 to"),
        (("--n", "0"), "n = 0 questions"),
        (("-k", "0"), "'-k'"),
        (("nothing",), "unknown run of placement 'default' 'nothing'"),
        (("challenger",), "has no run 'challenger'"),
    ],
)
def test_a_wrong_question_is_answered_by_a_sentence(shop, words, said):
    ended = call_main(shop, "ask", *words)
    assert ended.code == 2
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert not ended.out.strip()


def test_a_blocked_item_is_neither_asked_about_nor_listed(own_shop, asked):
    first, second = (row["item_id"] for row in asked[:2])
    words = ("ask", "--answers", f"{first}=?", "-k", "50", "--json")
    assert second in {row["item_id"] for row in call_main(own_shop, *words).json}
    with sqlite3.connect(own_shop / "fusion.db") as database:
        database.execute(
            "INSERT INTO blocked_item (placement, item_id) VALUES ('default', ?)", (second,)
        )
    questions = call_main(own_shop, "ask", "--json").json
    assert [row["item_id"] for row in questions[:2]] == [first, asked[2]["item_id"]]
    assert second not in {row["item_id"] for row in call_main(own_shop, *words).json}


def test_a_run_without_questions_is_named_with_the_cure(own_shop, asked):
    file = own_shop / "runs" / asked[0]["run_id"] / "questions.parquet"
    file.write_bytes(b"no table")
    damaged = call_main(own_shop, "ask")
    assert (damaged.code, "questions.parquet" in damaged.err) == (2, True), damaged.err
    shutil.rmtree(file.parent)
    pruned = call_main(own_shop, "ask")
    assert (pruned.code, "has no folder" in pruned.err) == (2, True), pruned.err
