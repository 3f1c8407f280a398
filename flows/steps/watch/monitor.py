"""Monitoring of a run against the one that was live: drift, stability, alerts, causes."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from dashboards.alerts import Alert, Circumstances, alerts, with_reasons
from dashboards.evidently.report import Details, ReportFiles, write_curves, write_report
from dashboards.measures.drift import ColumnDrift, drift, drift_rows
from dashboards.measures.limits import figure_limits
from dashboards.measures.stability import SUBJECT, Stability, stability
from dashboards.run import RunRef
from dashboards.settings import MonitorSettings
from flows.session import Session
from flows.steps.alerts.circumstances import circumstances, missing_floor, serving_of
from flows.steps.alerts.exposure import exposure_alerts
from flows.steps.alerts.findings import finding_alerts
from flows.steps.alerts.run_before import run_before
from flows.steps.alerts.sources import source_alerts
from flows.steps.run_damage import require_whole
from flows.steps.run_summaries import require_verdict
from flows.steps.train.metric_rows import GATE_PSI, verdict_rows
from flows.steps.watch.advice import comparison_note, missing_reference, next_step
from flows.steps.watch.changed_lists import ListsOfRun, changed_lists
from flows.steps.watch.diagnosis.diagnose_run import diagnose_run
from flows.steps.watch.monitor_frames import (
    DEPTH,
    PAIR_SUBJECTS,
    SampledDays,
    moving_columns,
    ranker_curves,
    read_pairs,
    reference_samples,
    report_folder,
)
from flows.steps.watch.pages import show_run
from flows.steps.watch.run_alerts import store_alerts
from flows.steps.watch.twin import lists_with_history, twin_lists
from fusion.errors import DataError
from fusion.runs.manifest import Manifest
from fusion.runs.run_folder import RunFolder, folder_of
from storage.loading.bulk import load_metrics
from storage.reading.read import figures_of, served_of
from storage.runs.runs import find_run
from storage.schema.row_objects import RunRow
from storage.watches.diagnosis import DiagnosisRow

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Monitored:
    """Results of monitoring a run.

    Attributes:
        run_id: the run.
        against: id of the run that was live before it; None for a first run.
        files: of the report.
        drift: of every column that was compared.
        stability: of lists against those of the run before; None for a first run.
        alerts: raised, and stored.
        diagnosis: causes of what moved, the most likely first.
        note: what had nothing to be compared with, in a sentence; "" where everything had.
        no_floor: why nothing says what chance alone changes in the lists; "" where the twin does.
    """

    run_id: str
    against: str | None
    files: ReportFiles
    drift: tuple[ColumnDrift, ...]
    stability: Stability | None
    alerts: tuple[Alert, ...]
    diagnosis: tuple[DiagnosisRow, ...] = ()
    note: str = ""
    no_floor: str = ""


def monitor_run(session: Session, name: str = "live", against: str | None = None) -> Monitored:
    """Compare a run with the one that was live before it; write figures, metrics and alerts.

    All figures are final then, and Evidently's pages show them. Pictures are drawn when they are
    first asked for: `draw_page`.

    Args:
        session: the database and the folder of runs.
        name: the run's id, or a slot.
        against: id of another run to compare with.

    Returns:
        Drift, stability and alerts.

    Raises:
        DataError: the run's folder is gone or damaged, or that of the run before, or that run was
            pruned: a report made without it would take the place of one that knew both.
    """
    run = find_run(session.engine, session.placement, name)
    require_verdict(run)
    previous = _previous(session, run, against)
    folder = RunFolder(folder_of(session.runs, run.run_id))
    _require_folders(run, folder, previous)
    require_whole(folder.path)
    previous_folder = RunFolder(folder_of(session.runs, previous.run_id)) if previous else None
    if previous_folder:
        require_whole(previous_folder.path)
    days = SampledDays.of(run, previous)
    samples = reference_samples(folder, previous_folder, days, not missing_reference(run))
    pairs = read_pairs(folder, samples, previous_folder)
    drifts = drift(pairs, session.config.monitor, moving_columns(pairs))
    change, items = _stability(session, run, previous, folder) if previous else (None, {})
    reported = _reported(run, folder, previous, previous_folder, samples)
    verdict = verdict_rows(run.verdict or {})
    around = _circumstances(session, run, previous)
    limits = figure_limits(drifts, change, session.config.monitor, around.lists_before)
    details = Details(items, limits)
    files = write_report(report_folder(folder), reported, drifts, change, verdict, details)
    show_run(session, reported)
    importance = Manifest.of(run.manifest).importance
    write_curves(files.folder, reported, ranker_curves(folder, pairs, importance))
    raised = _alerts(session.config.monitor, around, (run, previous), drifts, change)
    _store_metrics(session, run, drifts, change)
    store_alerts(session, run, raised)
    return Monitored(
        run_id=run.run_id,
        against=reported.against,
        files=files,
        drift=tuple(drifts),
        stability=change,
        alerts=tuple(raised),
        diagnosis=diagnose_run(session, run, previous),
        note=reported.note,
        no_floor=missing_floor(run, serving_of(run)),
    )


def _previous(session: Session, run: RunRow, against: str | None) -> RunRow | None:
    """Return the run to compare with: the one that is named, else the one that was live before."""
    if against:
        return find_run(session.engine, session.placement, against)
    return run_before(session.engine, run)


def _circumstances(session: Session, run: RunRow, previous: RunRow | None) -> Circumstances:
    """Return what limits and alerts depend on beside the figures of the two runs."""
    measured = figures_of(session.engine, previous.run_no, SUBJECT) if previous else None
    return circumstances(run, previous, next_step(session, run), measured)


def _alerts(
    settings: MonitorSettings,
    around: Circumstances,
    compared: tuple[RunRow, RunRow | None],
    drifts: list[ColumnDrift],
    change: Stability | None,
) -> list[Alert]:
    """Judge figures, sources and findings; whatever else differs stands first in each alert."""
    run, previous = compared
    now = Manifest.of(run.manifest)
    before = Manifest.of(previous.manifest) if previous else None
    raised = [
        *source_alerts(now, before),
        *finding_alerts(now, before, settings.findings_limit),
        *exposure_alerts(now, settings.exposure_ratio),
        *alerts(drifts, change, settings, around),
    ]
    return [with_reasons(alert, around.reasons) for alert in raised]


def _reported(
    run: RunRow,
    folder: RunFolder,
    previous: RunRow | None,
    previous_folder: RunFolder | None,
    samples: Path | None,
) -> RunRef:
    """Return what the report says of a run, and of what it was compared with."""
    against = previous.run_id if previous else None
    owner = run.run_id if samples == folder.samples_before else against
    return RunRef(
        run_id=run.run_id,
        placement=run.placement,
        # Dashboards show a run where its data ends; without times, when it was trained.
        as_of=run.as_of or run.created_at,
        note=comparison_note(run, previous_folder, SampledDays.of(run, previous), bool(samples)),
        against=against,
        reference=owner if samples else None,
    )


def _require_folders(run: RunRow, folder: RunFolder, previous: RunRow | None) -> None:
    """Refuse a run without its folder, and one whose predecessor was pruned."""
    if not folder.manifest.exists():
        raise DataError(
            f"run {run.run_id} has no folder {folder.path}; its samples are needed to monitor it. "
            "Put it back from a backup, or train anew: `fusion run`"
        )
    if previous and previous.status == "deleted":
        raise DataError(
            f"run {run.run_id} cannot be compared any more: run {previous.run_id}, "
            "which was live before it, was pruned. "
            f"The report that was made before stays in {report_folder(folder)}"
        )


def _stability(
    session: Session, run: RunRow, previous: RunRow, folder: RunFolder
) -> tuple[Stability, dict[str, Any]]:
    """Compare the lists of two runs: figures, and groups of users and items for the report."""
    served = served_of(session.engine, run.run_no)
    old = ListsOfRun(previous.run_id, lists_with_history(session.engine, previous.run_no, DEPTH))
    new = ListsOfRun(run.run_id, lists_with_history(session.engine, run.run_no, DEPTH))
    change = stability(
        old.lists,
        new.lists,
        k=DEPTH,
        segments=served.select("user_id", segment="route"),
        # A twin that is broken itself would excuse whatever broke the ranker.
        twin=None if missing_floor(run, serving_of(run)) else twin_lists(folder),
        catalogue=Manifest.of(run.manifest).data.items,
    )
    return change, changed_lists(session.runs, old, new, change.users, served).as_json()


def _store_metrics(
    session: Session, run: RunRow, drifts: list[ColumnDrift], change: Stability | None
) -> None:
    frames = [drift_rows(drifts)]
    if change:
        frames.append(change.rows())
    # A column that has another measure now has its figures under another name: a key alone would
    # leave the old ones standing. The gate's figures are the training's own.
    subjects = (*PAIR_SUBJECTS, SUBJECT)
    rows = pl.concat(frames)
    load_metrics(session.engine, run.run_no, rows, subjects=subjects, kept=(GATE_PSI,))
