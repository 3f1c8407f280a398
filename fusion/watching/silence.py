"""Silence: days since the newest event, beside the longest that the past has seen."""

from datetime import datetime

import numpy as np

from fusion.watching import causes
from fusion.watching.figure import Figure
from fusion.watching.reading.event_log import EventLog
from fusion.watching.scales import AMOUNT
from fusion.watching.statistics.judge import Judgement

MS_A_DAY = 86_400_000
SILENT_DAYS = Figure(
    "interactions", "silent_days", AMOUNT, "days since the newest event", high=causes.STALE
)


def judge_silence(log: EventLog, window_days: int, now: datetime) -> Judgement | None:
    """Judge how long nothing has happened.

    Windows are judged by the windows before them, and once a file has been dead for longer than
    those reach, empty ones look usual. The longest gap of the whole past does not get used to it.

    Args:
        log: all events before `now`.
        window_days: length of a window; a shorter silence is left to the figures of days.
        now: aware moment.

    Returns:
        The judgement, with the cause where it is an alarm; None without events.
    """
    times = log.events["time"].to_numpy()
    if not len(times):
        return None
    silent = (now.timestamp() * 1000 - float(times[-1])) / MS_A_DAY
    longest = float(np.diff(times).max(initial=0)) / MS_A_DAY
    limit = max(longest, float(window_days))
    is_silent = silent > limit
    return Judgement(
        SILENT_DAYS,
        "alarm" if is_silent else "healthy",
        silent,
        low=0.0,
        high=limit,
        effect=SILENT_DAYS.scale.effect(silent, limit),
        cause=causes.STALE if is_silent else None,
    )
