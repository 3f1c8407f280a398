"""The screen of `fusion ask`: questions, and the list from the answers."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape

from dashboards.language.catalogue import marked
from flows.cli.asking.answers import write_answers
from flows.cli.options.language import say
from flows.cli.screens.lists import print_requested_list
from flows.cli.screens.tables import plain_table


def describe_item(question: Mapping[str, Any]) -> str:
    """Return what an item is called, with its categories.

    Args:
        question: a row of `LoadedRun.ask`.
    """
    categories = ", ".join(question["categories"] or [])
    name = question["title"] or question["item_id"]
    return f"{name} ({categories})" if categories else name


def print_questions(console: Console, rows: pl.DataFrame) -> None:
    """Show what to ask somebody new.

    Args:
        console: where to show it.
        rows: as `LoadedRun.ask` gives them, with run_id.
    """
    title = say("What tells most of somebody new, by run %(run)s", run=rows["run_id"][0])
    console.print(title, markup=False, style="bold", soft_wrap=True)
    columns = (marked("place>"), marked("item"), marked("title"), marked("liked by>"))
    table = plain_table(*columns, marked("explained>"))
    for row in rows.iter_rows(named=True):
        cells = [str(row["place"]), escape(row["item_id"]), escape(describe_item(row))]
        table.add_row(*cells, f"{row['liked_by']:.0%}", f"{row['explained']:.1%}")
    console.print(table)


def print_answered_list(
    console: Console, answers: Mapping[str, bool | None], rows: pl.DataFrame
) -> None:
    """Show the list of somebody who answered.

    Args:
        console: where to show it.
        answers: outside id -> whether they like the item.
        rows: run_id, rank, item_id, title, score.
    """
    wish = write_answers(answers) if answers else say("no answers")
    print_requested_list(console, wish, rows)
