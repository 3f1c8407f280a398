"""The screen of `fusion alerts`: what stands, and what to do about it."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from flows.cli.screens.tables import to_minute
from flows.cli.terminal_text import one_line
from storage.watches.alert_rows import AlertRow

STYLES = {"open": "bold yellow", "acknowledged": "dim", "resolved": "dim"}


def print_alerts(console: Console, placement: str, alerts: Sequence[AlertRow]) -> None:
    """Show alerts, a paragraph each.

    Args:
        console: where to show them.
        placement: whose they are.
        alerts: oldest first.
    """
    if not alerts:
        console.print(f"No alert stands in placement {placement!r}.", markup=False)
        return
    for alert in alerts:
        style = STYLES[alert.state]
        since = f"since {to_minute(alert.at)} UTC"
        heading = f"{alert.id}  {alert.kind}  {alert.cause}  {alert.state} {since}"
        console.print(f"[{style}]{escape(heading)}[/]")
        console.print(f"   {one_line(alert.message)}", markup=False)
        if alert.state == "acknowledged":
            console.print(f"   {one_line(_acknowledgement(alert))}", markup=False)
        if alert.resolved_why:
            console.print(f"   {one_line(alert.resolved_why)}", markup=False)
    first_open = next((alert for alert in alerts if alert.state == "open"), None)
    if first_open is not None:
        console.print(f"Next: `fusion alerts ack {first_open.id} --why TEXT`", markup=False)


def print_count(console: Console, alerts: Sequence[AlertRow]) -> None:
    """Say how many alerts are open; nothing where none is.

    Args:
        console: where to say it.
        alerts: that stand.
    """
    causes = [alert.cause for alert in alerts if alert.state == "open"]
    if causes:
        are = "alert is" if len(causes) == 1 else "alerts are"
        listed = escape(", ".join(causes))
        console.print(f"[yellow]{len(causes)} {are} open[/]: {listed}; see `fusion alerts`")


def _acknowledgement(alert: AlertRow) -> str:
    until = f"until {to_minute(alert.acknowledged_until)} UTC" if alert.acknowledged_until else ""
    expected = "as expected from now on" if alert.is_expected else until
    return f"acknowledged by {alert.acknowledged_by} {expected}: {alert.acknowledged_why}"
