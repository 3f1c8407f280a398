"""Train: data in, a run out, stored whole beside its lists; what is live is not touched."""

import logging
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from flows.session import Session
from flows.step_timer import StepTimer
from flows.steps.keep.forgotten import Forgotten, forgotten, require_same
from flows.steps.rules import rule_set, rules_of
from flows.steps.train.metric_rows import metric_rows
from flows.steps.train.row_export import (
    explanation_rows,
    fallback_rows,
    list_blocks,
    served_rows,
)
from fusion.config import CoreConfig
from fusion.core.findings import Finding
from fusion.core.settings import config_hash
from fusion.core.torch_runtime import device_for
from fusion.data.dataset import Dataset
from fusion.data.fold import Plan
from fusion.data.folds import plan_folds
from fusion.errors import ConfigError
from fusion.evaluation.live_baseline import Live, LiveLists, judgeable
from fusion.ingest.load import Loaded, load
from fusion.lists.rules import RuleSet
from fusion.runs.context import RunContext
from fusion.runs.manifest import Manifest, moment, write_manifest
from fusion.runs.run_folder import ListsFolder, RunFolder, new_run_id, run_folder, sweep_folders
from fusion.runs.write_run import write_run_files
from fusion.training.pipeline import Trained, train
from fusion.training.run_manifest import training_manifest
from storage.loading.bulk import (
    load_explanations,
    load_fallback,
    load_lists,
    load_metrics,
    load_served,
)
from storage.reading.frames import read_sql
from storage.reading.read import lists_of, served_of
from storage.reading.read import live as live_run
from storage.runs.liveness import end_life
from storage.runs.runs import Ending, finish_run, start_run
from storage.runs.sweep import sweep
from storage.schema.row_objects import LiveRun

log = logging.getLogger(__name__)
JUDGED_DEPTH = 10
"""How deep the live lists are read for a fair comparison."""


@dataclass(frozen=True)
class TrainedRun:
    """A finished training: `status` ready or rejected, the checks that refused it, and its manifest."""

    run_id: str
    run_no: int
    status: str
    refusals: tuple[str, ...]
    manifest: dict[str, Any]


def train_run(session: Session, as_of: datetime | None = None) -> TrainedRun:
    """Train a run as of a moment (default: everything known) and store it with its lists, unpublished.

    Raises DataError and ConfigError for what cannot be trained. What fails before the run begins,
    as data that cannot be read or parted into folds, leaves no run; what fails later leaves one
    that is kept as failed.
    """
    engine, config, wanted = session.engine, session.config, rule_set(session)
    sweep(engine, session.placement)
    sweep_folders(writable(session.runs))
    shown = live_run(engine, session.placement)
    left_out = forgotten(engine)
    loaded = session.step("load", lambda: read_data(session, as_of, shown, left_out))
    data, run_id = loaded.dataset, new_run_id()
    rules, odd = rules_of(session, wanted, data)
    loaded.findings.extend(odd)
    live = as_live(shown)
    plan = plan_folds(
        data,
        config.split,
        seen=not config.lists.exclude_seen,
        seed=config.seed,
        keep=(live.kind, live.window) if live else None,
    )
    live = with_lists(session, live, shown, plan, data)
    run_no = start_run(
        engine,
        run_id,
        session.placement,
        kind="full",
        as_of=moment(data.as_of) if data.has_times else None,
        data_hash=data.digest,
        config_hash=made_by(session, wanted),
    )
    clock = StepTimer(session.step)
    try:
        require_same(engine, left_out)
        device = device_for(config.device)
        context = RunContext(
            core_of(config), data, plan, session.runs, device, clock, session.progress
        )
        with context.store.held():
            trained = train(context, live, rules)
            with run_folder(session.runs, run_id) as folder:
                manifest = fill_folder(folder, session, context, trained, loaded, clock)
        status = store(session, run_no, run_id, trained, manifest, clock)
    except Exception as failure:
        _fail(session, run_no, run_id, failure)
        raise
    finally:
        end_life(
            engine, run_no
        )  # also after Ctrl+C: a sweep may then end the run, though this process goes on
    refusals = tuple(check.text() for check in trained.checks if not check.holds)
    return TrainedRun(run_id, run_no, status, refusals, manifest)


