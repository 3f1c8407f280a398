"""A watch as Markdown, for an artifact of its flow run."""

from flows.prefect_flows.results.markdown import bullets
from flows.steps.arrivals.watch import WatchOutcome


def watch_report(outcome: WatchOutcome) -> str:
    """Write what a watch found, the alerts first.

    Args:
        outcome: of the watch.

    Returns:
        Markdown.
    """
    heading = f"**{_conclusion(outcome)}**"
    alerts = [f"{one.cause} ({one.kind}, {one.state}): {one.message}" for one in outcome.alerts]
    newest = outcome.newest
    until = f"{newest:%Y-%m-%d %H:%M} UTC" if newest else "nowhere"
    rows = f"Watch {outcome.watch_no}: {outcome.facts['rows']:,} rows, events up to {until}."
    parts = [heading, bullets(alerts), rows, outcome.note]
    return "\n\n".join(part for part in parts if part) + "\n"


def _conclusion(outcome: WatchOutcome) -> str:
    n_open = sum(one.state == "open" for one in outcome.alerts)
    if not n_open:
        return "As usual: no alert is open"
    return f"{n_open} alert is open" if n_open == 1 else f"{n_open} alerts are open"
