"""What `fusion show --why` shows: a list with every reason below each item."""

from typing import Any

import polars as pl
from rich.console import Console

from flows.cli.screens.overview import list_title


def reasons(
    console: Console, user: str, rows: pl.DataFrame, told: pl.DataFrame, missing: str
) -> None:
    """A user's list with every reason below each item: what counted most, then who else proposed it."""
    list_title(console, user, rows)
    for row in rows.iter_rows(named=True):
        name = f"{row['item_id']} {row.get('title') or ''}".rstrip()
        console.print(f"\n{row['rank']:>3}  {name}", markup=False, style="bold", highlight=False)
        mine = told.filter(pl.col("item_id") == row["item_id"])
        others = [
            one for one in mine.iter_rows(named=True) if one["source"] and one["gain"] is None
        ]
        for one in mine.iter_rows(named=True):
            if one not in others or len(others) == len(mine):
                console.print(f"     because {_because(one)}", markup=False, highlight=False)
        if 0 < len(others) < len(mine):
            more = ", ".join(f"{one['source']} ({one['source_rank']})" for one in others)
            console.print(
                f"     also proposed by {more}", markup=False, highlight=False, style="dim"
            )
    if missing:
        console.print(f"\n{missing}", markup=False)


def _because(reason: dict[str, Any]) -> str:
    """A reason with the figures behind it: "it goes together with what they took (ease ranks it 3, +0.41)"."""
    rank = f"{reason['source']} ranks it {reason['source_rank']}" if reason["source_rank"] else ""
    gain = f"{reason['gain']:+.2f}" if reason["gain"] is not None else ""
    figures = ", ".join(part for part in (rank, gain) if part)
    return f"{reason['reason']} ({figures})" if figures else str(reason["reason"])
