"""Moments and lengths of time, as options give them."""

import re
from datetime import UTC, datetime, timedelta
from typing import overload

from fusion.errors import ConfigError

SPAN_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
"""The letters after a length of time, by the argument of `timedelta` that they stand for."""
# At most six digits: the end must be a date.
_SPAN = re.compile(r"([1-9][0-9]{0,5})([mhd])")


@overload
def parse_moment(text: str, option: str = ...) -> datetime: ...
@overload
def parse_moment(text: str | None, option: str = ...) -> datetime | None: ...
def parse_moment(text: str | None, option: str = "--as-of") -> datetime | None:
    """Read the time that an option gives.

    Args:
        text: ISO 8601, a date or a time; without a zone it is UTC.
        option: its name, for the message.

    Returns:
        The aware time; None when no text is given.

    Raises:
        ConfigError: the text is no time; the message says which form it takes.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise ConfigError(
            f"{option} {text!r} is no time; write 2026-01-31 or 2026-01-31T06:00"
        ) from wrong
    # Without a zone it means UTC, on every machine.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@overload
def parse_span(text: str, option: str) -> timedelta: ...
@overload
def parse_span(text: str | None, option: str) -> timedelta | None: ...
def parse_span(text: str | None, option: str) -> timedelta | None:
    """Read the length of time that an option gives.

    Args:
        text: a whole number above 0 and a unit, such as 90m, 24h or 2d.
        option: its name, for the message.

    Returns:
        The length of time; None when no text is given.

    Raises:
        ConfigError: the text is no length of time.
    """
    if text is None:
        return None
    span = _SPAN.fullmatch(text)
    if span is None:
        shown = f"{text[:40]}..." if len(text) > 40 else text
        raise ConfigError(f"{option} {shown!r} is no length of time; write 90m, 24h or 2d")
    number, unit = span.groups()
    return timedelta(**{SPAN_UNITS[unit]: int(number)})
