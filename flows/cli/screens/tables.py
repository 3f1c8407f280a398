"""Plain tables and times, as every screen shows them."""

from datetime import datetime

from rich import box
from rich.table import Table

from flows.cli.terminal_text import OneLineTable

NEVER_CUT = ("run", "row", "item", "status", "method")
"""Columns that a narrow terminal must not break: what people copy."""


def plain_table(*columns: str, title: str | None = None) -> Table:
    """Make an empty table with a line under its headings only.

    Args:
        columns: headings; one that ends in `>` is aligned to the right, as numbers are.
        title: a line above the table.

    Returns:
        The table, to which rows are added.
    """
    table = OneLineTable(
        box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False
    )
    for column in columns:
        table.add_column(
            column.removesuffix(">"),
            justify="right" if column.endswith(">") else "left",
            no_wrap=column in NEVER_CUT,
        )
    return table


def describe_knowledge(as_of: datetime | None) -> str:
    """Say until when a run knows the data.

    Args:
        as_of: moment in UTC; None for a run on data without times.

    Returns:
        A part of a sentence.
    """
    return f"data until {to_minute(as_of)} UTC" if as_of else "data without times"


def to_minute(moment: datetime | None) -> str:
    """Write a time to the minute.

    Args:
        moment: in UTC.

    Returns:
        Such as "2026-01-31 06:00"; "-" for None.
    """
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"
