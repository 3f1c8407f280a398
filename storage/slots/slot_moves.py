"""The parts of a move: the slot's row is locked, the run looked at, the pointer set and the history written."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fusion.errors import Overtaken, Refused
from storage.schema import tables
from storage.schema.row_objects import Move
from storage.schema.types import utc_now
from storage.slots.history import moves

ANY = -1
"""Whatever a slot shows: the caller judged the new run against nothing."""


@dataclass(frozen=True)
class MoveReason:
    """When a move happens, who makes it, and why."""

    at: datetime
    by: str
    reason: str


def lock_slot(connection: Connection, placement: str, name: str, by: str) -> Row[Any]:
    """Lock the slot's row, made empty where there is none; SQLite's transaction holds the database anyway.

    Who locks both slots of a placement locks `live` first.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    empty = {"placement": placement, "name": name, "changed_at": utc_now(), "changed_by": by}
    connection.execute(dialect.insert(tables.slot).values(empty).on_conflict_do_nothing())
    return connection.execute(
        select(tables.slot).where(slot_at(placement, name)).with_for_update()
    ).one()


def slot_at(placement: str, name: str) -> ColumnElement[bool]:
    """Say which row of `slot` is meant."""
    return (tables.slot.c.placement == placement) & (tables.slot.c.name == name)


def refuse_frozen(slot: Row[Any]) -> None:
    """Raise Refused while the slot is frozen."""
    if slot.frozen_until is not None and slot.frozen_until > utc_now():
        until = f"{slot.frozen_until:%Y-%m-%d %H:%M} UTC, by {slot.changed_by}: {slot.reason}"
        raise Refused(
            f"placement {slot.placement!r} is frozen until {until}. `fusion unfreeze` ends it."
        )


def refuse_unready(connection: Connection, placement: str, run_no: int) -> None:
    """See that a run may be shown, and keep it so until the move is done (FOR SHARE holds deletion off).

    Raises Refused: the run is not there, not ready, or of another placement.
    """
    wanted = select(tables.run).where(tables.run.c.run_no == run_no).with_for_update(read=True)
    run = connection.execute(wanted).one_or_none()
    if run is None:
        raise Refused(f"run number {run_no} does not exist")
    if run.placement != placement:
        raise Refused(
            f"run {run.run_id!r} was made for placement {run.placement!r}, not for {placement!r}"
        )
    if run.status != "ready":
        raise Refused(
            f"run {run.run_id!r} is {run.status}; only a ready run can be shown (`fusion runs`)"
        )


def refuse_overtaken(slot: Row[Any], instead_of: int | None) -> None:
    """Raise Overtaken when a locked slot shows another run than the one that a new one was judged against."""
    if instead_of not in (ANY, slot.run_no):
        raise Overtaken(
            f"slot {slot.name!r} of placement {slot.placement!r} was moved by {slot.changed_by} while a run was judged "
            "against what it showed: try again"
        )


def move_slot(
    connection: Connection, slot: Row[Any], action: str, run_no: int | None, why: MoveReason
) -> Move:
    """Let a locked slot point at a run, or at none, and write the move down."""
    row = {"run_no": run_no, "changed_at": why.at, "changed_by": why.by, "reason": why.reason}
    connection.execute(update(tables.slot).where(slot_at(slot.placement, slot.name)).values(row))
    return record_move(connection, slot, action, run_no, why)


def record_move(
    connection: Connection, slot: Row[Any], action: str, run_no: int | None, why: MoveReason
) -> Move:
    """Write a row of history and give it."""
    row = {
        "from_run_no": slot.run_no,
        "to_run_no": run_no,
        "at": why.at,
        "by": why.by,
        "reason": why.reason,
    }
    values = {"placement": slot.placement, "name": slot.name, "action": action, **row}
    connection.execute(insert(tables.slot_move).values(values))
    return replace(moves(connection, slot.placement, slot.name)[-1], is_new=True)
