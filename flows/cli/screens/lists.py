"""The screen of `fusion show`: a user's list."""

import polars as pl
from rich.console import Console
from rich.markup import escape

from flows.cli.screens.tables import describe_knowledge, plain_table
from flows.cli.terminal_text import one_line
from flows.steps.user_lists import NOTHING_SHOWN


def print_user_list(console: Console, user: str, rows: pl.DataFrame) -> None:
    """Show a user's list with titles and the best reason for each item.

    Args:
        console: where to show it.
        user: the user's id.
        rows: from `flows.steps.user_lists.user_list`.
    """
    print_list_title(console, user, rows)
    if rows.is_empty():
        return
    table = plain_table("rank>", "item", "title", "why")
    for row in rows.iter_rows(named=True):
        # A fallback has neither source nor reason.
        source = f" ({row['source']} {row['source_rank']})" if row.get("source") else ""
        reason = (row.get("reason") or "") + source
        table.add_row(
            str(row["rank"]),
            escape(row["item_id"]),
            escape(row.get("title") or ""),
            escape(reason),
        )
    console.print(table)


def print_list_title(console: Console, user: str, rows: pl.DataFrame) -> None:
    """Say for whom a list is, by which run, and how the user is served.

    Args:
        console: where to say it.
        user: the user's id.
        rows: of the list; where there are none, the sentence says why.
    """
    title = one_line(f"User {user}: {_describe_list(rows)}")
    console.print(title, markup=False, style="bold", soft_wrap=True)


def _describe_list(rows: pl.DataFrame) -> str:
    if rows.is_empty():
        return NOTHING_SHOWN
    first = rows.row(0, named=True)
    return f"run {first['run_id']}, {first['route']}, {describe_knowledge(first['as_of'])}"
