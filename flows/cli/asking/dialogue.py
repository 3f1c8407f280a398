"""Ask one question after the other at a terminal."""

import signal
import sys
from collections.abc import Callable

import polars as pl
from rich.console import Console

from flows.cli.asking.screen import describe_item
from flows.cli.options.language import say
from flows.visible_text import one_line

ANSWERS: dict[str, bool | None] = {
    **dict.fromkeys(("y", "yes", "是"), True),
    **dict.fromkeys(("n", "no", "否"), False),
    "": None,
}
STOP = ("q", "quit")


def ask_at_terminal(
    console: Console, questions: pl.DataFrame, read: Callable[[], str | None]
) -> dict[str, bool | None]:
    """Ask somebody about items until they stop.

    Args:
        console: where to ask.
        questions: as `LoadedRun.ask` gives them.
        read: returns what is typed next; None at the end of input.

    Returns:
        Outside id of an item -> whether they like it; None where they do not know it.
    """
    console.print(say("Do you like these? y: yes, n: no, Enter: don't know it, q: stop"))
    answers: dict[str, bool | None] = {}
    for question in questions.iter_rows(named=True):
        counted = say("%(place)s of %(all)s", place=question["place"], all=len(questions))
        title = one_line(f"{counted}  {describe_item(question)}")
        while True:
            console.print(f"\n{title}", markup=False, highlight=False, soft_wrap=True)
            console.print("y/n/Enter/q> ", markup=False, highlight=False, end="")
            sys.stdout.flush()
            typed = read()
            if typed is None or typed in STOP:
                return answers
            if typed in ANSWERS:
                answers[question["item_id"]] = ANSWERS[typed]
                break
            console.print(say("Answer y, n, Enter or q."))
    return answers


def read_line() -> str | None:
    """Read a line of standard input; None at its end.

    Bytes that are no text make an answer that is not understood, and no failure.
    """
    # Polars handles Ctrl+C, too, and lets a read go on after it: nobody could end the dialogue.
    signal.siginterrupt(signal.SIGINT, True)
    line = sys.stdin.buffer.readline()
    return line.decode("utf-8", "replace").strip().lower() if line else None
