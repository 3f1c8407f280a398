"""Train as of a past date, or take the run that was made of the same before."""

import logging
from dataclasses import dataclass
from datetime import datetime

from flows.session import Session
from flows.steps.train.inputs import TrainingInputs, hash_inputs, read_inputs
from flows.steps.train.train import train_inputs, training_begun, training_lock
from fusion.runs.manifest import moment
from storage.runs.past.kinds import FULL
from storage.runs.past.same_run import find_same_run
from storage.runs.runs import find_run
from storage.schema.row_objects import RunRow

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PastRun:
    """A run as of a past date, stored and not published.

    Attributes:
        run: its row; ready, or rejected.
        is_reused: it was made before, and nothing was trained now.
    """

    run: RunRow
    is_reused: bool


def train_as_of(
    session: Session, as_of: datetime, kind: str = FULL, *, with_live: bool = True
) -> PastRun:
    """Train a run that knows what was known at a past date, unless there is one already.

    One of the same data up to that date and the same configuration is taken, so that work which
    was stopped in the middle goes on there.

    Args:
        session: the configuration, its placement and the database.
        as_of: aware time; only what was known before it is used.
        kind: of a new run, one of `storage.runs.past.kinds`.
        with_live: compare with the live run; not where that knows what came after `as_of`.

    Returns:
        The run.

    Raises:
        ConfigError: the configuration cannot be used.
        DataError: the data up to that date cannot be trained on.
        Temporary: another training of the folder goes on, people were forgotten meanwhile, or the
            database is busy.
    """
    with training_lock(session) as lock, training_begun(session) as limits:
        try:
            inputs = read_inputs(session, as_of, with_live=with_live)
            same = _same_run(session, inputs, kind)
            if same:
                log.info("run reused run_id=%s as_of=%s", same.run_id, as_of.isoformat())
                return PastRun(same, is_reused=True)
            trained = train_inputs(session, lock, inputs, limits, kind)
        except Exception:
            # The message of the failure knows no date, and is one of many here.
            log.error("training failed as_of=%s", as_of.isoformat())
            raise
    run = find_run(session.engine, session.placement, trained.run_id)
    return PastRun(run, is_reused=False)


def _same_run(session: Session, inputs: TrainingInputs, kind: str) -> RunRow | None:
    """Find the run that was made of the same."""
    data = inputs.data
    return find_same_run(
        session.engine,
        session.placement,
        kind=kind,
        as_of=moment(data.as_of),
        data_hash=data.digest,
        config_hash=hash_inputs(session, inputs.rule_set),
    )
