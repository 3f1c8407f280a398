"""Histories of users that stand in SQL: how many, and that they go."""

from sqlalchemy import Connection, Engine, delete, func, select

from storage.database.engine import writing
from storage.schema.tables import run, user_history


def drop_histories(engine: Engine, placement: str) -> int:
    """Delete the histories of a placement's users.

    Args:
        engine: from `connect`.
        placement: where lists are shown.

    Returns:
        The number of rows.
    """
    # Asked first: mostly there is nothing, and nobody shall wait for a transaction that writes.
    if not count_histories(engine, placement):
        return 0
    with writing(engine) as connection:
        return delete_histories(connection, placement)


def count_histories(engine: Engine, placement: str) -> int:
    """Count the users of a placement whose history stands in SQL.

    Args:
        engine: from `connect`.
        placement: where lists are shown.
    """
    of_placement = select(run.c.run_no).where(run.c.placement == placement)
    theirs = user_history.c.run_no.in_(of_placement)
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(user_history).where(theirs)) or 0


def delete_histories(connection: Connection, placement: str) -> int:
    """Delete the histories of a placement's users, inside a transaction.

    Args:
        connection: inside a transaction that writes.
        placement: where lists are shown.

    Returns:
        The number of rows.
    """
    of_placement = select(run.c.run_no).where(run.c.placement == placement)
    gone = delete(user_history).where(user_history.c.run_no.in_(of_placement))
    return connection.execute(gone).rowcount
