"""The screen of `fusion show`: a user's list."""

import polars as pl
from rich.console import Console
from rich.markup import escape

from flows.cli.screens.tables import plain_table, to_minute


def print_user_list(console: Console, user: str, rows: pl.DataFrame) -> None:
    """Show a user's list with titles and the best reason for each item.

    Args:
        console: where to show it.
        user: the user's id.
        rows: from `flows.steps.user_lists.user_list`.
    """
    print_list_title(console, user, rows)
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
        rows: of the list, one at least.
    """
    first = rows.row(0, named=True)
    known = to_minute(first["as_of"])
    title = f"User {user}: run {first['run_id']}, {first['route']}, data until {known} UTC"
    console.print(title, markup=False, style="bold", soft_wrap=True)
