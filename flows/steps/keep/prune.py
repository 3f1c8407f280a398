"""Prune: runs that nothing needs any more go, with their rows, folders, reports and stages."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dashboards.evidently.workspace import snapshots
from flows.session import Session
from fusion.errors import Temporary
from fusion.runs.cleanup import remove_folder, size, sweep_artifacts, unused_stages
from fusion.runs.stage_store import Store
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
class Gone:
    """A run that goes, or what is left of one: rows and about how many bytes in SQL, bytes of its files."""

    run_id: str
    status: str
    created_at: datetime
    rows: int
    sql_bytes: int
    file_bytes: int


@dataclass(frozen=True)
class Pruned:
    """What was removed, or would be; `kept` says of each run why it stays, `left` what could not go yet and why."""

    dry_run: bool
    runs: tuple[Gone, ...]
    stages: int
    stage_bytes: int
    kept: dict[str, str]
    left: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """All bytes together, in SQL and in files."""
        return self.stage_bytes + sum(run.sql_bytes + run.file_bytes for run in self.runs)


def prune(session: Session, dry_run: bool = False) -> Pruned:
    """Remove the placement's runs that [retention] does not keep, and stages that no run folder refers to.

    A run is first marked deleted, then loses what it has; killed in between, the next prune goes on
    there. Its row in `run`, with the verdict, and its figures in `metric` stay. With `dry_run`
    nothing is removed.
    """
    if not dry_run:
        sweep(session.engine, session.placement)
        sweep_artifacts(session.runs)
    settings = session.config.retention
    since = datetime.now(UTC) - timedelta(days=settings.days)
    found = run_retention(session.engine, session.placement, settings.runs, since)
    going = _going(session, found)
    gone = tuple(_measured(session, run) for run in going)
    left = [] if dry_run else _remove_runs(session, going)
    stages, taken, busy = _prune_stages(session, dry_run, {run.run_id for run in going})
    for sentence in (*left, *busy):
        log.warning("%s", sentence)
    kept = {run.run_id: run.why for run in found if run.why}
    pruned = Pruned(dry_run, gone, stages, taken, kept, (*left, *busy))
    log.info(
        "pruned dry_run=%s runs=%d stages=%d bytes=%d", dry_run, len(gone), stages, pruned.bytes
    )
    return pruned


def _going(session: Session, found: list[RunRetention]) -> list[RunRetention]:
    """Runs that may go, and those gone already of which something is left."""
    rows = runs_with_rows(session.engine, session.placement)
    free = [run for run in found if not run.why]
    return [
        run
        for run in free
        if run.status in ENDED or run.run_no in rows or _files(session, run.run_id)
    ]


def _files(session: Session, run_id: str) -> list[Path]:
    """A run's folder and its snapshots in the dashboards, those that are there."""
    places = (*snapshots(session.workspace, session.placement, run_id), session.runs / run_id)
    return [place for place in places if place.exists()]


def _measured(session: Session, run: RunRetention) -> Gone:
    rows, sql_bytes = stored_size(session.engine, run.run_no)
    file_bytes = sum(map(size, _files(session, run.run_id)))
    return Gone(run.run_id, run.status, run.created_at, rows, sql_bytes, file_bytes)


def _remove_runs(session: Session, going: list[RunRetention]) -> list[str]:
    """Take everything of the runs away; gives sentences about rows that a reader holds."""
    deleted = [run for run in going if delete_run(session.engine, run.run_no)]
    waiting = [run for run in deleted if _held_by_a_reader(session, run)]
    for run in deleted:
        for place in _files(session, run.run_id):
            remove_folder(place) if place.is_dir() else place.unlink(missing_ok=True)
    reasons = [_held_by_a_reader(session, run) for run in waiting]
    return [reason for reason in reasons if reason]


def _held_by_a_reader(session: Session, run: RunRetention) -> str | None:
    """Remove a run's rows; gives why they are still there."""
    try:
        remove_rows(session.engine, run.run_no)
    except Temporary as busy:
        return f"rows of run {run.run_id} stay for now: {busy}"
    return None


def _prune_stages(session: Session, dry_run: bool, gone: set[str]) -> tuple[int, int, list[str]]:
    """Remove stages that no run refers to: how many, their bytes, and a sentence when a training uses the store."""
    if not (session.runs / "store").is_dir():
        return 0, 0, []
    if dry_run:
        unused = unused_stages(session.runs, gone)
        return len(unused), sum(map(size, unused)), []
    with Store(session.runs / "store").held(alone=True) as alone:
        if not alone:
            return 0, 0, ["the store of stages stays for now: a training uses it"]
        unused = unused_stages(session.runs)
        taken = sum(map(size, unused))
        for stage in unused:
            remove_folder(stage)
    return len(unused), taken, []
