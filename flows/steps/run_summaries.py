"""Summaries of runs and slots for machines."""

from datetime import UTC, datetime
from typing import Any

from storage.schema.row_objects import LiveRun, RunRow

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
    is_frozen = until is not None and until > datetime.now(UTC)
    return until if is_frozen else None
