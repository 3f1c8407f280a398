"""Alerts as pages show them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Engine

from dashboards.pages.overview.facts import AlertFacts, AlertPage
from storage.reading.over_time.run_names import run_names
from storage.schema.types import utc_now
from storage.watches.alert_lists import earlier_alerts, find_alert, newest_alerts
from storage.watches.alert_rows import AlertRow, State
from storage.watches.watches import newest_figures

STATES: tuple[State, ...] = ("open", "acknowledged", "resolved")
MOST_ALERTS = 100
"""Alerts on a page; others stand in SQL."""
MOST_BEFORE = 10
MOST_VALUES = 60


def listed_alerts(engine: Engine, placement: str, state: str) -> Sequence[AlertFacts]:
    """Return the newest alerts of a placement.

    Args:
        engine: of the session.
        placement: where lists are shown.
        state: a state; "" for all.

    Returns:
        Open ones first, then what was acknowledged, alarms first in both and faults first of these;
        then what is resolved. The newest first where nothing else decides.
    """
    now = utc_now()
    rows: list[AlertRow] = []
    # Each by itself: many that are resolved must not push one that stands off the page.
    for one in STATES:
        if state in ("", one):
            rows += newest_alerts(engine, placement, [one], MOST_ALERTS, now)
    return alert_facts(engine, rows[:MOST_ALERTS])


def alert_facts(engine: Engine, rows: Iterable[AlertRow]) -> list[AlertFacts]:
    """Return rows as pages show them, in the order of `listed_alerts`.

    Args:
        engine: of the session.
        rows: alerts.
    """
    ordered = sorted(rows, key=lambda one: (_rank(one), -one.id))
    names = run_names(engine, {one.run_no for one in ordered if one.run_no is not None})
    return [_facts(one, names) for one in ordered]


def alert_page(engine: Engine, placement: str, number: int) -> AlertPage | None:
    """Return an alert with what surrounds it.

    Args:
        engine: of the session.
        placement: where lists are shown.
        number: of the alert.

    Returns:
        The alert; None where the placement has none of that number.
    """
    now = utc_now()
    row = find_alert(engine, placement, number, now)
    if row is None:
        return None
    (facts,) = alert_facts(engine, [row])
    before = alert_facts(engine, earlier_alerts(engine, row, MOST_BEFORE))
    return AlertPage(facts, before, _values(engine, placement, row))


def _values(engine: Engine, placement: str, row: AlertRow) -> list[tuple[str, float]]:
    """Values of the figure that points at the cause most of all, in days or windows that closed."""
    said = row.parameters or {}
    keys = said.get("figures")
    if not keys:
        return []
    figures = newest_figures(engine, placement, said["unit"], keys[0], MOST_VALUES)
    values = [(one.start, one.value) for one in figures if one.value is not None]
    # A day or window that is alarmed is not kept with the others.
    if row.value is not None and values and said["start"] > values[-1][0]:
        values.append((said["start"], row.value))
    return values


def _rank(row: AlertRow) -> tuple[int, bool, bool]:
    """What stands comes first, and of it what holds trainings; of what is over the newest."""
    stands = row.state != "resolved"
    is_alarm, is_fault = row.severity == "alarm", row.kind == "fault"
    return STATES.index(row.state), stands and not is_alarm, stands and not is_fault


def _facts(row: AlertRow, names: dict[int, str]) -> AlertFacts:
    said: dict[str, Any] = row.parameters or {}
    return AlertFacts(
        id=row.id,
        state=row.state,
        kind=row.kind,
        severity=row.severity,
        cause=row.cause,
        subject=row.subject,
        name=row.name,
        message=row.message,
        at=row.at,
        seen_at=row.seen_at,
        value=row.value,
        limit=row.threshold,
        usual=(said["low"], said["high"]) if "low" in said else None,
        run_id=names.get(row.run_no) if row.run_no is not None else None,
        watch_no=row.watch_no,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_why=row.acknowledged_why,
        acknowledged_until=row.acknowledged_until,
        is_expected=bool(row.is_expected),
        resolved_at=row.resolved_at,
        resolved_why=row.resolved_why,
    )
