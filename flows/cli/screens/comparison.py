"""The screen of `fusion diff`: who would see other lists, which items come and go, what was judged."""

from collections.abc import Callable
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape

from flows.cli.screens.overview import likeness, table, when
from flows.steps.watch.compare import Comparison, verdict_of

SHOWN = 8
"""Items in each table; `--json` has more."""


def comparison(console: Console, found: Comparison, *, waits: bool) -> None:
    """Show a comparison; `waits`: the new run is a challenger that somebody may approve."""
    old, new = found.old, found.new
    pair = f"From {old.run_id} ({old.method}) to {new.run_id} ({new.method})"
    console.print(f"{pair}: {likeness(found.stable.value)}.", markup=False)
    everyone = found.groups.row(0, named=True)
    gained, lost = (int(found.stable.value(f"users_{name}") or 0) for name in ("gained", "lost"))
    console.print(
        f"{everyone['changed']:,} of {everyone['users']:,} users see another list; "
        f"{gained:,} users gain one, {lost:,} lose theirs."
    )
    _groups(console, found.groups)
    _verdicts(console, verdict_of(old), verdict_of(new))
    for title, items in (
        ("Items gained", found.gained),
        ("Items lost", found.lost),
        ("Biggest movers", found.moved),
    ):
        _items(console, title, items)
    if waits:
        console.print(
            f"Next: fusion approve {new.run_id}, or fusion reject --why TEXT", markup=False
        )


def _groups(console: Console, groups: pl.DataFrame) -> None:
    made = table("by", "who", "users>", "other list>", "churn@10>", "other first item>")
    several = groups.filter((pl.col("by") == "all") | (pl.len().over("by") > 1))
    for row in several.filter(pl.col("users") > 0).iter_rows(named=True):
        changed = f"{row['changed'] / row['users']:.1%}"
        made.add_row(
            row["by"], escape(row["name"]), f"{row['users']:,}", changed, f"{row['churn']:.3f}",
            f"{row['top1_changed']:.1%}",
        )  # fmt: skip
    console.print(made)


def _verdicts(console: Console, old: dict[str, Any], new: dict[str, Any]) -> None:
    """The two verdicts side by side, and the one comparison that is over the same users."""
    made = table("verdict", str(old["run_id"]), str(new["run_id"]))
    for name, words in FIGURES.items():
        made.add_row(name, *(words(one) if one["reported"] else "-" for one in (old, new)))
    console.print(made)
    paired = new["live"] or {}
    if paired.get("run") == old["run_id"] and paired["difference"]:
        gap = paired["difference"]
        console.print(
            f"New minus old on the same {paired['users']:,} users, by labels later than what the old run knew: "
            f"{gap['value']:+.4f} NDCG@10 [{gap['low']:+.4f}, {gap['high']:+.4f}]."
        )
    else:
        console.print(
            "The two were not judged on the same users and times: their figures are no comparison."
        )


def _figure(part: str, name: str) -> Callable[[dict[str, Any]], str]:
    def words(one: dict[str, Any]) -> str:
        found = (one[part] or {}).get(name)
        value = found["value"] if isinstance(found, dict) else found
        return "-" if value is None else f"{value:.4f}"

    return words


def _reported(one: dict[str, Any]) -> str:
    found = one["reported"]
    return f"{found['value']:.4f} [{found['low']:.4f}, {found['high']:.4f}]"


def _judged(one: dict[str, Any]) -> str:
    window = f", {one['window']} days" if one["window"] else ""
    return f"{one['users']:,} users, split by {one['kind']}{window}"


FIGURES: dict[str, Callable[[dict[str, Any]], str]] = {
    "lists by": lambda one: escape(str(one["method"])),
    "data until": lambda one: when(one["as_of"]),
    "judged on": _judged,
    "NDCG@10": _reported,
    "recall@20": _figure("row", "recall@20"),
    "coverage@10": _figure("lists", "coverage@10"),
}


def _items(console: Console, title: str, items: pl.DataFrame) -> None:
    if items.is_empty():
        return
    made = table("item", "title", "lists before>", "lists after>", title=title)
    for row in items.head(SHOWN).iter_rows(named=True):
        made.add_row(
            escape(row["item_id"]), escape(row["title"] or ""), f"{row['before']:,}", f"{row['after']:,}"
        )  # fmt: skip
    console.print(made)
