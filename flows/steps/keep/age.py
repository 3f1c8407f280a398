"""Ageing: what tells of people goes before the run it belongs to, as [retention] says."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from flows.session import Session
from flows.steps.train.table_sums import sums_if_whole
from fusion.core.clocks import utc_now
from fusion.errors import DataError
from fusion.runs.erasure import empty_files
from fusion.runs.manifest_file import read_manifest
from fusion.runs.run_folder import RunFolder, folder_of
from storage.notifications.aging import age_notifications
from storage.runs.aging import (
    age_alerts,
    age_decisions,
    age_explanations,
    age_realised,
    shown_runs,
)
from storage.runs.erasure import amend_manifest
from storage.runs.histories import count_histories, drop_histories
from storage.runs.past.thinning import thin
from storage.runs.retention import ENDED, RunRetention

log = logging.getLogger(__name__)
HISTORY = "history"
"""The setting of [lists] whose 0 takes away what an earlier value stored."""
FILES: dict[str, Callable[[RunFolder], list[Path]]] = {
    "explanation_days": lambda run: [run.why],
    "sample_days": lambda run: sorted(run.monitor.rglob("*.parquet")),
    "quarantine_days": lambda run: sorted(run.quarantine.glob("*.parquet")),
    HISTORY: lambda run: [run.history],
}
"""Files of a run folder that lose their rows, by the setting that says when."""


@dataclass(frozen=True)
class Aged:
    """Rows that aged out, or would.

    Attributes:
        setting: key of [retention] that says so, or `history` of [lists].
        days: its value.
        rows: how many, in SQL and in files.
        runs: ids of the runs that they belong to; none where rows belong to no run's age.
    """

    setting: str
    days: float
    rows: int
    runs: tuple[str, ...] = ()


def age(session: Session, runs: list[RunRetention], dry_run: bool) -> list[Aged]:
    """Remove what aged out: rows of runs that nothing shows, and rows by their own time.

    A run that a slot shows, and one that a rollback would show, keeps everything but histories of
    users that are not to be stored any more.

    Args:
        session: the database, the placement and the folder of runs.
        runs: those that stay.
        dry_run: count, and remove nothing.

    Returns:
        What went, or would go; nothing for settings that are not set.
    """
    shown = shown_runs(session.engine, session.placement)
    ended = [run for run in runs if run.status in ENDED and run.run_no not in shown]
    by_days = [setting for setting in FILES if setting != HISTORY]
    aged = [_age_runs(session, setting, ended, dry_run) for setting in by_days]
    aged += [*_age_rows(session, dry_run), _thin(session, dry_run)]
    aged.append(_age_histories(session, runs, dry_run))
    return [one for one in aged if one is not None]


def _age_runs(
    session: Session, setting: str, runs: list[RunRetention], dry_run: bool
) -> Aged | None:
    days = getattr(session.config.retention, setting)
    if days is None:
        return None
    before = utc_now() - timedelta(days=days)
    rows, touched = 0, []
    for run in runs:
        if run.settled_at >= before:
            continue
        n_rows = _age_files(session, run, setting, dry_run)
        if setting == "explanation_days":
            n_rows += age_explanations(session.engine, run.run_no, dry_run)
        if n_rows:
            rows += n_rows
            touched.append(run.run_id)
    return Aged(setting, days, rows, tuple(touched))


def _age_histories(session: Session, runs: list[RunRetention], dry_run: bool) -> Aged | None:
    """Take histories of users out of SQL and of every run, where `[lists] history` is 0."""
    if session.config.lists.history:
        return None
    count = count_histories if dry_run else drop_histories
    rows, touched = count(session.engine, session.placement), []
    for run in runs:
        n_rows = _age_files(session, run, HISTORY, dry_run) if run.status in ENDED else 0
        if n_rows:
            rows += n_rows
            touched.append(run.run_id)
    return Aged(HISTORY, 0, rows, tuple(touched)) if rows else None


def _age_files(session: Session, run: RunRetention, setting: str, dry_run: bool) -> int:
    """Take the rows out of a run's files, and give SQL its manifest anew."""
    folder = folder_of(session.runs, run.run_id)
    if not RunFolder(folder).manifest.exists():
        return 0
    files = [file for file in FILES[setting](RunFolder(folder)) if file.exists()]
    section = "lists" if setting == HISTORY else "retention"
    try:
        n_rows = empty_files(folder, files, f"[{section}] {setting}", dry_run)
    except DataError as damage:
        # The other runs shall age all the same; `fusion check --store` names the folder, too.
        log.warning("run not aged run=%s setting=%s: %s", run.run_id, setting, damage)
        return 0
    if n_rows and not dry_run:
        sums = partial(sums_if_whole, folder)
        amend_manifest(session.engine, run.run_id, read_manifest(folder), sums)
    return n_rows


def _age_rows(session: Session, dry_run: bool) -> Iterator[Aged]:
    settings = session.config.retention
    by_setting = {
        "alert_days": age_alerts,
        "decision_days": age_decisions,
        "realised_days": age_realised,
        "notification_days": age_notifications,
    }
    for setting, remove in by_setting.items():
        days = getattr(settings, setting)
        if days is not None:
            before = utc_now() - timedelta(days=days)
            n_rows = remove(session.engine, session.placement, before, dry_run)
            yield Aged(setting, days, n_rows)


def _thin(session: Session, dry_run: bool) -> Aged | None:
    """Leave one row a day of old watches, answers and figures."""
    days = session.config.retention.daily_after_days
    before = utc_now() - timedelta(days=days)
    n_rows = thin(session.engine, session.placement, before, dry_run)
    return Aged("daily_after_days", days, n_rows) if n_rows else None
