"""The screen of `fusion monitor`: drift, stability and alerts in a few lines."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from dashboards.measures.churn_excess import Churn
from dashboards.measures.drift import drifted_shares
from flows.cli.terminal_text import one_line

if TYPE_CHECKING:  # Evidently takes seconds to import, and most verbs never monitor
    from dashboards.measures.stability import Stability
    from flows.steps.watch.monitor import Monitored

SIMILARITIES = {"jaccard": "Jaccard@10", "rbo": "rank-biased overlap"}
"""Measures of how alike two lists of a user are, by the words for them."""


def print_monitoring(console: Console, monitored: "Monitored") -> None:
    """Show drift, stability and alerts, with the files to open.

    Args:
        console: where to show it.
        monitored: what monitoring measured.
    """
    shares = [f"{subject} {share:.0%}" for subject, share in drifted_shares(list(monitored.drift))]
    console.print(f"\nDrifted columns: {', '.join(shares) or 'none was compared'}.")
    if monitored.note:
        console.print(escape(monitored.note))
    if monitored.stability:
        similarity = describe_similarity(monitored.stability.value)
        console.print(f"Lists against run {monitored.against}: {similarity}.")
        if churn := describe_churn(monitored.stability, monitored.no_floor):
            console.print(escape(churn))
    else:
        console.print("Lists: the first run of this placement, there is nothing to compare with.")
    for alert in monitored.alerts:
        console.print(f"[bold yellow]Alert[/] {escape(one_line(alert.message))}")
    files = monitored.files
    if files.is_drawn:
        console.print(f"Reports: {files.folder}/drift.html, stability.html", markup=False)
    else:
        console.print(f"Report: {files.stability_html}", markup=False)
        console.print("Drift page: `fusion ui` draws it when it is first opened.", markup=False)


def describe_similarity(value: Callable[[str], float | None]) -> str:
    """Say how alike the lists of two runs are, beside what chance alone gives.

    Args:
        value: a figure of `Stability` by its name; None where it was not measured.

    Returns:
        A part of a sentence.
    """
    parts = []
    for name, title in SIMILARITIES.items():
        similarity = value(name)
        by_chance = value(f"{name}_chance")
        if similarity is None:
            continue
        part = f"{title} {similarity:.2f}"
        # Only a ranker has a twin; nothing is known of chance in other methods' lists.
        if by_chance is not None:
            part += f" (chance alone: {by_chance:.2f})"
        parts.append(part)
    return ", ".join(parts) or "no user has a list in both"


def describe_churn(stability: "Stability", no_floor: str) -> str:
    """Say how much lists changed beside what training again would change by chance alone.

    Args:
        stability: of the lists of two runs.
        no_floor: why nothing tells what chance changes; "" where the twin does.

    Returns:
        One sentence; "" where no user has a list in both.
    """
    churn = Churn.of(stability)
    if churn is None:
        return ""
    changed = f"{churn.value:.0%} of a list changed on average"
    if churn.chance is None or churn.excess is None:
        why = f": {no_floor}" if no_floor else ""
        return f"{changed}; what retraining alone changes is not known{why}."
    beside = f"{changed}, and retraining alone changes {churn.chance:.0%}"
    if churn.excess <= 0:
        return f"{beside}: no reason to roll back."
    return f"{beside}: {churn.excess:.0%} is more than chance."
