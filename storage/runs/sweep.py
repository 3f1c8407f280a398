"""Tidy up after trainings that were killed."""

import logging

from sqlalchemy import Engine, delete, select, update

from fusion.errors import Temporary
from storage.database.engine import writing
from storage.runs.liveness import bury, is_alive, remove_ended
from storage.runs.partitions import remove_lists
from storage.schema.tables import metric, run
from storage.schema.types import utc_now

logger = logging.getLogger(__name__)


def sweep(engine: Engine, placement: str) -> list[str]:
    """Mark the runs of dead trainings as failed and delete what they half wrote.

    A run whose process still lives is left alone, whatever its age (see `storage.runs.liveness`),
    and so is one that ends while the sweep looks. The mark comes before the rows go, so that nobody
    can show or fill what is being taken away. Rows that a reader holds, or that a killed sweep
    left, go with the next prune (`storage.runs.retention`).

    Args:
        engine: from `connect`.
        placement: whose runs.

    Returns:
        The run_ids that were swept.
    """
    swept = []
    for run_no, run_id in _training_runs(engine, placement):
        if _is_alive(engine, run_no):
            continue
        try:
            # The mark first: from then on nobody can show the run or load rows into it.
            if _mark_failed(engine, run_no):
                swept.append(run_id)
                logger.warning("run swept run_id=%s: its process ended in the middle", run_id)
                remove_lists(engine, run_no, with_metrics=False)
        except Temporary as error:
            logger.warning("run not swept whole yet run_id=%s: %s", run_id, error)
    remove_ended(engine)
    return swept


def _training_runs(engine: Engine, placement: str) -> list[tuple[int, str]]:
    """Return number and name of the runs in training, alive or not."""
    unfinished = (run.c.placement == placement) & (run.c.status == "training")
    statement = select(run.c.run_no, run.c.run_id).where(unfinished).order_by(run.c.run_no)
    with engine.connect() as connection:
        return [(row.run_no, row.run_id) for row in connection.execute(statement)]


def _is_alive(engine: Engine, run_no: int) -> bool:
    with engine.connect() as connection:
        return is_alive(connection, run_no)


def _mark_failed(engine: Engine, run_no: int) -> bool:
    """Mark a run failed and delete its metrics; False when its training ended or came back."""
    this_run = run.c.run_no == run_no
    with writing(engine) as connection:
        status = select(run.c.status).where(this_run).with_for_update(key_share=True)
        if connection.execute(status).scalar() != "training":
            return False
        if is_alive(connection, run_no, lock=True):
            return False
        bury(connection, run_no)
        ended = {"status": "failed", "finished_at": utc_now()}
        connection.execute(update(run).where(this_run).values(ended))
        connection.execute(delete(metric).where(metric.c.run_no == run_no))
    return True
