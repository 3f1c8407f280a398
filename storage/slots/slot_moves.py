"""Steps of a move: lock the slot, look at the run, set the pointer, write the history."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fusion.core.clocks import ahead_sentence, is_ahead
from fusion.errors import Overtaken, Refused
from storage.schema import tables
from storage.schema.row_objects import Move
from storage.schema.types import utc_now
from storage.slots.history import moves

ANY = -1
"""Any run that a slot may show: the caller judged the new run against nothing."""


@dataclass(frozen=True)
class MoveReason:
    """The circumstances of a move.

    Attributes:
        at: aware time.
        by: who makes it.
        reason: why, for the history.
    """

    at: datetime
    by: str
    reason: str


def lock_slot(connection: Connection, placement: str, name: str, by: str) -> Row[Any]:
    """Lock a slot's row until the transaction ends; make an empty one where there is none.

    A caller that locks both slots of a placement locks `live` first, so that two callers never
    wait for each other.

    Args:
        connection: inside a transaction that writes; on SQLite that holds the database anyway.
        placement: where lists are shown.
        name: the slot.
        by: who is written down on a new row.

    Returns:
        The row of `slot`.
    """
    # A row that is not there cannot be locked, and of two callers only one may insert it.
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    empty = {"placement": placement, "name": name, "changed_at": utc_now(), "changed_by": by}
    connection.execute(dialect.insert(tables.slot).values(empty).on_conflict_do_nothing())
    locked = select(tables.slot).where(slot_at(placement, name)).with_for_update()
    return connection.execute(locked).one()


def slot_at(placement: str, name: str) -> ColumnElement[bool]:
    """Return the condition that selects one row of `slot`.

    Args:
        placement: where lists are shown.
        name: the slot.
    """
    return (tables.slot.c.placement == placement) & (tables.slot.c.name == name)


def refuse_frozen(slot: Row[Any]) -> None:
    """Refuse to move a slot that is frozen.

    Args:
        slot: its locked row.

    Raises:
        Refused: it is frozen now.
    """
    now = utc_now()
    if slot.frozen_until is not None and slot.frozen_until > now:
        until = f"{slot.frozen_until:%Y-%m-%d %H:%M} UTC, by {slot.changed_by}: {slot.reason}"
        frozen = f"placement {slot.placement!r} is frozen until {until}"
        # A person froze it, so it stays so; but they meant hours, not years.
        if is_ahead(slot.changed_at, now):
            frozen += f" ({ahead_sentence('it was frozen', slot.changed_at, now)})"
        raise Refused(f"{frozen}. `fusion unfreeze` ends it.")


def refuse_unready(connection: Connection, placement: str, run_no: int) -> None:
    """Refuse to show a run that is not ready, and keep a ready one so until the move is done.

    Args:
        connection: inside the transaction of the move.
        placement: where the run would be shown.
        run_no: the run.

    Raises:
        Refused: the run is not there, not ready, or of another placement.
    """
    # FOR SHARE holds a deletion off that would begin between this look and the move.
    this_run = tables.run.c.run_no == run_no
    wanted = select(tables.run).where(this_run).with_for_update(read=True)
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
    """Refuse a move whose run was judged against another run than the slot shows.

    Args:
        slot: its locked row.
        instead_of: the run that the new one was judged against; None for none, `ANY` for whatever
            the slot shows.

    Raises:
        Overtaken: the slot was moved meanwhile.
    """
    if instead_of not in (ANY, slot.run_no):
        raise Overtaken(
            f"slot {slot.name!r} of placement {slot.placement!r} was moved by {slot.changed_by} "
            "while a run was judged against what it showed: try again"
        )


def move_slot(
    connection: Connection, slot: Row[Any], action: str, run_no: int | None, why: MoveReason
) -> Move:
    """Let a locked slot point at a run, or at none, and record the move.

    Args:
        connection: inside the transaction of the move.
        slot: its locked row.
        action: as in `slot_move`.
        run_no: the run; None empties the slot.
        why: when, who and why.

    Returns:
        The move.
    """
    changes = {"run_no": run_no, "changed_at": why.at, "changed_by": why.by, "reason": why.reason}
    this_slot = slot_at(slot.placement, slot.name)
    connection.execute(update(tables.slot).where(this_slot).values(changes))
    return record_move(connection, slot, action, run_no, why)


def record_move(
    connection: Connection, slot: Row[Any], action: str, run_no: int | None, why: MoveReason
) -> Move:
    """Write a row of history.

    Args:
        connection: inside the transaction of the move.
        slot: its row as it was before the move.
        action: as in `slot_move`.
        run_no: the run that the slot shows after the move.
        why: when, who and why.

    Returns:
        The move.
    """
    row = {
        "placement": slot.placement,
        "name": slot.name,
        "action": action,
        "from_run_no": _if_there(connection, slot.run_no),
        "to_run_no": run_no,
        "at": why.at,
        "by": why.by,
        "reason": why.reason,
    }
    connection.execute(insert(tables.slot_move).values(row))
    last = moves(connection, slot.placement, slot.name)[-1]
    return replace(last, is_new=True)


def _if_there(connection: Connection, run_no: int | None) -> int | None:
    """Return the number of a run that has a row; history cannot name one that somebody deleted."""
    number: int | None = connection.scalar(
        select(tables.run.c.run_no).where(tables.run.c.run_no == run_no)
    )
    return number