def store(
    session: Session,
    run_no: int,
    run_id: str,
    trained: Trained,
    manifest: dict[str, Any],
    clock: StepTimer,
) -> Ending:
    """Load what a training made into SQL and end the run; gives whether it is ready or rejected."""
    status: Ending = "ready" if trained.admitted else "rejected"
    clock("load lists into SQL", lambda: store_lists(session, run_no, session.runs / run_id))
    load_metrics(
        session.engine,
        run_no,
        metric_rows(trained.verdict.report.model_dump(mode="json"), trained.shift),
    )
    finish_run(
        session.engine,
        run_no,
        status,
        method=trained.method,
        list_size=session.config.lists.size,
        verdict=trained.verdict.report.model_dump(mode="json"),
        manifest=manifest,
    )
    return status


def writable(folder: Path) -> Path:
    """Make the folder of runs, or see that it can be written, before any time is spent.

    Raises ConfigError where files may not be made, OSError where the path cannot be a folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise ConfigError(
            f"{folder} cannot be written; allow it, or name another folder as `path` in [artifacts]"
        )
    return folder


def read_data(
    session: Session,
    as_of: datetime | None,
    shown: LiveRun | None,
    left_out: Forgotten | None = None,
) -> Loaded:
    """Load the data as configured; users that the live run served help to notice re-keyed ids."""
    served = served_of(session.engine, shown.run.run_no)["user_id"] if shown else None
    return load(
        session.config.data,
        session.base,
        as_of,
        partial(read_sql, base=session.base),
        served,
        left_out,
    )


def core_of(config: CoreConfig) -> CoreConfig:
    """The part of a configuration that decides what is trained, without data, database and monitoring."""
    return CoreConfig(**{name: getattr(config, name) for name in CoreConfig.model_fields})


def made_by(session: Session, rules: RuleSet) -> str:
    """The hash of the configuration, and that of the rules where it names some."""
    own = config_hash(core_of(session.config))
    return f"{own}-{rules.hash}" if session.config.lists.rules else own


def as_live(shown: LiveRun | None) -> Live | None:
    """What training must know of the live run."""
    if shown is None or shown.run.verdict is None:
        return None
    run = shown.run
    split = (run.verdict or {})["split"]
    known_until = int(run.as_of.timestamp() * 1000) if run.as_of else 0
    return Live(run.run_id, run.method or "", split["kind"], split["window"], known_until)


def with_lists(
    session: Session, live: Live | None, shown: LiveRun | None, plan: Plan, data: Dataset
) -> Live | None:
    """Add the lists of the live run, read only where they can be compared with this run's."""
    if live is None or shown is None or not judgeable(live, plan).any():
        return live
    lists = lists_of(session.engine, shown.run.run_no, JUDGED_DEPTH)
    return replace(live, lists=LiveLists.of(lists, data))


def fill_folder(
    folder: Path,
    session: Session,
    context: RunContext,
    trained: Trained,
    loaded: Loaded,
    clock: StepTimer,
) -> dict[str, Any]:
    """Write the run folder: ids, lists, ranker, samples for monitoring, manifest."""
    write_run_files(
        RunFolder(folder),
        context.data,
        context.plan,
        ListsFolder(trained.lists),
        trained.serving_ranker,
        context.config.seed,
    )
    manifest = manifest_of(session, training_manifest(context, trained), loaded, clock)
    return write_manifest(folder, manifest).as_json()


def manifest_of(session: Session, trained: Manifest, loaded: Loaded, clock: StepTimer) -> Manifest:
    """Add what the core does not know to a training's manifest: placement, times, loading."""
    data = loaded.dataset
    findings = [without_ids(finding) for finding in loaded.findings]
    return trained.model_copy(
        update={
            "created_at": datetime.now(UTC).isoformat(),
            "placement": session.placement,
            "as_of": moment(data.as_of).isoformat() if data.has_times else None,
            "data": trained.data.model_copy(update={"rows": loaded.notes, "findings": findings}),
            "seconds": clock.seconds,
        }
    )


def without_ids(finding: Finding) -> dict[str, Any]:
    """A finding without its example rows: users' outside ids stand in one file, `ids/users.parquet`."""
    return {name: value for name, value in asdict(finding).items() if name != "examples"}


def store_lists(session: Session, run_no: int, folder: Path) -> int:
    """Load a run folder's lists into SQL; gives the number of rows."""
    rows = load_lists(session.engine, run_no, list_blocks(folder))
    load_served(session.engine, run_no, served_rows(folder))
    load_fallback(session.engine, run_no, fallback_rows(folder))
    load_explanations(session.engine, run_no, explanation_rows(folder, session.config.lists.size))
    return rows


def _fail(session: Session, run_no: int, run_id: str, failure: Exception) -> None:
    log.error("run failed run_id=%s: %s", run_id, failure)
    why = {"error": f"{type(failure).__name__}: {failure}"}
    finish_run(
        session.engine, run_no, "failed", method=None, list_size=None, verdict={}, manifest=why
    )
