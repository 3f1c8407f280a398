"""Spans of time by which a run is judged: its first day, its window, each of its days."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fusion.config.sections import DEFAULT_WINDOW, SplitSettings
from storage.schema.row_objects import RunRow
from storage.watches.realised import Horizon

MS = 1000


@dataclass(frozen=True)
class RunSpan:
    """A span that begins where a run's knowledge ends.

    Attributes:
        horizon: "day" or "window".
        start: first ms.
        end: first ms after it.
        days: how long it is.
    """

    horizon: Horizon
    start: int
    end: int
    days: int


def spans_of(run: RunRow, split: SplitSettings, timezone: str) -> list[RunSpan]:
    """Return the horizons of a run.

    Args:
        run: its row, with an as_of.
        split: settings, for the window of a run whose split had none.
        timezone: IANA zone of days.

    Returns:
        Its first day and its window.
    """
    of_run = (run.verdict or {}).get("split", {}).get("window")
    window = of_run or split.window or DEFAULT_WINDOW
    lengths: dict[Horizon, int] = {"day": 1, "window": window}
    return [
        RunSpan(horizon, days_after(run, 0, timezone), days_after(run, days, timezone), days)
        for horizon, days in lengths.items()
    ]


def days_after(run: RunRow, days: int, timezone: str) -> int:
    """Return the moment some days after the end of a run's knowledge.

    Args:
        run: its row, with an as_of.
        days: how many; days of the calendar, which last 23 or 25 hours where clocks change.
        timezone: IANA zone.

    Returns:
        Epoch ms.
    """
    assert run.as_of is not None  # only runs that know times are judged
    local = run.as_of.astimezone(ZoneInfo(timezone)) + timedelta(days=days)
    return round(local.timestamp() * MS)


def moment_of(milliseconds: int, timezone: str) -> datetime:
    """Return a moment as an aware time of a zone.

    Args:
        milliseconds: since 1970.
        timezone: IANA zone.
    """
    return datetime.fromtimestamp(milliseconds / MS, ZoneInfo(timezone))
