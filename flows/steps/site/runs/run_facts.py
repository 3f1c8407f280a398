"""Everything that is known of a run: from SQL, and from the report in its folder."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from dashboards.evidently.report import DriftReport
from dashboards.evidently.workspace import report_path
from dashboards.measures.drift import ColumnDrift
from dashboards.measures.stability import SUBJECT
from dashboards.pages.runs.exposure_figures import POPULARITY_GROUPS
from dashboards.pages.runs.facts import PriorLine, RunAlert, RunFacts, RunLine, SlotMove
from flows.session import Session
from flows.steps.alerts.run_before import run_before
from flows.steps.site.runs import exposure_parts, verdict_parts
from flows.steps.site.runs.expected_parts import expectation
from flows.steps.site.runs.report_parts import (
    curves_of,
    drift_of,
    folder_of_report,
    list_changes,
)
from flows.steps.site.runs.settings_of_runs import changed_settings
from fusion.errors import ConfigError
from fusion.masking import mask_all
from fusion.runs.manifest import Manifest
from storage.database.errors import DamagedDatabase, NoDatabase
from storage.reading.live_run import live_age
from storage.reading.of_runs.run_figures import run_figures
from storage.reading.over_time.exposure_ratios import exposure_ratios
from storage.reading.read import figures_of
from storage.runs.runs import SLOTS, find_run
from storage.schema.row_objects import RunRow
from storage.slots.history import moves_of_run
from storage.watches.alerts import alerts_of_run
from storage.watches.diagnosis import diagnosis_of
from storage.watches.realised import realised_of

MOST_PAST_RUNS = 30
"""Runs over which a page shows how exposure moved."""
LONG_PARTS = ("verdict", "files", "tables", "defaults")
"""Parts of a manifest that pages leave out: they would be most of it, and downloads have them."""


def find(engine: Engine, placement: str, name: str) -> RunRow | None:
    """Return a run of a placement; None where there is no such run.

    Args:
        engine: from `connect`.
        placement: where its lists are shown.
        name: its id, or a slot.

    Raises:
        DamagedDatabase: the slot lost its run.
    """
    try:
        return find_run(engine, placement, name)
    except DamagedDatabase:
        raise
    except ConfigError:
        return None


def read_run(session: Session, placement: str, name: str) -> RunFacts | None:
    """Return what is known of a run.

    Args:
        session: the database and the folders of runs and of the dashboards.
        placement: where its lists are shown.
        name: its id, or a slot.

    Returns:
        None where there is no such run.

    Raises:
        DataError: its manifest was changed by somebody.
    """
    try:
        engine = session.engine
    except NoDatabase:
        return None
    run = find(engine, placement, name)
    return None if run is None else facts_of(session, run)


def facts_of(session: Session, run: RunRow) -> RunFacts:
    """Return what is known of a run.

    Args:
        session: the database and the folders of runs and of the dashboards.
        run: its row.

    Raises:
        DataError: its manifest was changed by somebody.
    """
    engine = session.engine
    before = run_before(engine, run)
    folder = folder_of_report(session.runs, run.run_id)
    drift = drift_of(folder)
    # A report says itself what it compared with.
    if drift and drift.run.against and (before is None or before.run_id != drift.run.against):
        before = find(engine, run.placement, drift.run.against)
    return _facts(session, run, before, drift, folder)


def _facts(
    session: Session, run: RunRow, before: RunRow | None, drift: DriftReport | None, folder: Path
) -> RunFacts:
    engine = session.engine
    manifest, verdict = Manifest.of(run.manifest), run.verdict or {}
    manifest_before = Manifest.of(before.manifest if before else None)
    usual = figures_of(engine, before.run_no, SUBJECT) if before else {}
    importance = {name: share for name, share in manifest.importance.items() if share is not None}
    return RunFacts(
        line=line_of(engine, run),
        before=line_of(engine, before) if before else None,
        error=manifest.error or "",
        reason=verdict.get("reason", ""),
        users=int(verdict.get("users") or 0),
        split=(verdict.get("split") or {}).get("why", ""),
        differences=tuple(verdict_parts.differences(verdict)),
        expected=expectation(manifest, verdict, realised_of(engine, run.placement, run.run_no)),
        methods=tuple(verdict_parts.methods(verdict)),
        hidden=verdict_parts.hidden_items(verdict),
        attributes=verdict_parts.attribute_lists(manifest.cold_users),
        priors=tuple(PriorLine(**prior.model_dump()) for prior in manifest.priors),
        sources=tuple(
            verdict_parts.sources(
                verdict, manifest, (before.verdict if before else None) or {}, manifest_before
            )
        ),
        groups=tuple(verdict_parts.groups(verdict)),
        gaps=tuple(exposure_parts.gaps(verdict)),
        exposure=exposure_parts.exposure_of(
            manifest,
            manifest_before,
            exposure_ratios(engine, run, POPULARITY_GROUPS, MOST_PAST_RUNS),
        ),
        failed_checks=tuple(_failed_checks(manifest)),
        drift=_worst_first(drift),
        note=drift.run.note if drift else "",
        lists=list_changes(folder, run_figures(engine, run.run_no), run, before, usual)
        if before
        else None,
        settings=tuple(changed_settings(manifest_before, manifest)) if before else (),
        importance=tuple(sorted(importance.items(), key=lambda one: -one[1])),
        curves=tuple(curves_of(folder)),
        moves=tuple(_moves(engine, run)),
        alerts=tuple(
            RunAlert(one.severity, one.state, one.message)
            for one in alerts_of_run(engine, run.run_no)
        ),
        causes=tuple(
            one.sentence for one in diagnosis_of(engine, run.run_no) if one.severity != "none"
        ),
        manifest=_shown_manifest(run),
        evidently=report_path(session.workspace, run.placement, run.run_id),
        folder=str(folder) if folder.is_dir() else "",
    )


def line_of(engine: Engine, run: RunRow) -> RunLine:
    """Return a run as a row of a table.

    Args:
        engine: from `connect`.
        run: the run.
    """
    # Times alone: the rest of what a slot shows is long, and not asked for.
    shown = ((name, live_age(engine, run.placement, name)) for name in SLOTS)
    slots = [name for name, age in shown if age is not None and age.run_id == run.run_id]
    return RunLine(
        run_id=run.run_id,
        status=run.status,
        slot=slots[0] if slots else "",
        kind=run.kind,
        method=run.method or "",
        as_of=run.as_of,
        created_at=run.created_at,
        ndcg=verdict_parts.estimate((run.verdict or {}).get("reported")),
    )


def _failed_checks(manifest: Manifest) -> list[str]:
    return [
        f"{check.get('name')}: {check.get('message')}"
        for check in manifest.checks
        if not check.get("holds", True)
    ]


def _worst_first(report: DriftReport | None) -> tuple[ColumnDrift, ...] | None:
    """Sort columns: those that count before those that do not, each by their share of the limit."""
    if report is None:
        return None
    return tuple(sorted(report.columns, key=lambda one: (not one.drifted, one.moves, -one.excess)))


def _moves(engine: Engine, run: RunRow) -> list[SlotMove]:
    with engine.connect() as connection:
        moves = moves_of_run(connection, run.placement, run.run_no)
    return [
        SlotMove(
            one.at, one.name, one.action, one.from_run_id, one.to_run_id, one.by, one.reason or ""
        )
        for one in moves
    ]


def _shown_manifest(run: RunRow) -> dict[str, Any]:
    shown = {key: part for key, part in (run.manifest or {}).items() if key not in LONG_PARTS}
    masked: dict[str, Any] = mask_all(shown)
    return masked
