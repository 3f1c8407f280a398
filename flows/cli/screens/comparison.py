"""The screen of `fusion diff`: how many users' lists change, by which items, and both verdicts."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape

from flows.cli.screens.monitoring import describe_churn, describe_similarity
from flows.cli.screens.tables import plain_table, to_minute
from flows.steps.watch.compare import Comparison, verdict_of

SHOWN_ITEMS = 8
"""Items in each table: what fits on a screen with the rest; `--json` has more."""


def print_comparison(
    console: Console, comparison: Comparison, *, awaits_approval: bool = False
) -> None:
    """Show how the lists of two runs differ.

    Args:
        console: where to show it.
        comparison: of the two runs.
        awaits_approval: the new run is the challenger, which somebody may approve.
    """
    old, new = comparison.old, comparison.new
    similarity = describe_similarity(comparison.stable.value)
    pair = f"From {old.run_id} ({old.method}) to {new.run_id} ({new.method})"
    console.print(f"{pair}: {similarity}.", markup=False)
    churn = describe_churn(comparison.stable, comparison.no_floor)
    for sentence in filter(None, (churn, *comparison.differences)):
        console.print(sentence, markup=False)
    _print_users(console, comparison)
    _print_groups(console, comparison.changed.groups)
    _print_verdicts(console, verdict_of(old), verdict_of(new))
    _print_items(console, "Items gained", comparison.changed.gained)
    _print_items(console, "Items lost", comparison.changed.lost)
    _print_items(console, "Biggest movers", comparison.changed.moved)
    if awaits_approval:
        sentence = f"Next: `fusion approve {new.run_id}`, or `fusion reject --why TEXT`"
        console.print(sentence, markup=False)


def _print_users(console: Console, comparison: Comparison) -> None:
    """Count the users that see another list, gain one, lose theirs."""
    everyone = comparison.changed.groups.row(0, named=True)
    gained = int(comparison.stable.value("users_gained") or 0)
    lost = int(comparison.stable.value("users_lost") or 0)
    console.print(
        f"{everyone['changed']:,} of {everyone['users']:,} users see another list; "
        f"{gained:,} users gain one, {lost:,} lose theirs."
    )


def _print_groups(console: Console, groups: pl.DataFrame) -> None:
    """Show how lists change by route and segment, where there are several of them."""
    table = plain_table("by", "who", "users>", "other list>", "churn@10>", "other first item>")
    # A single route or segment would repeat the row of everyone.
    is_everyone = pl.col("by") == "all"
    has_others = pl.len().over("by") > 1
    several = groups.filter(is_everyone | has_others)
    for row in several.filter(pl.col("users") > 0).iter_rows(named=True):
        table.add_row(
            row["by"],
            escape(row["name"]),
            f"{row['users']:,}",
            f"{row['changed'] / row['users']:.1%}",
            f"{row['churn']:.3f}",
            f"{row['top1_changed']:.1%}",
        )
    console.print(table)


def _print_verdicts(console: Console, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Show both verdicts side by side, and the one difference that is over the same users."""
    table = plain_table("verdict", escape(str(old["run_id"])), escape(str(new["run_id"])))
    for name, write in VERDICT_ROWS.items():
        cells = [write(verdict) if verdict["reported"] else "-" for verdict in (old, new)]
        table.add_row(name, *cells)
    console.print(table)
    paired = new["live"] or {}
    # Only the verdict on the new run compares the two: its fold lies after all the old run knew.
    if paired.get("run") != old["run_id"] or not paired["difference"]:
        console.print(
            "The two were not judged on the same users and times: their figures are no comparison."
        )
        return
    gap = paired["difference"]
    console.print(
        f"New minus old on the same {paired['users']:,} users, "
        f"by labels later than what the old run knew: "
        f"{gap['value']:+.4f} NDCG@10 [{gap['low']:+.4f}, {gap['high']:+.4f}]."
    )


def _writer(part: str, name: str) -> Callable[[Mapping[str, Any]], str]:
    """Return a function that writes one figure of a part of a verdict."""

    def _write(verdict: Mapping[str, Any]) -> str:
        figure = (verdict[part] or {}).get(name)
        value = figure["value"] if isinstance(figure, dict) else figure
        return "-" if value is None else f"{value:.4f}"

    return _write


def _method(verdict: Mapping[str, Any]) -> str:
    return escape(str(verdict["method"]))


def _data_until(verdict: Mapping[str, Any]) -> str:
    return to_minute(verdict["as_of"])


def _reported(verdict: Mapping[str, Any]) -> str:
    ndcg = verdict["reported"]
    return f"{ndcg['value']:.4f} [{ndcg['low']:.4f}, {ndcg['high']:.4f}]"


def _population(verdict: Mapping[str, Any]) -> str:
    window = f", {verdict['window']} days" if verdict["window"] else ""
    return f"{verdict['users']:,} users, split by {verdict['kind']}{window}"


VERDICT_ROWS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "lists by": _method,
    "data until": _data_until,
    "judged on": _population,
    "NDCG@10": _reported,
    "recall@20": _writer("row", "recall@20"),
    "coverage@10": _writer("lists", "coverage@10"),
}
"""Rows of the two verdicts side by side, each with the function that writes its cell."""


def _print_items(console: Console, title: str, items: pl.DataFrame) -> None:
    if items.is_empty():
        return
    table = plain_table("item", "title", "lists before>", "lists after>", title=title)
    for row in items.head(SHOWN_ITEMS).iter_rows(named=True):
        table.add_row(
            escape(row["item_id"]),
            escape(row["title"] or ""),
            f"{row['before']:,}",
            f"{row['after']:,}",
        )
    console.print(table)
