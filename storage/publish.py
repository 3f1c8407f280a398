"""Moving the pointer that says which run readers see: one transaction, one row of history a move."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fusion.errors import Refused, UnknownName
from storage import tables
from storage.engine import writing
from storage.history import moves, path
from storage.rows import Move
from storage.types import utc_now

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Why:
    at: datetime
    by: str
    reason: str


def publish(  # noqa: PLR0913 who, when and why belong to a move as much as from and to
    engine: Engine,
    placement: str,
    run_no: int,
    *,
    by: str,
    reason: str,
    slot: str = "live",
    at: datetime | None = None,
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

    Raises:
        Refused: the slot is frozen, or the run is not ready or of another placement.
        Temporary: another publish holds the slot for longer than `BUSY_SECONDS`.

    """
    with writing(engine) as connection:
        found = _lock(connection, placement, slot, by)
        _refuse_frozen(found)
        _refuse_unready(connection, placement, run_no)
        if found.run_no == run_no:
            return moves(connection, placement, slot)[-1]
        move = _move(connection, found, "publish", run_no, _Why(at or utc_now(), by, reason))
    logger.info("published placement=%s slot=%s from=%s to=%s", placement, slot, move.from_run_id, move.to_run_id)
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
        found = _lock(connection, placement, "live", by)
        run_no = _target(connection, placement, to_run_id)
        _refuse_unready(connection, placement, run_no)
        now = utc_now()
        move = _move(connection, found, "rollback", run_no, _Why(now, by, reason))
        if freeze is not None:
            _set_freeze(connection, placement, now + freeze)
    logger.info("rolled back placement=%s from=%s to=%s", placement, move.from_run_id, move.to_run_id)
    return move


def unfreeze(engine: Engine, placement: str, by: str) -> Move | None:
    """End the freeze of the live slot, with a row of history; None when it was not frozen."""
    with writing(engine) as connection:
        found = _lock(connection, placement, "live", by)
        if found.frozen_until is None or found.frozen_until <= utc_now():
            return None
        _set_freeze(connection, placement, None)
        reason = f"was frozen until {found.frozen_until:%Y-%m-%d %H:%M} UTC"
        return _record(connection, found, "unfreeze", found.run_no, _Why(utc_now(), by, reason))


def _lock(connection: Connection, placement: str, name: str, by: str) -> Row[Any]:
    """Lock the slot's row, made empty where there is none; SQLite's transaction holds the database anyway."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    empty = {"placement": placement, "name": name, "changed_at": utc_now(), "changed_by": by}
    connection.execute(dialect.insert(tables.slot).values(empty).on_conflict_do_nothing())
    return connection.execute(select(tables.slot).where(_at(placement, name)).with_for_update()).one()


def _at(placement: str, name: str) -> ColumnElement[bool]:
    return (tables.slot.c.placement == placement) & (tables.slot.c.name == name)


def _refuse_frozen(slot: Row[Any]) -> None:
    if slot.frozen_until is not None and slot.frozen_until > utc_now():
        until = f"{slot.frozen_until:%Y-%m-%d %H:%M} UTC, by {slot.changed_by}: {slot.reason}"
        raise Refused(f"placement {slot.placement!r} is frozen until {until}. `fusion unfreeze` ends it.")


def _refuse_unready(connection: Connection, placement: str, run_no: int) -> None:
    """See that a run may be shown, and keep it so until the move is done (FOR SHARE holds deletion off)."""
    wanted = select(tables.run).where(tables.run.c.run_no == run_no).with_for_update(read=True)
    run = connection.execute(wanted).one_or_none()
    if run is None:
        raise Refused(f"run number {run_no} does not exist")
    if run.placement != placement:
        raise Refused(f"run {run.run_id!r} was made for placement {run.placement!r}, not for {placement!r}")
    if run.status != "ready":
        raise Refused(f"run {run.run_id!r} is {run.status}; only a ready run can be shown")


def _target(connection: Connection, placement: str, to_run_id: str | None) -> int:
    history = moves(connection, placement)
    way = path(history)
    if to_run_id is None:
        if len(way) < 2:
            raise Refused(f"placement {placement!r} has no run before the one that is live: nothing to go back to")
        return way[-2]
    live = {move.to_run_id: move.to_run_no for move in history if move.to_run_id and move.to_run_no}
    if not live:
        raise Refused(f"placement {placement!r} has shown no run yet: nothing to go back to")
    if to_run_id not in live:
        raise UnknownName(f"run that was live in placement {placement!r}", to_run_id, live)
    return live[to_run_id]


def _move(connection: Connection, slot: Row[Any], action: str, run_no: int, why: _Why) -> Move:
    row = {"run_no": run_no, "changed_at": why.at, "changed_by": why.by, "reason": why.reason}
    connection.execute(update(tables.slot).where(_at(slot.placement, slot.name)).values(row))
    return _record(connection, slot, action, run_no, why)


def _record(connection: Connection, slot: Row[Any], action: str, run_no: int | None, why: _Why) -> Move:
    row = {"from_run_no": slot.run_no, "to_run_no": run_no, "at": why.at, "by": why.by, "reason": why.reason}
    values = {"placement": slot.placement, "name": slot.name, "action": action, **row}
    connection.execute(insert(tables.slot_move).values(values))
    return moves(connection, slot.placement, slot.name)[-1]


def _set_freeze(connection: Connection, placement: str, until: datetime | None) -> None:
    connection.execute(update(tables.slot).where(_at(placement, "live")).values(frozen_until=until))
