"""The screen of `fusion run`, `retrain` and `train`: what a turn of the loop did."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from flows.cli.options.language import say, told
from flows.cli.screens.monitoring import print_monitoring
from flows.cli.screens.slots import run_and_method
from flows.cli.screens.verdict import print_verdict
from flows.visible_text import one_line

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
        answer = say("Due") if outcome.due.due else say("Not due")
        console.print(f"{answer} ({outcome.due.trigger}): {escape(told(outcome.due.reason))}")
        if not outcome.due.due:
            console.print(say("`fusion retrain --force` trains all the same."), markup=False)
    if outcome.trained:
        print_verdict(console, outcome.trained.manifest)
        _print_findings(console, outcome.trained.findings)
    if outcome.monitored:
        print_monitoring(console, outcome.monitored)
    _print_publication(console, outcome)
    _print_monitor_error(console, outcome)
    for refusal in outcome.refusals:
        console.print(f"\n[bold red]{say('Refused')}[/] {escape(told(refusal))}")
    if outcome.refusals:
        console.print(say("Nothing was published: live is unchanged."))


def _print_publication(console: Console, outcome: "Outcome") -> None:
    """Say which run is shown or held."""
    published, trained = outcome.published, outcome.trained
    if not published or not trained:
        return
    word = f"[bold green]{say('Published')}[/]"
    if published.is_challenger:
        word = f"[bold yellow]{say('Held')}[/]"
    console.print(f"\n{word} {run_and_method(published.run_id, trained.manifest['method'])}.")
    if published.is_challenger:
        console.print(describe_publication(published), markup=False)


def _print_monitor_error(console: Console, outcome: "Outcome") -> None:
    """Say that a run is not monitored, where monitoring failed."""
    if not outcome.monitor_error or not outcome.trained:
        return
    reason = escape(outcome.monitor_error.removesuffix("."))
    cure = say("`fusion monitor %(run)s` repeats it.", run=outcome.trained.run_id)
    console.print(f"[bold yellow]{say('Not monitored')}[/]: {reason}. {cure}")


def _print_findings(console: Console, findings: "Sequence[NotableFinding]") -> None:
    """Show the findings of the data that concern a large share of it."""
    for finding in findings:
        head = (
            f"[bold yellow]{say('Data')}[/] {finding.share:.1%} {finding.code} ({finding.subject})"
        )
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
        instead = say(" instead of %(run)s", run=previous) if previous else ""
        return say("Live: run %(run)s%(instead)s.", run=run_id, instead=instead)
    replaced = ""
    if published.replaced:
        replaced = say(
            "It takes the place of run %(run)s, which waited there.", run=published.replaced
        )
        replaced = f"{replaced}\n"
    return say(
        "Challenger: run %(run)s; live is unchanged. %(replaced)s"
        "Next: `fusion diff live challenger`, then\n"
        "`fusion approve %(run)s`, or `fusion reject --why TEXT`.",
        run=run_id,
        replaced=replaced,
    )
