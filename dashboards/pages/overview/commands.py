"""Commands that answer an alert."""

import re

from dashboards.pages.overview.facts import AlertFacts

COMMAND = re.compile(r"`(fusion [^`]+)`")
"""A command in the sentence of an alert."""
BY_KIND = {"fault": "fusion watch", "change": "fusion retrain --explain"}
"""What to type where the sentence names no command: a fault is looked at again once the data is
mended, a change is answered by a training if the policy asks for one."""


def next_commands(alert: AlertFacts) -> list[str]:
    """Return what can be typed about an alert that stands.

    Args:
        alert: any.

    Returns:
        Commands without a configuration, the cure first, then the one that says that somebody
        knows; none for an alert that is resolved.
    """
    if alert.state == "resolved":
        return []
    commands = COMMAND.findall(alert.message)
    if not commands and alert.kind in BY_KIND:
        commands = [BY_KIND[alert.kind]]
    if alert.state == "open":
        commands.append(f"fusion alerts ack {alert.id} --why TEXT")
    return list(dict.fromkeys(commands))
