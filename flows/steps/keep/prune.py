"""Pruning: runs that nothing needs any more go, with all they have, and what aged out before."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from dashboards.evidently.workspace import snapshots
from flows.session import Session
from flows.steps.keep.age import Aged, age
from flows.steps.keep.prune_stages import prune_shared, prune_stages
from fusion.core.clocks import utc_now
from fusion.errors import DataError, Temporary
from fusion.runs.cleanup import remove_folder, size, sweep_artifacts
from fusion.runs.run_folder import folder_of
from storage.runs.retention import (
    ENDED,
    RunRetention,
    delete_run,
    remove_rows,
    run_retention,
    runs_with_rows,
    stored_size,
)
from storage.runs.sweep import sweep

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RemovedRun:
    """A run that goes, or the rest of one that went.

    Attributes:
        run_id: of the run.
        status: before it went.
        created_at: aware UTC.
        rows: its rows in SQL.
        sql_bytes: their bytes, about.
        file_bytes: bytes of its files.
    """

    run_id: str
    status: str
    created_at: datetime
    rows: int
    sql_bytes: int
    file_bytes: int


@dataclass(frozen=True)
class Pruned:
    """Everything that was removed, or would be.

    Attributes:
        dry_run: nothing was removed.
        runs: those that went.
        stages: how many went.
        stage_bytes: of their files.
        kept: the reason why a run stays, by its id.
        left: sentences about what could not go yet, and will by itself.
        damaged: sentences about what cannot go before somebody mends a file.
        aged: rows that went before their run; none where [retention] names no days for them.
        shared_stages: how many went from the store that machines share.
        shared_bytes: of their objects.
    """

    dry_run: bool
    runs: tuple[RemovedRun, ...]
    stages: int
    stage_bytes: int
    kept: dict[str, str]
    left: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    aged: tuple[Aged, ...] = ()
    shared_stages: int = 0
    shared_bytes: int = 0

    @property
    def bytes(self) -> int:
        """All bytes together, in SQL and in files of this machine."""
        return self.stage_bytes + sum(run.sql_bytes + run.file_bytes for run in self.runs)


def prune(session: Session, dry_run: bool = False) -> Pruned:
    """Remove the placement's runs that [retention] does not keep, and stages that no run refers to.

    A run is first marked deleted, then loses what it has; killed in between, the next prune goes on
    there. Its row in `run`, with the verdict, and its figures in `metric` stay.

    Args:
        session: the database, the placement and the folder of runs.
        dry_run: remove nothing.

    Returns:
        What went, or would go, and why the rest stays.
    """
    if not dry_run:
        sweep(session.engine, session.placement)
        sweep_artifacts(session.runs)
    settings = session.config.retention
    since = utc_now() - timedelta(days=settings.days)
    every_run = run_retention(session.engine, session.placement, settings.runs, since)
    runs = [_kept_if_unsafe(session, run) for run in every_run]
    going = _removable(session, runs)
    # Measured before anything goes.
    removed = tuple(_measure(session, run) for run in going)
    left = [] if dry_run else _remove_runs(session, going)
    stages = prune_stages(session, dry_run, {run.run_id for run in going})
    left += stages.left
    shared = prune_shared(session, dry_run)
    left += shared.left
    for sentence in (*left, *stages.damaged):
        log.warning("%s", sentence)
    aged = age(session, [run for run in runs if run not in going], dry_run)
    kept = {run.run_id: run.why for run in runs if run.why}
    pruned = Pruned(
        dry_run,
        removed,
        stages.count,
        stages.bytes,
        kept,
        left=tuple(left),
        damaged=stages.damaged,
        aged=tuple(aged),
        shared_stages=shared.count,
        shared_bytes=shared.bytes,
    )
    log.info(
        "pruned dry_run=%s runs=%d stages=%d bytes=%d aged=%d",
        dry_run,
        len(removed),
        stages.count,
        pruned.bytes,
        sum(one.rows for one in aged),
    )
    return pruned


def _kept_if_unsafe(session: Session, run: RunRetention) -> RunRetention:
    """Keep a run whose id names no folder of ours: removing under it could remove anything."""
    try:
        folder_of(session.runs, run.run_id)
    except DataError as wrong:
        log.warning("run kept run_no=%d: %s", run.run_no, wrong)
        return replace(run, why=str(wrong))
    return run


def _removable(session: Session, runs: list[RunRetention]) -> list[RunRetention]:
    """Return the runs that may go, and those gone already of which something is left."""
    with_lists = runs_with_rows(session.engine, session.placement)
    removable = []
    for run in runs:
        if run.why:
            continue
        if run.status in ENDED or run.run_no in with_lists or _files(session, run.run_id):
            removable.append(run)
    return removable


def _files(session: Session, run_id: str) -> list[Path]:
    """Return a run's folder and its snapshots in the dashboards, those that are there."""
    in_dashboards = snapshots(session.workspace, session.placement, run_id)
    places = (*in_dashboards, folder_of(session.runs, run_id))
    return [place for place in places if place.exists()]


def _measure(session: Session, run: RunRetention) -> RemovedRun:
    rows, sql_bytes = stored_size(session.engine, run.run_no)
    file_bytes = sum(map(size, _files(session, run.run_id)))
    return RemovedRun(run.run_id, run.status, run.created_at, rows, sql_bytes, file_bytes)


def _remove_runs(session: Session, runs: list[RunRetention]) -> list[str]:
    """Remove everything of the runs; returns sentences about rows that a reader still uses.

    Rows that a reader uses at first are tried once more after the files: readers are quick.
    """
    # Marked first: nothing may roll back to a run that is losing its rows.
    deleted = [run for run in runs if delete_run(session.engine, run.run_no)]
    waiting = [run for run in deleted if _remove_rows(session, run)]
    for run in deleted:
        for place in _files(session, run.run_id):
            if place.is_dir():
                remove_folder(place)
            else:
                place.unlink(missing_ok=True)
    reasons = [_remove_rows(session, run) for run in waiting]
    return [reason for reason in reasons if reason]


def _remove_rows(session: Session, run: RunRetention) -> str | None:
    """Remove a run's rows; returns why they are still there, None when they went."""
    try:
        remove_rows(session.engine, run.run_no)
    except Temporary as busy:
        return f"rows of run {run.run_id} stay for now: {busy}"
    return None
