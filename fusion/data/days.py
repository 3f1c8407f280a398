"""Days of a time zone: the moments at which they begin."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MS = 1000


def midnight(day: date, timezone: str) -> int:
    """Return the moment at which a day begins.

    Args:
        day: of the time zone.
        timezone: IANA zone.

    Returns:
        Epoch ms.
    """
    moment = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone))
    return round(moment.timestamp() * MS)


def day_of(moment: int, timezone: str) -> date:
    """Return the day in which a moment lies.

    Args:
        moment: epoch ms.
        timezone: IANA zone.
    """
    # Whole seconds: a float of ms could be rounded into the next day.
    aware = datetime.fromtimestamp(moment // MS, UTC)
    return aware.astimezone(ZoneInfo(timezone)).date()


def shift_midnight(moment: int, days: int, timezone: str) -> int:
    """Return the midnight so many days after that of a moment's own day.

    Days of the calendar, which last 23 or 25 hours where clocks change.

    Args:
        moment: epoch ms.
        days: below 0 for earlier ones; 0 gives the last midnight at or before the moment.
        timezone: IANA zone.

    Returns:
        Epoch ms.
    """
    return midnight(day_of(moment, timezone) + timedelta(days=days), timezone)
