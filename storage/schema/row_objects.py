"""Rows of tables as frozen Python objects. Times are aware UTC."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class RunRow:
    """One row of `run`: a training with everything made from it.

    Attributes:
        run_no: number inside this database.
        run_id: outside name, also the name of its folder.
        placement: where its lists are shown.
        kind: `full`, or `backfill` of a past date; later also incremental kinds.
        base_run_no: the run that an incremental run stands on.
        as_of: up to when it knew data; None where the data has no times.
        created_at: begun.
        finished_at: ended; None while it is in training.
        status: `training`, `ready`, `rejected`, `failed` or `deleted`.
        method: `ranker`, `blend` or a source; None until it ended well.
        list_size: how long its lists are shown; the rows beyond are reserve.
        data_hash: hash of the data it was made from.
        config_hash: hash of the configuration, and after a `-` that of the rules.
        verdict: report of the verdict.
        manifest: versions, seeds, seconds, files, stages.
    """

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
    """One row of `slot_move`, with the outside names of its runs.

    Attributes:
        id: grows with time.
        placement: where lists are shown.
        name: the slot, `live` or `challenger`.
        action: `publish`, `approve`, `reject`, `rollback` or `unfreeze`.
        from_run_no: what the slot showed before; None for its first move.
        from_run_id: the outside name of that run.
        to_run_no: what it shows since; None when it was emptied.
        to_run_id: the outside name of that run.
        at: when.
        by: who.
        reason: why.
        is_new: made by the call that returned it; False when the slot showed the run already.
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
    """The run that a slot points at, and how it came there.

    Attributes:
        run: the run.
        since: when the slot was moved to it.
        by: who moved it.
        reason: why.
        frozen_until: until then no publish moves the slot; None when it was never frozen.
    """

    run: RunRow
    since: datetime
    by: str
    reason: str | None
    frozen_until: datetime | None
