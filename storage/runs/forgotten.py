"""Who is forgotten: a keyed hash of each person, never the id."""

from collections.abc import Collection

from sqlalchemy import Engine, insert, select

from storage.database.engine import writing
from storage.runs.liveness import is_alive
from storage.schema.tables import forgotten, run
from storage.schema.types import utc_now


def add_forgotten(engine: Engine, hashes: Collection[str], key_mark: str) -> set[str]:
    """Keep hashes of people, made with the key that `key_mark` tells apart; gives those that were not there yet."""
    with writing(engine) as connection:
        known = set(connection.execute(select(forgotten.c.hash)).scalars())
        new = sorted(set(hashes) - known)
        if new:
            at = utc_now()
            connection.execute(
                insert(forgotten), [{"hash": one, "key_mark": key_mark, "at": at} for one in new]
            )
    return set(new)


def all_forgotten(engine: Engine) -> dict[str, str]:
    """Give the hashes of all people who are forgotten, each with the mark of its key."""
    with engine.connect() as connection:
        rows = connection.execute(select(forgotten.c.hash, forgotten.c.key_mark))
        return {row.hash: row.key_mark for row in rows}


def trainings(engine: Engine) -> list[str]:
    """Give the run_ids of trainings that go on in any placement of the database."""
    with engine.connect() as connection:
        begun = connection.execute(
            select(run.c.run_no, run.c.run_id).where(run.c.status == "training")
        ).all()
        return [row.run_id for row in begun if is_alive(connection, row.run_no)]
