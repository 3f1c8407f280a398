"""Tidying up after trainings that were killed."""

import logging

from sqlalchemy import Engine, select, update

from fusion.errors import Temporary
from storage.alive import is_alive, tidy
from storage.engine import writing
from storage.lists import remove_lists
from storage.tables import run
from storage.types import utc_now

logger = logging.getLogger(__name__)


def sweep(engine: Engine, placement: str) -> list[str]:
    """Mark the runs of dead trainings as failed and delete what they half wrote.

    A run whose process still lives is left alone, whatever its age (see `storage.alive`). Rows go before
    the mark, so that a sweep that is itself killed, or kept waiting by a reader, is made good by the next
    one.

    Returns:
        The run_ids that were swept.

    """
    swept = []
    for run_no, run_id in _training(engine, placement):
        if _is_alive(engine, run_no):
            continue
        try:
            remove_lists(engine, run_no)
        except Temporary as error:
            logger.warning("run not swept yet run_id=%s: %s", run_id, error)
            continue
        _mark(engine, run_no)
        swept.append(run_id)
        logger.warning("run swept run_id=%s: its process ended in the middle", run_id)
    with engine.connect() as connection:
        tidy(connection, set(connection.scalars(select(run.c.run_no).where(run.c.status != "training"))))
    return swept


def _training(engine: Engine, placement: str) -> list[tuple[int, str]]:
    unfinished = (run.c.placement == placement) & (run.c.status == "training")
    with engine.connect() as connection:
        rows = connection.execute(select(run.c.run_no, run.c.run_id).where(unfinished).order_by(run.c.run_no))
        return [(row.run_no, row.run_id) for row in rows]


def _is_alive(engine: Engine, run_no: int) -> bool:
    with engine.connect() as connection:
        return is_alive(connection, run_no)


def _mark(engine: Engine, run_no: int) -> None:
    with writing(engine) as connection:
        dead = (run.c.run_no == run_no) & (run.c.status == "training")
        connection.execute(update(run).where(dead).values(status="failed", finished_at=utc_now()))
