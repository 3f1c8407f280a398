"""Rows as frozen Python objects."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class RunRow:
    """One row of `run`: a training with everything made from it. Times are aware UTC."""

    run_no: int
    run_id: str
    placement: str
    kind: str
    base_run_no: int | None
    as_of: datetime | None
    created_at: datetime
    finished_at: datetime | None
    status: str
    method: str | None
    list_size: int | None
    data_hash: str | None
    config_hash: str | None
    verdict: dict[str, Any] | None
    manifest: dict[str, Any] | None


@dataclass(frozen=True)
class Move:
    """One row of `slot_move`, with the outside names of its runs. `from_*` is None for a slot's first.

    `is_new`: by the call that gives it, not earlier.
    """

    id: int
    placement: str
    name: str
    action: str
    from_run_no: int | None
    from_run_id: str | None
    to_run_no: int | None
    to_run_id: str | None
    at: datetime
    by: str
    reason: str | None
    is_new: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class LiveRun:
    """The run that a slot points at, and how it came there."""

    run: RunRow
    since: datetime
    by: str
    reason: str | None
    frozen_until: datetime | None


@dataclass(frozen=True)
class Decision:
    """One row of `decision`: whether a retraining was due, and why."""

    id: int
    at: datetime
    placement: str
    due: bool
    reason: str
    trigger: str
    run_no: int | None
