"""The screen of `fusion alerts`: what stands, and what to do about it."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from dashboards.language.catalogue import DEFAULT, marked
from flows.cli.options.language import SPOKEN, cause, say, told
from flows.cli.screens.tables import paragraph, to_minute
from storage.watches.alert_rows import AlertRow

STYLES = {
    marked("open"): "bold yellow",
    marked("acknowledged"): "dim",
    marked("resolved"): "dim",
}
KINDS = {
    "fault": marked("broken data"),
    "change": marked("the world moved"),
    "run": marked("a run's own figures"),
}
"""Kinds of alerts in words, which pages use; in English their codes stand on the screen."""


def print_alerts(console: Console, placement: str, alerts: Sequence[AlertRow]) -> None:
    """Show alerts, a paragraph each.

    Args:
        console: where to show them.
        placement: whose they are.
        alerts: oldest first.
    """
    if not alerts:
        sentence = say("No alert stands in placement %(placement)s.", placement=repr(placement))
        console.print(sentence, markup=False)
        return
    for alert in alerts:
        style = STYLES[alert.state]
        since = say("since %(time)s UTC", time=to_minute(alert.at))
        kind, name = _kind(alert.kind), cause(alert.cause)
        heading = f"{alert.id}  {kind}  {name}  {say(alert.state)} {since}"
        console.print(f"[{style}]{escape(heading)}[/]")
        console.print(paragraph("   ", told(alert.message)))
        if alert.state == "acknowledged":
            console.print(paragraph("   ", _acknowledgement(alert)))
        if alert.resolved_why:
            console.print(paragraph("   ", told(alert.resolved_why)))
    first_open = next((alert for alert in alerts if alert.state == "open"), None)
    if first_open is not None:
        sentence = say("Next: `fusion alerts ack %(number)s --why TEXT`", number=first_open.id)
        console.print(sentence, markup=False)


def print_count(console: Console, alerts: Sequence[AlertRow]) -> None:
    """Say how many alerts are open; nothing where none is.

    Args:
        console: where to say it.
        alerts: that stand.
    """
    causes = [cause(alert.cause) for alert in alerts if alert.state == "open"]
    if causes:
        one = say("1 alert is open")
        count = one if len(causes) == 1 else say("%(n)s alerts are open", n=len(causes))
        listed = escape(", ".join(causes))
        console.print(f"[yellow]{count}[/]: {listed}; " + say("see `fusion alerts`"))


def _acknowledgement(alert: AlertRow) -> str:
    ending = ""
    if alert.is_expected:
        ending = say("as expected from now on")
    elif alert.acknowledged_until:
        ending = say("until %(time)s UTC", time=to_minute(alert.acknowledged_until))
    by = say("acknowledged by %(by)s", by=alert.acknowledged_by)
    return f"{by} {ending}: {alert.acknowledged_why}"


def _kind(code: str) -> str:
    """Name a kind of alerts; commands and SQL go by its code, which is an English word."""
    return code if SPOKEN.get() == DEFAULT else f"{say(KINDS[code])}（{code}）"
