"""Moving the pointer that says which run readers see: one transaction, one row of history a move."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, update

from fusion.errors import Refused, UnknownName
from storage.database.engine import writing
from storage.schema import tables
from storage.schema.row_objects import Move
from storage.schema.types import utc_now
from storage.slots.history import moves, path
from storage.slots.slot_moves import (
    ANY,
    MoveReason,
    lock_slot,
    move_slot,
    record_move,
    refuse_frozen,
    refuse_overtaken,
    refuse_unready,
    slot_at,
)

logger = logging.getLogger(__name__)


def publish(  # noqa: PLR0913 who, when and why belong to a move as much as from and to
    engine: Engine,
    placement: str,
    run_no: int,
    *,
    by: str,
    reason: str,
    slot: str = "live",
    at: datetime | None = None,
    instead_of: int | None = ANY,
) -> Move:
    """Let a slot point at a run. A run that is there already stays, and its last move is given back.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        run_no: a run of that placement with status `ready`.
        by: who moves it.
        reason: why, for the history.
        slot: `live`, or `challenger` to look at first.
        at: aware time to write down; now when None.
        instead_of: the number of the run, or None for no run, that the slot must still show.

    Raises:
        Refused: the slot is frozen, or the run is not ready or of another placement.
        Overtaken: the slot shows another run than `instead_of`.
        Temporary: another publish holds the slot for longer than `BUSY_SECONDS`.

    """
    with writing(engine) as connection:
        found = lock_slot(connection, placement, slot, by)
        refuse_frozen(found)
        refuse_unready(connection, placement, run_no)
        if found.run_no == run_no:
            return moves(connection, placement, slot)[-1]
        refuse_overtaken(found, instead_of)
        move = move_slot(
            connection, found, "publish", run_no, MoveReason(at or utc_now(), by, reason)
        )
    logger.info(
        "published placement=%s slot=%s from=%s to=%s",
        placement,
        slot,
        move.from_run_id,
        move.to_run_id,
    )
    return move


def rollback(
    engine: Engine,
    placement: str,
    to_run_id: str | None = None,
    freeze: timedelta | None = None,
    *,
    by: str,
    reason: str,
) -> Move:
    """Let the live slot point at the run before, or at a named run that was live; works while frozen.

    Two in a row go two back. With `freeze`, no publish moves the slot until then.

    Raises:
        Refused: there is no run before, it is gone, or the named run was never live.

    """
    with writing(engine) as connection:
        found = lock_slot(connection, placement, "live", by)
        run_no = _target(connection, placement, to_run_id)
        refuse_unready(connection, placement, run_no)
        now = utc_now()
        move = move_slot(connection, found, "rollback", run_no, MoveReason(now, by, reason))
        if freeze is not None:
            _set_freeze(connection, placement, now + freeze)
    logger.info(
        "rolled back placement=%s from=%s to=%s", placement, move.from_run_id, move.to_run_id
    )
    return move


def unfreeze(engine: Engine, placement: str, by: str) -> Move | None:
    """End the freeze of the live slot, with a row of history; None when it was not frozen."""
    with writing(engine) as connection:
        found = lock_slot(connection, placement, "live", by)
        if found.frozen_until is None or found.frozen_until <= utc_now():
            return None
        _set_freeze(connection, placement, None)
        reason = f"was frozen until {found.frozen_until:%Y-%m-%d %H:%M} UTC"
        return record_move(
            connection, found, "unfreeze", found.run_no, MoveReason(utc_now(), by, reason)
        )


def _target(connection: Connection, placement: str, to_run_id: str | None) -> int:
    history = moves(connection, placement)
    way = path(history)
    if to_run_id is None:
        if len(way) < 2:
            raise Refused(
                f"placement {placement!r} has no run before the one that is live: nothing to go back to"
            )
        return way[-2]
    live = {move.to_run_id: move.to_run_no for move in history if move.to_run_id and move.to_run_no}
    if not live:
        raise Refused(f"placement {placement!r} has shown no run yet: nothing to go back to")
    if to_run_id not in live:
        raise UnknownName(f"run that was live in placement {placement!r}", to_run_id, live)
    return live[to_run_id]


def _set_freeze(connection: Connection, placement: str, until: datetime | None) -> None:
    connection.execute(
        update(tables.slot).where(slot_at(placement, "live")).values(frozen_until=until)
    )
