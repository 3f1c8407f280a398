"""Training of a run: read everything, compute, write everything; what is live is not touched."""

import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.session import Session
from flows.steps.alerts.findings import NotableFinding, notable_findings
from flows.steps.keep.forgotten import require_same
from flows.steps.time_limits import TimeLimits, limited
from flows.steps.train.inputs import TrainingInputs, hash_inputs, read_inputs
from flows.steps.train.results import Training, write_failure, write_folder, write_sql
from fusion.compute.dask_cluster import require_dask
from fusion.core.locks.folder_lock import FolderLock, locked
from fusion.core.torch_runtime import device_for
from fusion.errors import ConfigError
from fusion.runs.cleanup import sweep_folders
from fusion.runs.context import RunContext
from fusion.runs.manifest import moment
from fusion.runs.run_folder import new_run_id
from fusion.training.pipeline import train
from storage.runs.liveness import end_life
from storage.runs.past.kinds import FULL
from storage.runs.runs import start_run
from storage.runs.sweep import sweep

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainedRun:
    """A finished training, stored and not published.

    Attributes:
        run_id: its outside id, the name of its folder.
        run_no: its number in SQL.
        status: `ready` or `rejected`.
        refusals: a sentence for each check that refused it; empty for a run that is ready.
        manifest: of the run, as JSON.
        findings: of the data, those that concern more than `monitor.findings_limit` of it.
    """

    run_id: str
    run_no: int
    status: str
    refusals: tuple[str, ...]
    manifest: dict[str, Any]
    findings: tuple[NotableFinding, ...] = ()


def train_run(session: Session, as_of: datetime | None = None) -> TrainedRun:
    """Train a run and store it with its lists, unpublished.

    What fails before the run begins, as data that cannot be read or cut into folds, leaves no run;
    what fails later leaves one that is kept as failed.

    Args:
        session: the configuration and the database.
        as_of: use only what was known before this time; None is everything.

    Returns:
        The run, ready or rejected.

    Raises:
        ConfigError: the configuration cannot be used.
        DataError: the data cannot be trained on.
        Temporary: another training of the folder goes on, people were forgotten meanwhile, or the
            database is busy.
    """
    with training_lock(session) as lock:
        return train_alone(session, lock, as_of)


def training_lock(session: Session) -> AbstractContextManager[FolderLock]:
    """Return the lock that a training holds: of its folder, which other placements may share.

    One training drops and replaces stages of the store that another would be reading.

    Args:
        session: the folder of runs, and how long to wait for it.

    Returns:
        A context manager; entering it waits, and raises Temporary where that was in vain.

    Raises:
        ConfigError: files may not be made in the folder.
        OSError: the path cannot be a folder.
    """
    make_writable(session.runs)
    work = f"training of placement {session.placement!r}"
    return locked(session.runs, work, wait=60 * session.config.artifacts.wait)


def train_alone(session: Session, lock: FolderLock, as_of: datetime | None = None) -> TrainedRun:
    """Do what `train_run` does, under a lock that is held already.

    Args:
        session: the configuration and the database.
        lock: from `training_lock`.
        as_of: use only what was known before this time; None is everything.

    Returns:
        The run, ready or rejected.

    Raises:
        ConfigError: as `train_run`, and likewise below.
        DataError: the data cannot be trained on.
        Temporary: people were forgotten meanwhile, the database is busy, the lock was lost, or a
            stage took too long.
    """
    with training_begun(session) as limits:
        return train_inputs(session, lock, read_inputs(session, as_of), limits)


@contextmanager
def training_begun(session: Session) -> Iterator[TimeLimits]:
    """Make ready for a training, whose time begins and is limited; what died before is swept.

    Args:
        session: the database and the folder of runs, whose lock is held.

    Yields:
        The limits.

    Raises:
        MissingExtra: workers of Dask or a shared store are asked for, and their extra is missing.
        StoreRefused: the shared store is not there, or refuses us.
        StoreLost: it does not answer.
    """
    if session.config.compute.executor == "dask":
        require_dask()
    if session.remote is not None:
        session.remote.objects.now()
    session.timer.restart()
    with limited(session) as limits:
        session.make_database()
        sweep(session.engine, session.placement)
        sweep_folders(session.runs)
        yield limits


def train_inputs(
    session: Session,
    lock: FolderLock,
    inputs: TrainingInputs,
    limits: TimeLimits,
    kind: str = FULL,
) -> TrainedRun:
    """Train a run of what was read.

    Args:
        session: the configuration and the database.
        lock: from `training_lock`.
        inputs: from `read_inputs`.
        limits: from `training_begun`.
        kind: of the run, one of `storage.runs.past.kinds`.

    Returns:
        The run, ready or rejected.

    Raises:
        ConfigError: as `train_run`, and likewise below.
        DataError: the data cannot be trained on.
        Temporary: as `train_alone`.
    """
    run_id = new_run_id()
    run_no = _begin(session, run_id, inputs, kind)
    limits.on_kill = lambda failure: write_failure(session, run_no, failure)
    try:
        # Only now: `fusion forget` waits for runs that have begun, and so misses none of them.
        require_same(session.engine, inputs.forgotten)
        return _train(session, run_no, run_id, inputs, lock)
    except BaseException as failure:  # Ctrl+C and SIGTERM too: the run says that it has ended
        log.error("run failed run_id=%s: %s", run_id, str(failure) or type(failure).__name__)
        write_failure(session, run_no, failure)
        raise
    finally:
        # A sweep may end the run where that could not be written, though this process goes on.
        end_life(session.engine, run_no)


def make_writable(folder: Path) -> None:
    """Make the folder of runs, or see that it can be written, before any time is spent.

    Args:
        folder: of runs.

    Raises:
        ConfigError: files may not be made there.
        OSError: the path cannot be a folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise ConfigError(
            f"{folder} cannot be written; allow it, or name another folder as `path` in [artifacts]"
        )


def _begin(session: Session, run_id: str, inputs: TrainingInputs, kind: str) -> int:
    """Begin the run in SQL and return its number."""
    data = inputs.data
    return start_run(
        session.engine,
        run_id,
        session.placement,
        kind=kind,
        as_of=moment(data.as_of) if data.has_times else None,
        data_hash=data.digest,
        config_hash=hash_inputs(session, inputs.rule_set),
    )


def _train(
    session: Session, run_no: int, run_id: str, inputs: TrainingInputs, lock: FolderLock
) -> TrainedRun:
    """Compute and write a run that has begun."""
    context = RunContext(
        session.config.core,
        inputs.data,
        inputs.plan,
        session.runs,
        device_for(session.config.device),
        session.timer,
        session.progress,
        shared_store=session.shared_store,
    )
    training = Training(session, run_no, run_id, inputs, context)
    trained = train(context, inputs.live, inputs.rules)
    # Whoever took it over may have removed stages that this one has read.
    lock.require()
    manifest = write_folder(training, trained)
    status = write_sql(training, trained, manifest)
    refusals = tuple(check.text() for check in trained.checks if not check.holds)
    limit = session.config.monitor.findings_limit
    notable = notable_findings(manifest["data"]["findings"], limit)
    return TrainedRun(run_id, run_no, status, refusals, manifest, notable)
