"""Train: data in, a run out, stored whole beside its lists; what is live is not touched."""

import json
import logging
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from flows.session import Session
from flows.step_timer import StepTimer
from flows.steps.item_files import write_items
from flows.steps.keep.forgotten import Forgotten, forgotten, require_same
from flows.steps.rules import rule_set, rules_of, rules_report
from flows.steps.train.metric_rows import metric_rows
from flows.steps.train.row_export import (
    explanation_rows,
    fallback_rows,
    list_blocks,
    list_counts,
    served_rows,
)
from fusion.config import CoreConfig
from fusion.core.findings import Finding
from fusion.core.settings import config_hash
from fusion.core.torch_runtime import device_for
from fusion.data.folds import plan_folds
from fusion.errors import ConfigError
from fusion.evaluation.live_baseline import Live
from fusion.ingest.load import Loaded, load
from fusion.lists.rules import RuleSet
from fusion.runs.context import RunContext
from fusion.runs.manifest import (
    environment,
    moment,
    new_run_id,
    run_folder,
    sweep_folders,
    write_manifest,
)
from fusion.runs.monitoring_samples import write_samples
from fusion.training.pipeline import Trained, train
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
    live = as_live(session, shown)
    plan = plan_folds(
        data,
        config.split,
        seen=not config.lists.exclude_seen,
        seed=config.seed,
        keep=(live.kind, live.window) if live else None,
    )
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
    load_metrics(session.engine, run_no, metric_rows(trained.verdict.report, trained.shift))
    finish_run(
        session.engine,
        run_no,
        status,
        method=trained.method,
        list_size=session.config.lists.size,
        verdict=trained.verdict.report,
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


def as_live(session: Session, shown: LiveRun | None) -> Live | None:
    """What training must know of the live run."""
    if shown is None or shown.run.verdict is None:
        return None
    run = shown.run
    split = (run.verdict or {})["split"]
    known_until = int(run.as_of.timestamp() * 1000) if run.as_of else 0

    def lists() -> pl.DataFrame:
        return lists_of(session.engine, run.run_no, JUDGED_DEPTH)

    return Live(run.run_id, run.method or "", split["kind"], split["window"], known_until, lists)


def fill_folder(
    folder: Path,
    session: Session,
    context: RunContext,
    trained: Trained,
    loaded: Loaded,
    clock: StepTimer,
) -> dict[str, Any]:
    """Write the run folder: ids, lists, ranker, samples for monitoring, manifest."""
    for part in ("ids", "monitor"):
        (folder / part).mkdir()
    context.data.user_ids.values.to_frame("user_id").write_parquet(folder / "ids" / "users.parquet")
    context.data.item_ids.values.to_frame("item_id").write_parquet(folder / "ids" / "items.parquet")
    write_items(folder, context.data)
    for name in ("lists", "served", "fallback", "why"):
        shutil.copyfile(trained.lists / f"{name}.parquet", folder / f"{name}.parquet")
    for name in ("features", "features_before", "twin"):
        shutil.copyfile(trained.lists / f"{name}.parquet", folder / "monitor" / f"{name}.parquet")
    if trained.serving_ranker:
        shutil.copytree(
            trained.serving_ranker, folder / "ranker", ignore=shutil.ignore_patterns("inputs.json")
        )
    write_samples(folder / "monitor" / "now", context.plan.serving.known, context.config.seed)
    write_samples(folder / "monitor" / "before", context.plan.verdict.known, context.config.seed)
    return write_manifest(folder, manifest_of(session, context, trained, loaded, clock))


def manifest_of(
    session: Session, context: RunContext, trained: Trained, loaded: Loaded, clock: StepTimer
) -> dict[str, Any]:
    """What the run was made from, and how it went; without secrets."""
    data, notes = context.data, json.loads((trained.lists / "notes.json").read_text())
    return {
        "created_at": datetime.now(UTC).isoformat(),
        "placement": session.placement,
        "as_of": moment(data.as_of).isoformat() if data.has_times else None,
        "data": {
            "hash": data.digest,
            "interactions": len(data),
            "users": data.n_users,
            "items": data.n_items,
            "rows": loaded.notes,
            "findings": [without_ids(finding) for finding in loaded.findings],
        },
        "config": {"hash": config_hash(context.config), **context.config.model_dump(mode="json")},
        "seed": context.config.seed,
        "device": context.device,
        "threads": context.threads,
        "environment": environment(),
        "seconds": clock.seconds,
        "sources": [asdict(report) for report in trained.sources],
        "tuned": [asdict(one) for one in trained.tuned],
        "method": trained.method,
        "trees": trained.trees,
        "importance": trained.importance,
        "lean": asdict(trained.source_prior) if trained.source_prior else None,
        "feature_psi": trained.shift,
        "verdict": trained.verdict.report,
        "checks": [check.as_dict() for check in trained.checks],
        "lists": list_counts(trained.lists, context.config.lists.size),
        "stages": sorted(context.used),
        "rules": rules_report(trained.rules, notes),
        "why": {"users": notes["explained"], "of": notes["listed"]},
    }


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
