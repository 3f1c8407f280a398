"""Words, figures and commands of messages: short, escaped, and without anybody's id."""

import re
import shlex
from pathlib import Path
from typing import Any

from flows.visible_text import one_line
from fusion.errors import cut_words
from fusion.masking import mask_secrets

_CALLS = re.compile(r"@(?=everyone|here|channel|all\b)", re.IGNORECASE)
_ANGLES = str.maketrans({"<": "\u2039", ">": "\u203a"})
KINDS = {
    "fault": "the data is broken",
    "change": "the world has moved",
    "run": "figures of a run",
}
"""Kinds of alerts in words."""


def plain(text: str) -> str:
    """Escape a text that may hold words of the data.

    Chats call everybody by words such as `@channel` or `<!here>`, and read angles as markup.

    Args:
        text: a sentence.

    Returns:
        One line that steers nothing, without secrets.
    """
    shown = cut_words(mask_secrets(one_line(text))).translate(_ANGLES)
    return _CALLS.sub("@\u200b", shown)


def number(value: float | None) -> str:
    """Write a figure with four digits that say something.

    Args:
        value: the figure; None where it could not be computed.
    """
    return "unknown" if value is None else f"{value:,.4g}"


def figure(details: dict[str, Any]) -> str:
    """Write the figure of an alert beside what is usual.

    Args:
        details: of the event.
    """
    name = f"{plain(details['name'])} of {plain(details['subject'])}"
    if details["usual"] is not None:
        low, high = details["usual"]
        return f"{name}: {number(details['value'])}; usual is {number(low)} to {number(high)}"
    if details["limit"] is not None:
        return f"{name}: {number(details['value'])}; the limit is {number(details['limit'])}"
    return f"{name}: {number(details['value'])}" if details["value"] is not None else name


def moment(text: str) -> str:
    """Write a time for people.

    Args:
        text: ISO, in UTC.
    """
    return f"{text[:16].replace('T', ' ')} UTC"


def command(words: str, config: Path | None) -> str:
    """Complete a command, so that it can be copied into a terminal of the machine.

    Args:
        words: after `fusion`.
        config: the configuration file; None for the default one of the folder.
    """
    option = "" if config is None else f" --config {shlex.quote(str(config))}"
    return f"fusion {words}{option}"
