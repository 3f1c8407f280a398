"""The screen of `fusion run`, `retrain` and `train`: what a turn of the loop did."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from flows.cli.screens.monitoring import print_monitoring
from flows.cli.screens.slots import run_and_method
from flows.cli.screens.verdict import print_verdict
from flows.cli.terminal_text import one_line

if TYPE_CHECKING:  # what trains takes seconds to import, and `fusion approve` only needs a sentence
    from flows.steps.alerts.findings import NotableFinding
    from flows.steps.publish.publish import Published
    from flows.steps.retrain.loop import Outcome


def print_outcome(console: Console, outcome: "Outcome") -> None:
    """Show what a turn of the loop did, step by step, and what it ended with.

    Args:
        console: where to show it.
        outcome: steps that were not reached are left out.
    """
    # In the order in which it happened, with the result last: there a person looks first.
    if outcome.due:
        answer = "Due" if outcome.due.due else "Not due"
        console.print(f"{answer} ({outcome.due.trigger}): {escape(outcome.due.reason)}")
        if not outcome.due.due:
            console.print("`fusion retrain --force` trains all the same.", markup=False)
    if outcome.trained:
        print_verdict(console, outcome.trained.manifest)
        _print_findings(console, outcome.trained.findings)
    if outcome.monitored:
        print_monitoring(console, outcome.monitored)
    _print_publication(console, outcome)
    _print_monitor_error(console, outcome)
    for refusal in outcome.refusals:
        console.print(f"\n[bold red]Refused[/] {escape(refusal)}")
    if outcome.refusals:
        console.print("Nothing was published: live is unchanged.")


def _print_publication(console: Console, outcome: "Outcome") -> None:
    """Say which run is shown or held."""
    published, trained = outcome.published, outcome.trained
    if not published or not trained:
        return
    word = "[bold yellow]Held[/]" if published.is_challenger else "[bold green]Published[/]"
    console.print(f"\n{word} {run_and_method(published.run_id, trained.manifest['method'])}.")
    if published.is_challenger:
        console.print(describe_publication(published), markup=False)


def _print_monitor_error(console: Console, outcome: "Outcome") -> None:
    """Say that a run is not monitored, where monitoring failed."""
    if not outcome.monitor_error or not outcome.trained:
        return
    reason = escape(outcome.monitor_error.removesuffix("."))
    cure = f"`fusion monitor {outcome.trained.run_id}` repeats it."
    console.print(f"[bold yellow]Not monitored[/]: {reason}. {cure}")


def _print_findings(console: Console, findings: "Sequence[NotableFinding]") -> None:
    """Show the findings of the data that concern a large share of it."""
    for finding in findings:
        head = f"[bold yellow]Data[/] {finding.share:.1%} {finding.code} ({finding.subject})"
        words = escape(one_line(f"{finding.message}. {finding.cure}"))
        console.print(f"{head}: {words}")


def describe_publication(published: "Published") -> str:
    """Say what the move of a slot did, and what comes next.

    Args:
        published: a run that is live, or held as the challenger.

    Returns:
        One or two sentences.
    """
    run_id = published.run_id
    if not published.is_challenger:
        previous = published.move.from_run_id if published.move.is_new else None
        instead = f" instead of {previous}" if previous else ""
        return f"Live: run {run_id}{instead}."
    replaced = ""
    if published.replaced:
        replaced = f"It takes the place of run {published.replaced}, which waited there.\n"
    return (
        f"Challenger: run {run_id}; live is unchanged. {replaced}"
        f"Next: `fusion diff live challenger`, then\n"
        f"`fusion approve {run_id}`, or `fusion reject --why TEXT`."
    )
