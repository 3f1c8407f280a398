"""Lines about the most likely causes of what moved with a run."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from dashboards.language.catalogue import marked
from flows.cli.options.language import say, told
from flows.visible_text import one_line

if TYPE_CHECKING:
    from storage.watches.diagnosis import DiagnosisRow

SHOWN = 3
"""Causes that a screen shows; `--json` and SQL have all."""
FIGURES = 4
"""Figures of the first cause that it shows."""
KINDS = (
    *(marked("data"), marked("candidates"), marked("ranker"), marked("rules")),
    *(marked("publish"), marked("chance"), marked("unknown")),
)
"""Kinds of causes, as the table `diagnosis` has them."""


def print_diagnosis(console: Console, causes: Sequence["DiagnosisRow"]) -> None:
    """Show the most likely causes, the first with its figures.

    Args:
        console: where to show them.
        causes: the most likely first.
    """
    if not causes:
        return
    first, *others = causes[:SHOWN]
    title = f"[bold]{say('Most likely cause')}[/] ({say(first.kind)})"
    console.print(f"{title}: {escape(one_line(told(first.sentence)))}")
    for row in first.evidence[:FIGURES]:
        console.print(f"  {escape(one_line(describe_figure(row)))}")
    for cause in others:
        title = f"{say('Then')} ({say(cause.kind)})"
        console.print(f"{title}: {escape(one_line(told(cause.sentence)))}")


def describe_figure(row: Mapping[str, Any]) -> str:
    """Return a figure of the evidence in words.

    Args:
        row: subject, name, value, before, low, high.

    Returns:
        A line such as "ranker ndcg@10 0.1000, before 0.2200".
    """
    parts = [f"{row['subject']} {row['name']} {_number(row['value'])}"]
    if row["before"] is not None:
        parts.append(say("before %(value)s", value=_number(row["before"])))
    if row["low"] is not None and row["high"] is not None:
        ends = {"low": _number(row["low"]), "high": _number(row["high"])}
        parts.append(say("%(low)s to %(high)s", **ends))
    elif row["high"] is not None:
        parts.append(say("at most %(value)s", value=_number(row["high"])))
    elif row["low"] is not None:
        parts.append(say("at least %(value)s", value=_number(row["low"])))
    return ", ".join(parts)


def _number(value: float | None) -> str:
    if value is None:
        return say("unknown")
    is_count = float(value).is_integer() and abs(value) > 1
    return f"{value:,.0f}" if is_count else f"{value:.4f}"
