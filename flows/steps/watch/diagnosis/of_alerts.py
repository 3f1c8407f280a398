"""Alerts as a diagnosis knows them."""

from collections.abc import Iterable
from dataclasses import replace
from math import isfinite
from typing import Any

from dashboards.diagnosis.facts import Realised, StandingAlert
from fusion.watching.causes import QUALITY
from storage.schema.row_objects import RunRow
from storage.watches.alert_rows import AlertRow, NewAlert
from storage.watches.answers import ANSWERED_BY

LEAST = ("source_changed", "source_ceiling", "ranker_fell")
"""Codes of a run's alerts on figures that are too low; of most others the figure is too high."""


def alerts_on(run: RunRow, stored: Iterable[AlertRow]) -> tuple[StandingAlert, ...]:
    """Select the alerts that may say something of a run.

    Args:
        run: the run.
        stored: alerts of its placement, resolved ones too, the oldest first.

    Returns:
        The run's own; those of watches that stand, but none of a later run's time, and none that
        somebody took as expected; and changes that this run answered as it went live.
    """
    chosen = []
    for row in stored:
        is_of_later = row.run_no is not None and row.run_no > run.run_no
        is_of_other = row.kind == "run" and row.run_no != run.run_no
        if is_of_later or is_of_other or row.is_expected:
            continue
        is_answered = (row.parameters or {}).get(ANSWERED_BY) == run.run_id
        if row.state != "resolved" or is_answered:
            chosen.append(replace(standing_alert(row), is_answered=is_answered))
    return tuple(chosen)


def standing_alert(alert: AlertRow | NewAlert) -> StandingAlert:
    """Return an alert as a diagnosis knows it.

    Args:
        alert: as it is stored, or as it is raised.
    """
    parameters = alert.parameters or {}
    low, high = parameters.get("low"), parameters.get("high")
    if alert.kind == "run":
        is_least = alert.name in LEAST or _lies_below(alert)
        low, high = (alert.threshold, None) if is_least else (None, alert.threshold)
    return StandingAlert(
        cause=alert.cause,
        subject=alert.subject,
        name=alert.name,
        kind=alert.kind,
        severity=alert.severity,
        value=finite(alert.value),
        low=finite(low),
        high=finite(high),
        columns=tuple(parameters.get("columns") or ()),
    )


def _lies_below(alert: AlertRow | NewAlert) -> bool:
    """Tell whether a share of exposure is below its limit: such a limit may be of either side."""
    value, limit = alert.value, alert.threshold
    is_share = alert.name == "exposure_limit"
    return is_share and value is not None and limit is not None and value < limit


def realised_below(run: RunRow, stored: Iterable[AlertRow]) -> Realised | None:
    """Return what a run realised, where that lies below its promise.

    Args:
        run: the run.
        stored: alerts of its placement.

    Returns:
        That of the window before that of the first day, which few users tell; None where the run
        did what it promised, or nothing is known yet.
    """
    below = {}
    for row in stored:
        is_standing = row.state != "resolved" and row.value is not None
        if row.cause == QUALITY.code and row.run_no == run.run_no and is_standing:
            below[row.subject] = row
    chosen = below.get("window") or below.get("day")
    if chosen is None or chosen.value is None:
        return None
    parameters = chosen.parameters or {}
    low, high = finite(parameters.get("low")), finite(parameters.get("high"))
    return Realised(chosen.subject, chosen.value, low, high, chosen.severity == "alarm")


def finite(value: Any) -> float | None:
    """Return a number; None for what is none, NaN and infinities among it.

    Args:
        value: of a document.
    """
    is_number = isinstance(value, int | float) and isfinite(value)
    return float(value) if is_number else None
