"""The screen of `fusion watch`: what has arrived, what is unusual, and which alerts stand."""

from typing import TYPE_CHECKING, Any

from rich.console import Console

from dashboards.language.catalogue import marked
from flows.cli.options.language import say, told
from flows.cli.screens.alarms.alerts import print_alerts
from flows.cli.screens.alarms.realised import describe_outcome
from flows.cli.screens.tables import to_minute
from flows.visible_text import one_line

if TYPE_CHECKING:  # what watches takes a while to import
    from flows.steps.arrivals.watch import WatchOutcome


UNITS = (marked("day"), marked("window"))
"""What a watch judges, as its facts name it."""


def print_watch(console: Console, placement: str, outcome: "WatchOutcome") -> None:
    """Show what a watch found.

    Args:
        console: where to show it.
        placement: that was watched.
        outcome: of the watch.
    """
    facts = outcome.facts
    newest = outcome.newest
    arrived = say("no event")
    if newest:
        arrived = say("the newest event is of %(time)s UTC", time=to_minute(newest))
    heading = say(
        "Watch %(number)s as of %(time)s UTC: %(rows)s rows, %(arrived)s.",
        number=outcome.watch_no,
        time=to_minute(outcome.as_of),
        rows=f"{facts['rows']:,}",
        arrived=arrived,
    )
    console.print(heading, markup=False)
    for unit in UNITS:
        if facts[unit]:
            console.print(_judged(unit, facts[unit]), markup=False)
    coverage = facts["coverage"]
    if coverage:
        share = {"share": f"{coverage['users']:.1%}", "day": coverage["since"]}
        sentence = say("Users with a live list: %(share)s of events since %(day)s.", **share)
        console.print(sentence, markup=False)
    for became in facts["realised"]:
        console.print(one_line(describe_outcome(became)), markup=False)
    if outcome.note:
        console.print(told(outcome.note), markup=False)
    print_alerts(console, placement, outcome.alerts)


def _judged(unit: str, facts: dict[str, Any]) -> str:
    """Say how many figures were judged, and how many are not as usual."""
    figures = facts["figures"]
    judged = [one for one in figures if one["state"] != "short"]
    unusual = [one for one in judged if one["state"] in ("alarm", "look")]
    names = ", ".join(_name(one) for one in unusual)
    ending = f": {names}" if names else ""
    return say(
        "The %(unit)s from %(day)s: %(judged)s of %(all)s figures judged, "
        "%(unusual)s unusual%(names)s.",
        unit=say(unit),
        day=facts["start"],
        judged=len(judged),
        all=len(figures),
        unusual=len(unusual),
        names=ending,
    )


def _name(figure: dict[str, Any]) -> str:
    parts = [figure["subject"], figure["name"], figure["column"]]
    return ".".join(part for part in parts if part)
