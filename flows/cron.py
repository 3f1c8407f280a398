"""Schedules in cron's five fields, checked before an orchestrator reads them."""

import re
from typing import Annotated

from pydantic import AfterValidator

FIELDS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 7)}
"""The five fields of a schedule and the numbers they take."""
NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat"
"""Months and weekdays as cron knows them; in any case."""


def require_cron(cron: str) -> str:
    """Require a schedule of five fields whose numbers are within bounds.

    Args:
        cron: the text.

    Returns:
        The same text.

    Raises:
        ValueError: it is no schedule; the message has an example and the bounds.
    """
    words = cron.split()
    is_schedule = len(words) == len(FIELDS) and all(map(_is_field, words, FIELDS.values()))
    if not is_schedule:
        allowed = ", ".join(f"{name} {low}-{high}" for name, (low, high) in FIELDS.items())
        raise ValueError(
            f'{cron!r} is no schedule; write five fields such as "0 3 * * *": {allowed}'
        )
    return cron


def _require_cron_or_never(cron: str) -> str:
    return require_cron(cron) if cron else cron


Cron = Annotated[str, AfterValidator(require_cron)]
CronOrNever = Annotated[str, AfterValidator(_require_cron_or_never)]
"""A schedule, or "" for none."""


def _is_field(field: str, bounds: tuple[int, int]) -> bool:
    """Say whether a field of cron holds words that cron knows, with its numbers within bounds."""
    value = rf"(\*|\d+|{NAMES})"
    if not re.fullmatch(rf"{value}([/,-]{value})*", field.lower()):
        return False
    # A number after a slash is a step, which may be larger than the field's numbers.
    numbers = re.findall(r"(?<![/\d])\d+", field)
    low, high = bounds
    return all(low <= int(number) <= high for number in numbers)
