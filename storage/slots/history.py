"""The moves of a slot, and which run came before the one it shows."""

from sqlalchemy import ColumnElement, Connection, select

from storage.database.errors import DamagedDatabase
from storage.schema.row_objects import Move
from storage.schema.tables import run, slot_move


def moves(connection: Connection, placement: str, name: str = "live") -> list[Move]:
    """Return the moves of a slot, oldest first.

    Args:
        connection: to our database.
        placement: where lists are shown.
        name: the slot.

    Returns:
        Its rows of `slot_move`, with the outside names of the runs.
    """
    return _read(connection, (slot_move.c.placement == placement) & (slot_move.c.name == name))


def moves_of_run(connection: Connection, placement: str, run_no: int) -> list[Move]:
    """Return the moves of every slot to a run and away from it, oldest first.

    Args:
        connection: to our database.
        placement: where lists are shown.
        run_no: the run.
    """
    touches = (slot_move.c.to_run_no == run_no) | (slot_move.c.from_run_no == run_no)
    return _read(connection, (slot_move.c.placement == placement) & touches)


def _read(connection: Connection, wanted: ColumnElement[bool]) -> list[Move]:
    source = run.alias("source")
    target = run.alias("target")
    from_run_id = source.c.run_id.label("from_run_id")
    to_run_id = target.c.run_id.label("to_run_id")
    statement = (
        select(slot_move, from_run_id, to_run_id)
        .outerjoin(source, source.c.run_no == slot_move.c.from_run_no)
        .outerjoin(target, target.c.run_no == slot_move.c.to_run_no)
        .where(wanted)
        .order_by(slot_move.c.id)
    )
    rows = connection.execute(statement).mappings()
    return [Move(**row) for row in rows]


def require_history(connection: Connection, placement: str, name: str = "live") -> None:
    """Refuse a slot that shows no run, though its history ends at one.

    Args:
        connection: to our database.
        placement: where lists are shown.
        name: a slot that shows no run.

    Raises:
        DamagedDatabase: somebody deleted the slot's row, or the row of its run.
    """
    history = moves(connection, placement, name)
    last = history[-1] if history else None
    if last is None or last.to_run_no is None:
        return
    slot_name = f"slot {name!r} of placement {placement!r}"
    if last.to_run_id is None:
        raise DamagedDatabase(
            f"{slot_name} shows run number {last.to_run_no}, of which the table run has no row. "
            "Restore it from a backup; or `fusion rollback` shows the run before, and `fusion run` "
            "makes a new one."
        )
    raise DamagedDatabase(
        f"{slot_name} shows no run, though its history ends at run {last.to_run_id}: somebody "
        "changed the table slot. Restore it from a backup; or `fusion rollback --to "
        f"{last.to_run_id}` shows that run again."
    )


def rollback_path(history: list[Move]) -> list[int]:
    """Return the runs that rollbacks walk back over, the present one last.

    A publish goes one step on. A rollback goes back to where its run stands on the path, so that
    the runs after it leave the path and no later rollback returns to them; a rollback to a run that
    is off the path is a step on.

    Args:
        history: the moves of a slot, oldest first.

    Returns:
        Run numbers; a run may stand there twice. Empty while the slot has shown nothing.
    """
    path: list[int] = []
    for move in history:
        # An emptied slot shows nothing, and unfreezing shows the same run: neither is a step.
        if move.to_run_no is None or move.action == "unfreeze":
            continue
        if move.action == "rollback" and move.to_run_no in path:
            # A run may stand on the path twice: the last time counts.
            from_the_end = path[::-1].index(move.to_run_no)
            last = len(path) - 1 - from_the_end
            del path[last + 1 :]
        else:
            path.append(move.to_run_no)
    return path
