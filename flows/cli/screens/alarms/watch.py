"""The screen of `fusion watch`: what has arrived, what is unusual, and which alerts stand."""

from typing import TYPE_CHECKING, Any

from rich.console import Console

from flows.cli.screens.alarms.alerts import print_alerts
from flows.cli.screens.tables import to_minute

if TYPE_CHECKING:  # what watches takes a while to import
    from flows.steps.arrivals.watch import WatchOutcome


def print_watch(console: Console, placement: str, outcome: "WatchOutcome") -> None:
    """Show what a watch found.

    Args:
        console: where to show it.
        placement: that was watched.
        outcome: of the watch.
    """
    facts = outcome.facts
    newest = outcome.newest
    arrived = f"the newest event is of {to_minute(newest)} UTC" if newest else "no event"
    heading = f"Watch {outcome.watch_no} as of {to_minute(outcome.as_of)} UTC"
    console.print(f"{heading}: {facts['rows']:,} rows, {arrived}.", markup=False)
    for unit in ("day", "window"):
        if facts[unit]:
            console.print(_judged(unit, facts[unit]), markup=False)
    coverage = facts["coverage"]
    if coverage:
        share = f"{coverage['users']:.1%} of events since {coverage['since']}"
        console.print(f"Users with a live list: {share}.", markup=False)
    if outcome.note:
        console.print(outcome.note, markup=False)
    print_alerts(console, placement, outcome.alerts)


def _judged(unit: str, facts: dict[str, Any]) -> str:
    """Say how many figures were judged, and how many are not as usual."""
    figures = facts["figures"]
    judged = [one for one in figures if one["state"] != "short"]
    unusual = [one for one in judged if one["state"] in ("alarm", "look")]
    names = ", ".join(_name(one) for one in unusual)
    ending = f": {names}" if names else ""
    return (
        f"The {unit} from {facts['start']}: {len(judged)} of {len(figures)} figures judged, "
        f"{len(unusual)} unusual{ending}."
    )


def _name(figure: dict[str, Any]) -> str:
    parts = [figure["subject"], figure["name"], figure["column"]]
    return ".".join(part for part in parts if part)
