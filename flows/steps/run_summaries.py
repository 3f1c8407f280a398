"""Summaries of runs and slots for machines."""

from datetime import datetime
from typing import Any

from flows.session import Session
from fusion.core.clocks import utc_now
from storage.database.errors import DamagedDatabase, NoDatabase
from storage.reading.live_run import live
from storage.runs.runs import runs
from storage.schema.row_objects import LiveRun, RunRow
from storage.watches.alert_rows import AlertRow
from storage.watches.alerts import alerts_of

RUN_KEYS = (
    "run_id",
    "placement",
    "kind",
    "as_of",
    "created_at",
    "finished_at",
    "status",
    "method",
    "list_size",
)
"""Columns of `run` in a summary: without the long manifest, and without SQL's own numbers."""
VERDICT_KEYS = ("rows", "chosen", "reported", "split")
"""Parts that the verdict of every version has."""


def run_summary(run: RunRow) -> dict[str, Any]:
    """Summarise a run.

    Args:
        run: its row.

    Returns:
        The columns of RUN_KEYS, and as `reported` the NDCG@10 with its interval, None for a run
        that failed.
    """
    # A run that failed, or still trains, has no verdict.
    verdict = run.verdict or {}
    columns = {key: getattr(run, key) for key in RUN_KEYS}
    return {**columns, "reported": verdict.get("reported")}


def require_verdict(run: RunRow) -> None:
    """Refuse a run whose verdict no training wrote; one that failed has none.

    Args:
        run: its row.

    Raises:
        DamagedDatabase: parts of the verdict are missing.
    """
    missing = [key for key in VERDICT_KEYS if key not in run.verdict] if run.verdict else []
    if missing:
        raise DamagedDatabase(
            f"run {run.run_id} has a verdict without {', '.join(missing)}: somebody changed the "
            "column run.verdict. Restore the row from a backup; `fusion db status` looks at all "
            "others."
        )


def slots_shown(session: Session) -> tuple[LiveRun | None, LiveRun | None]:
    """Return what the live slot and the challenger's show.

    Args:
        session: the database and its placement.

    Returns:
        Both; None for a slot that shows no run, and for both where there is no database yet.
    """
    try:
        engine = session.engine
    except NoDatabase:
        return None, None
    shown = live(engine, session.placement)
    challenger = live(engine, session.placement, "challenger")
    for slot in (shown, challenger):
        if slot is not None:
            require_verdict(slot.run)
    return shown, challenger


def alerts_shown(session: Session) -> list[AlertRow]:
    """Return the alerts that stand; none where there is no database yet.

    Args:
        session: the database and its placement.
    """
    try:
        return alerts_of(session.engine, session.placement)
    except NoDatabase:
        return []


def alert_summary(alert: AlertRow) -> dict[str, Any]:
    """Summarise an alert for machines.

    Args:
        alert: a stored one.

    Returns:
        Keys as docs/json.md names them.
    """
    said = alert.parameters or {}
    columns = said.get("columns") or []
    keys = ("id", "severity", "kind", "state", "cause", "subject", "name", "message", "value")
    return {
        **{key: getattr(alert, key) for key in keys},
        "column": columns[0] if columns else None,
        "usual": [said["low"], said["high"]] if "low" in said else None,
        "since": alert.at,
        "seen_at": alert.seen_at,
        "acknowledged_by": alert.acknowledged_by,
        "acknowledged_until": alert.acknowledged_until,
        "acknowledged_why": alert.acknowledged_why,
        "is_expected": alert.is_expected,
        "resolved_at": alert.resolved_at,
        "resolved_why": alert.resolved_why,
    }


def newest_runs(session: Session, limit: int) -> list[RunRow]:
    """Return the newest runs of the placement, newest first.

    Args:
        session: the database and its placement.
        limit: how many.

    Returns:
        The runs, also those that failed or were pruned: their rows are the history. Empty where
        there is no database yet.
    """
    try:
        engine = session.engine
    except NoDatabase:
        return []
    newest = runs(engine, session.placement, limit)
    for run in newest:
        require_verdict(run)
    return newest


def slot_summary(slot: LiveRun | None) -> dict[str, Any] | None:
    """Summarise a slot: its run, and how the run came there.

    Args:
        slot: what the slot shows; None when it shows nothing.

    Returns:
        The run's summary with `since`, `by`, `reason`, and `frozen_until`, which is None when the
        slot is not frozen now. None when the slot shows nothing.
    """
    if slot is None:
        return None
    return {
        **run_summary(slot.run),
        "since": slot.since,
        "by": slot.by,
        "reason": slot.reason,
        "frozen_until": frozen_until(slot),
    }


def frozen_until(slot: LiveRun) -> datetime | None:
    """Return the end of a slot's freeze, before which no publish moves the slot.

    Args:
        slot: what the slot shows.

    Returns:
        A time to come in UTC; None when the slot is not frozen now.
    """
    until = slot.frozen_until
    is_frozen = until is not None and until > utc_now()
    return until if is_frozen else None
