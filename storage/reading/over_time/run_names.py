"""Names of runs by their numbers."""

from collections.abc import Collection

from sqlalchemy import Engine, select

from storage.schema.tables import run


def run_names(engine: Engine, run_nos: Collection[int]) -> dict[int, str]:
    """Return the outside names of runs.

    Args:
        engine: from `connect`.
        run_nos: numbers of runs.

    Returns:
        Name by number, of those that there are.
    """
    if not run_nos:
        return {}
    wanted = select(run.c.run_no, run.c.run_id).where(run.c.run_no.in_(list(run_nos)))
    with engine.connect() as connection:
        return {row.run_no: row.run_id for row in connection.execute(wanted)}
