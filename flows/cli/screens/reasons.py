"""The screen of `fusion show --why`: a list with every reason below each item."""

from typing import Any

import polars as pl
from rich.console import Console

from flows.cli.screens.lists import print_list_title
from flows.cli.terminal_text import one_line


def print_reasons(
    console: Console, user: str, rows: pl.DataFrame, reasons: pl.DataFrame, missing: str
) -> None:
    """Show a user's list with every reason below each item, the strongest first.

    Args:
        console: where to show it.
        user: the user's id.
        rows: of the list, from `flows.steps.user_lists.user_list`.
        reasons: of the list, from `flows.steps.user_lists.reasons_of`.
        missing: a sentence about reasons that were not stored; empty when all are there.
    """
    print_list_title(console, user, rows)
    for row in rows.iter_rows(named=True):
        name = one_line(f"{row['item_id']} {row.get('title') or ''}".rstrip())
        console.print(f"\n{row['rank']:>3}  {name}", markup=False, style="bold", highlight=False)
        of_item = reasons.filter(pl.col("item_id") == row["item_id"])
        _print_item_reasons(console, list(of_item.iter_rows(named=True)))
    if missing:
        console.print(f"\n{missing}", markup=False)


def _print_item_reasons(console: Console, reasons: list[dict[str, Any]]) -> None:
    """Show the reasons of one item; sources that did not move the score share one line.

    Where the ranker weighed nothing, as in lists of the blend, each source has its own line.
    """
    # Features of the item have a gain and no source; rules have neither.
    unweighed = [reason for reason in reasons if reason["source"] and reason["gain"] is None]
    weighed = [reason for reason in reasons if reason not in unweighed]
    for reason in weighed or reasons:
        console.print(f"     because {_sentence(reason)}", markup=False, highlight=False)
    if weighed and unweighed:
        sources = [f"{reason['source']} ({reason['source_rank']})" for reason in unweighed]
        line = f"     also proposed by {', '.join(sources)}"
        console.print(line, markup=False, highlight=False, style="dim")


def _sentence(reason: dict[str, Any]) -> str:
    """Write a reason with its figures: "it goes with what they saw (ease ranks it 3, +0.41)"."""
    figures = []
    if reason["source_rank"]:
        figures.append(f"{reason['source']} ranks it {reason['source_rank']}")
    if reason["gain"] is not None:
        figures.append(f"{reason['gain']:+.2f}")
    text = one_line(str(reason["reason"]))
    return f"{text} ({', '.join(figures)})" if figures else text
