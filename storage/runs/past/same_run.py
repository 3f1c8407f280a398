"""Find a run that was made before of the same data, configuration and moment."""

from datetime import datetime

from sqlalchemy import Engine, select

from storage.runs.runs import run_row
from storage.schema.row_objects import RunRow
from storage.schema.tables import run


def find_same_run(
    engine: Engine,
    placement: str,
    *,
    kind: str,
    as_of: datetime,
    data_hash: str,
    config_hash: str,
) -> RunRow | None:
    """Find a run of a placement that was made of the same.

    Args:
        engine: from `connect`.
        placement: whose runs.
        kind: of a run that was refused; one of another kind was held against other lists.
        as_of: aware time up to which the data was known.
        data_hash: hash of the data.
        config_hash: hash of the configuration.

    Returns:
        The newest such run that ended ready, or rejected; None where there is none, as it failed
        or was pruned.
    """
    same = select(run).where(
        run.c.placement == placement,
        run.c.as_of == as_of,
        run.c.data_hash == data_hash,
        run.c.config_hash == config_hash,
        (run.c.status == "ready") | ((run.c.status == "rejected") & (run.c.kind == kind)),
    )
    with engine.connect() as connection:
        row = connection.execute(same.order_by(run.c.run_no.desc()).limit(1)).mappings().first()
    return run_row(row) if row else None
