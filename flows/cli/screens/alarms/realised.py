"""Lines about what became of published lists: realised beside promised and estimated."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from dashboards.language.catalogue import marked
from flows.cli.options.language import say, told
from flows.visible_text import one_line

SPANS = {
    "day": marked("on its first day"),
    "window": marked("in its window"),
    "daily": marked("a user's day, over the days so far"),
}


def describe_outcome(became: Mapping[str, Any]) -> str:
    """Return a realised figure in a sentence.

    Args:
        became: as `facts` of a watch hold it.
    """
    figure = f"NDCG@{became['k']} {became['value']:.4f} {_interval(became)}"
    promised = became["promised"]
    beside = ""
    if promised and promised["low"] is not None:
        value = f"{promised['value']:.4f} {_interval(promised)}"
        beside = say(", promised %(value)s", value=value)
    if estimated := became.get("estimated"):
        value = f"{estimated['value']:.4f}"
        if estimated["low"] is not None:
            value += f" {_interval(estimated)}"
        beside += say(", estimated of its lists %(value)s", value=value)
    note = f"; {told(became['note'])}" if became["note"] else ""
    is_below = say(": below its promise") if became["is_below"] else ""
    return say(
        "Run %(run)s realised %(figure)s %(span)s, %(users)s users%(more)s.",
        run=became["run_id"],
        figure=figure,
        span=say(SPANS[became["horizon"]]),
        users=f"{became['users']:,}",
        more=f"{beside}{note}{is_below}",
    )


def print_realised(console: Console, listed: Sequence[Mapping[str, Any]]) -> None:
    """Show in one line what became of the live run: its window where that has closed, else its day.

    Args:
        console: where to show it.
        listed: figures of the run by horizon.
    """
    by_horizon = {one["horizon"]: one for one in listed}
    closed = [one for one in listed if not one["is_early"] and one["horizon"] != "daily"]
    shown = closed[-1] if closed else by_horizon.get("day")
    if shown is not None:
        console.print(f"  {one_line(describe_outcome(shown))}", markup=False)


def _interval(ends: Mapping[str, Any]) -> str:
    return f"[{ends['low']:.4f}, {ends['high']:.4f}]"
