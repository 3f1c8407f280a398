"""Plain tables and times, as every screen shows them."""

from datetime import datetime

from rich import box
from rich.markup import escape
from rich.table import Table

from flows.cli.advice import with_config
from flows.cli.options.language import say
from flows.cli.terminal_text import OneLineTable

NEVER_CUT = ("run", "row", "item", "status", "method")
"""Columns that a narrow terminal must not break: what people copy."""


def plain_table(*columns: str, title: str | None = None) -> Table:
    """Make an empty table with a line under its headings only.

    Args:
        columns: headings, in English; one that ends in `>` is aligned to the right, as numbers are.
        title: a line above the table.

    Returns:
        The table, to which rows are added.
    """
    table = OneLineTable(
        box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False
    )
    for column in columns:
        table.add_column(
            say(column.removesuffix(">")) if column else "",
            justify="right" if column.endswith(">") else "left",
            no_wrap=column in NEVER_CUT,
        )
    return table


def paragraph(mark: str, text: str) -> Table:
    """Lay a text out beside a mark, so that all its lines begin where the first one does.

    Args:
        mark: what stands before the first line, such as "  - ".
        text: of any length; it is text, never markup.

    Returns:
        What a console prints.
    """
    beside = OneLineTable.grid()
    beside.add_column(no_wrap=True)
    beside.add_column()
    beside.add_row(escape(mark), escape(with_config(text)))
    return beside


def describe_knowledge(as_of: datetime | None) -> str:
    """Say until when a run knows the data.

    Args:
        as_of: moment in UTC; None for a run on data without times.

    Returns:
        A part of a sentence.
    """
    if as_of is None:
        return say("data without times")
    return say("data until %(time)s UTC", time=to_minute(as_of))


def to_minute(moment: datetime | None) -> str:
    """Write a time to the minute.

    Args:
        moment: in UTC.

    Returns:
        Such as "2026-01-31 06:00"; "-" for None.
    """
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"
