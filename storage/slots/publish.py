"""Publish, roll back, unfreeze: each one transaction and one row of history."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, update

from fusion.errors import Refused, UnknownName
from storage.database.engine import writing
from storage.schema import tables
from storage.schema.row_objects import Move
from storage.schema.types import utc_now
from storage.slots.history import moves, rollback_path
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
    """Let a slot point at a run.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        run_no: a run of that placement with status `ready`.
        by: who moves it.
        reason: why, for the history.
        slot: `live`, or `challenger` to look at first.
        at: aware time to write down; now when None.
        instead_of: the number of the run, or None for no run, that the slot must still show.

    Returns:
        The move. Where the slot shows the run already, it stays, and this is its last move.

    Raises:
        Refused: the slot is frozen, or the run is not ready or of another placement.
        Overtaken: the slot shows another run than `instead_of`.
        Temporary: another publish holds the slot for longer than `BUSY_SECONDS`.
    """
    with writing(engine) as connection:
        shown = lock_slot(connection, placement, slot, by)
        refuse_frozen(shown)
        refuse_unready(connection, placement, run_no)
        # A publish that is repeated is no error and leaves no second row of history.
        if shown.run_no == run_no:
            return moves(connection, placement, slot)[-1]
        refuse_overtaken(shown, instead_of)
        why = MoveReason(at or utc_now(), by, reason)
        move = move_slot(connection, shown, "publish", run_no, why)
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
    """Let the live slot point at an earlier run again; works while the slot is frozen.

    Two rollbacks in a row go two runs back.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        to_run_id: a run that was live; None for the one before.
        freeze: how long no publish moves the slot from now on; None leaves a freeze as it is.
        by: who rolls back.
        reason: why, for the history.

    Returns:
        The move.

    Raises:
        Refused: there is no run before, or it is not ready any more.
        UnknownName: the named run was never live.
    """
    with writing(engine) as connection:
        # A frozen slot is not refused: going back is what one does while it is frozen.
        shown = lock_slot(connection, placement, "live", by)
        run_no = _rollback_target(connection, placement, to_run_id)
        refuse_unready(connection, placement, run_no)
        now = utc_now()
        move = move_slot(connection, shown, "rollback", run_no, MoveReason(now, by, reason))
        if freeze is not None:
            _set_freeze(connection, placement, now + freeze)
    logger.info(
        "rolled back placement=%s from=%s to=%s", placement, move.from_run_id, move.to_run_id
    )
    return move


def unfreeze(engine: Engine, placement: str, by: str) -> Move | None:
    """End the freeze of the live slot, with a row of history.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        by: who ends it.

    Returns:
        The move, from a run to itself; None when the slot was not frozen.
    """
    with writing(engine) as connection:
        shown = lock_slot(connection, placement, "live", by)
        if shown.frozen_until is None or shown.frozen_until <= utc_now():
            return None
        _set_freeze(connection, placement, None)
        why = MoveReason(utc_now(), by, f"was frozen until {shown.frozen_until:%Y-%m-%d %H:%M} UTC")
        return record_move(connection, shown, "unfreeze", shown.run_no, why)


def _rollback_target(connection: Connection, placement: str, to_run_id: str | None) -> int:
    """Return the number of the run to go back to: the named one, or the one before."""
    history = moves(connection, placement)
    if to_run_id is None:
        path = rollback_path(history)
        if len(path) < 2:
            raise Refused(
                f"placement {placement!r} has no run before the one that is live: "
                "nothing to go back to"
            )
        return path[-2]
    was_live = {
        move.to_run_id: move.to_run_no for move in history if move.to_run_id and move.to_run_no
    }
    if not was_live:
        raise Refused(f"placement {placement!r} has shown no run yet: nothing to go back to")
    if to_run_id not in was_live:
        raise UnknownName(f"run that was live in placement {placement!r}", to_run_id, was_live)
    return was_live[to_run_id]


def _set_freeze(connection: Connection, placement: str, until: datetime | None) -> None:
    live = slot_at(placement, "live")
    connection.execute(update(tables.slot).where(live).values(frozen_until=until))
