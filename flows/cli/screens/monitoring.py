"""The screen of `fusion monitor`: drift, stability, alerts and causes in a few lines."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from dashboards.language.catalogue import marked
from dashboards.measures.churn_excess import Churn
from dashboards.measures.drift import drifted_shares
from flows.cli.options.language import say, told
from flows.cli.screens.alarms.diagnosis import print_diagnosis
from flows.visible_text import one_line

if TYPE_CHECKING:  # Evidently takes seconds to import, and most verbs never monitor
    from dashboards.measures.stability import Stability
    from flows.steps.watch.monitor import Monitored

SIMILARITIES = {"jaccard": "Jaccard@10", "rbo": marked("rank-biased overlap")}
"""Measures of how alike two lists of a user are, by the words for them."""


def print_monitoring(console: Console, monitored: "Monitored") -> None:
    """Show drift, stability and alerts, the files to open, and the most likely cause.

    Args:
        console: where to show it.
        monitored: what monitoring measured.
    """
    parts = [f"{subject} {share:.0%}" for subject, share in drifted_shares(list(monitored.drift))]
    shares = ", ".join(parts) or say("none was compared")
    console.print("\n" + say("Drifted columns: %(shares)s.", shares=shares))
    if monitored.note:
        console.print(escape(told(monitored.note)))
    if monitored.stability:
        similarity = describe_similarity(monitored.stability.value)
        against = {"run": monitored.against, "similarity": similarity}
        console.print(say("Lists against run %(run)s: %(similarity)s.", **against))
        if churn := describe_churn(monitored.stability, monitored.no_floor):
            console.print(escape(churn))
    else:
        first = say("Lists: the first run of this placement, there is nothing to compare with.")
        console.print(first)
    for alert in monitored.alerts:
        console.print(f"[bold yellow]{say('Alert')}[/] {escape(one_line(told(alert.message)))}")
    files = monitored.files
    if files.is_drawn:
        console.print(say("Drift page: %(file)s", file=files.drift_html), markup=False)
    else:
        sentence = say(
            "Drift page: `fusion ui` draws it when it is first opened, "
            "`fusion monitor %(run)s --draw` now.",
            run=monitored.run_id,
        )
        console.print(sentence, markup=False)
    sentence = say(
        "Page of the run: `fusion ui` shows it, "
        "`fusion report %(run)s --out report.html` writes it.",
        run=monitored.run_id,
    )
    console.print(sentence, markup=False)
    print_diagnosis(console, monitored.diagnosis)


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
        part = f"{say(title)} {similarity:.2f}"
        # Only a ranker has a twin; nothing is known of chance in other methods' lists.
        if by_chance is not None:
            part += say(" (chance alone: %(value)s)", value=f"{by_chance:.2f}")
        parts.append(part)
    return ", ".join(parts) or say("no user has a list in both")


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
    changed = f"{churn.value:.0%}"
    if churn.chance is None or churn.excess is None:
        return say(
            "%(share)s of a list changed on average; "
            "what retraining alone changes is not known%(why)s.",
            share=changed,
            why=f": {told(no_floor)}" if no_floor else "",
        )
    shares = {"share": changed, "chance": f"{churn.chance:.0%}", "excess": f"{churn.excess:.0%}"}
    # What reads as 0 % is no reason either.
    if round(churn.excess, 2) <= 0:
        return say(
            "%(share)s of a list changed on average, and retraining alone changes %(chance)s: "
            "no reason to roll back.",
            **shares,
        )
    return say(
        "%(share)s of a list changed on average, and retraining alone changes %(chance)s: "
        "%(excess)s is more than chance.",
        **shares,
    )
