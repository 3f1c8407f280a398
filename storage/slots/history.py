"""The moves of a slot, and which run came before the one it shows."""

from sqlalchemy import Connection, select

from storage.schema.row_objects import Move
from storage.schema.tables import run, slot_move


def moves(connection: Connection, placement: str, name: str = "live") -> list[Move]:
    """Give the moves of a slot, oldest first."""
    source, target = run.alias("source"), run.alias("target")
    statement = (
        select(slot_move, source.c.run_id.label("from_run_id"), target.c.run_id.label("to_run_id"))
        .outerjoin(source, source.c.run_no == slot_move.c.from_run_no)
        .outerjoin(target, target.c.run_no == slot_move.c.to_run_no)
        .where(slot_move.c.placement == placement, slot_move.c.name == name)
        .order_by(slot_move.c.id)
    )
    return [Move(**row) for row in connection.execute(statement).mappings()]


def path(history: list[Move]) -> list[int]:
    """Give the run numbers that lead to the present one, which is the last: the way that rollbacks walk back.

    A publish goes one step on. A rollback goes back to where its run stands on the way, so that the
    runs after it are off the way and no later rollback returns to them; to a run that is off the
    way it is a step on.
    """
    way: list[int] = []
    for move in history:
        if move.to_run_no is None or move.action == "unfreeze":
            continue
        if move.action == "rollback" and move.to_run_no in way:
            last = len(way) - 1 - way[::-1].index(move.to_run_no)
            del way[last + 1 :]
        else:
            way.append(move.to_run_no)
    return way
