"""Alerts: which figures are past their limits, in words that say what to look at next."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.drift import ColumnDrift, drifted_shares
from dashboards.settings import MonitorSettings
from dashboards.stability import Stability

NAMED = 3


@dataclass(frozen=True)
class Alert:
    """One figure past its limit."""

    subject: str
    name: str
    value: float
    limit: float
    message: str


def alerts(
    drift: Sequence[ColumnDrift], stability: Stability | None, settings: MonitorSettings
) -> list[Alert]:
    """Give what is past a limit: drift of a subject, churn of the lists, items gone from all lists."""
    found = _drift(drift, settings)
    return (
        found
        if stability is None
        else found + _churn(stability, settings) + _items(stability, settings)
    )


def _drift(drift: Sequence[ColumnDrift], settings: MonitorSettings) -> list[Alert]:
    found = []
    for subject, share in drifted_shares(drift):
        if share < settings.drift_share:
            continue
        columns = [one for one in drift if one.subject == subject and not one.moves]
        worst = sorted((one for one in columns if one.drifted), key=lambda one: -one.value)
        names = ", ".join(f"{one.column} ({one.method} {one.value:.2f})" for one in worst[:NAMED])
        message = (
            f"{len(worst)} of {len(columns)} columns of {subject} have drifted, most of all {names}. "
            f"Look at {subject} in drift.html: did the source of the data change, or the users?"
        )
        found.append(Alert(subject, "drifted_share", share, settings.drift_share, message))
    return found


def _churn(stability: Stability, settings: MonitorSettings) -> list[Alert]:
    value, chance = stability.value("churn"), stability.value("jaccard_chance")
    if value is None or value <= settings.churn_limit:
        return []
    beside = "" if chance is None else f"; chance alone changes {1 - chance:.0%}"
    message = (
        f"{value:.0%} of a list changed against the live run on average{beside}. Look at the segments in "
        f"stability.html; `fusion rollback` brings the previous lists back."
    )
    return [Alert("lists", "churn", value, settings.churn_limit, message)]


def _items(stability: Stability, settings: MonitorSettings) -> list[Alert]:
    kept = stability.value("items_kept")
    if kept is None or 1 - kept <= settings.items_limit:
        return []
    message = (
        f"{1 - kept:.0%} of the items that the live run listed are in no list now. Are items missing from "
        f"the data, or retired? Look at what is listed in stability.html."
    )
    return [Alert("lists", "items_lost", 1 - kept, settings.items_limit, message)]
