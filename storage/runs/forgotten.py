"""Forgotten people: a keyed hash of each, never the id."""

from collections.abc import Collection

from sqlalchemy import Engine, insert, select

from storage.database.engine import writing
from storage.runs.liveness import is_alive
from storage.schema.tables import forgotten, run
from storage.schema.types import utc_now


def add_forgotten(engine: Engine, hashes: Collection[str], key_mark: str) -> set[str]:
    """Store hashes of people who are forgotten.

    Args:
        engine: from `connect`.
        hashes: 64 hex digits each; those that are stored already stay as they are.
        key_mark: 8 hex digits that tell the key of the hashes from another.

    Returns:
        The hashes that are new.
    """
    with writing(engine) as connection:
        known = connection.execute(select(forgotten.c.hash)).scalars()
        new = sorted(set(hashes).difference(known))
        if new:
            now = utc_now()
            rows = [{"hash": one, "key_mark": key_mark, "at": now} for one in new]
            connection.execute(insert(forgotten), rows)
    return set(new)


def all_forgotten(engine: Engine) -> dict[str, str]:
    """Return the hashes of all people who are forgotten, each with the mark of its key.

    Args:
        engine: from `connect`.
    """
    with engine.connect() as connection:
        rows = connection.execute(select(forgotten.c.hash, forgotten.c.key_mark))
        return {row.hash: row.key_mark for row in rows}


def trainings(engine: Engine) -> list[str]:
    """Return the run_ids of trainings that go on now, in any placement of the database.

    Args:
        engine: from `connect`.
    """
    unfinished = select(run.c.run_no, run.c.run_id).where(run.c.status == "training")
    with engine.connect() as connection:
        rows = connection.execute(unfinished).all()
        return [row.run_id for row in rows if is_alive(connection, row.run_no)]
