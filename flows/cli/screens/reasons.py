"""The screen of `fusion show --why`: a list with every reason below each item."""

from typing import Any

import polars as pl
from rich.console import Console

from flows.cli.options.language import say, told
from flows.cli.screens.lists import print_list_title
from flows.cli.screens.tables import paragraph
from flows.steps.show.user_lists import part_reasons
from flows.visible_text import one_line


def print_reasons(
    console: Console, user: str, rows: pl.DataFrame, reasons: pl.DataFrame, missing: str
) -> None:
    """Show a user's list with every reason below each item, the strongest first.

    Args:
        console: where to show it.
        user: the user's id.
        rows: of the list, from `flows.steps.show.user_lists.user_list`.
        reasons: of the list, from `flows.steps.show.user_lists.reasons_of`.
        missing: a sentence about reasons that were not stored; empty when all are there.
    """
    print_list_title(console, user, rows)
    for row in rows.iter_rows(named=True):
        name = one_line(f"{row['item_id']} {row.get('title') or ''}".rstrip())
        console.print(f"\n{row['rank']:>3}  {name}", markup=False, style="bold", highlight=False)
        of_item = reasons.filter(pl.col("item_id") == row["item_id"])
        _print_item_reasons(console, list(of_item.iter_rows(named=True)))
    if missing:
        console.print(f"\n{told(missing)}", markup=False)


def _print_item_reasons(console: Console, reasons: list[dict[str, Any]]) -> None:
    """Show the reasons of one item; sources that did not move the score share one line.

    Where the ranker weighed nothing, as in lists of the blend, each source has its own line.
    """
    weighed, unweighed = part_reasons(reasons)
    for reason in weighed:
        console.print(paragraph(f"     {say('because')} ", _sentence(reason)), highlight=False)
    if unweighed:
        sources = [f"{reason['source']} ({reason['source_rank']})" for reason in unweighed]
        line = say("also proposed by %(sources)s", sources=", ".join(sources))
        console.print(paragraph("     ", line), highlight=False, style="dim")


def _sentence(reason: dict[str, Any]) -> str:
    """Write a reason with its figures: "it goes with what they saw (ease ranks it 3, +0.41)"."""
    figures = []
    if reason["source_rank"]:
        named = {"source": reason["source"], "rank": reason["source_rank"]}
        figures.append(say("%(source)s ranks it %(rank)s", **named))
    if reason["gain"] is not None:
        figures.append(f"{reason['gain']:+.2f}")
    text = one_line(told(str(reason["reason"])))
    return f"{text} ({', '.join(figures)})" if figures else text
