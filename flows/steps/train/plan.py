"""The plan of a training: sizes, sources that take part, the estimate, warnings."""

import os
from dataclasses import dataclass
from datetime import datetime

from flows.session import Session
from flows.steps.keep.forgotten import Forgotten, read_forgotten
from flows.steps.run_summaries import newest_runs
from flows.steps.train.inputs import read_data
from flows.steps.train.machine import Machine, this_machine
from fusion.config import SourceSettings
from fusion.data.dataset import Dataset
from fusion.data.splitting.folds import plan_folds
from fusion.errors import UnusableSource
from fusion.models.foreign.processes import foreign_sources
from fusion.planning.estimate import DATABASE, TrainingEstimate, estimate_training
from fusion.planning.past_costs import past_costs
from fusion.planning.workload import Declared, Workload
from fusion.runs.manifest import Manifest
from fusion.training.sources import (
    build_source,
    declared_cost,
    fit_memory,
    left_out,
    source_limits,
)
from fusion.training.tuning.stage import searchable
from storage.database.errors import NoDatabase

PAST_RUNS = 10
"""Newest runs that are asked: one of them, at least, made most stages and did not reuse them."""


@dataclass(frozen=True)
class TrainingPlan:
    """What a training of the configured data will take, beside what there is.

    Attributes:
        work: its sizes.
        estimate: seconds, memory and disk, by stage.
        machine: what a training could use now.
        left_out: why sources take no part, by name.
        warnings: where the estimate exceeds the machine; a sentence each.
    """

    work: Workload
    estimate: TrainingEstimate
    machine: Machine
    left_out: dict[str, str]
    warnings: list[str]


def plan_training(session: Session, as_of: datetime | None = None) -> TrainingPlan:
    """Estimate what a training would take, without training.

    Args:
        session: the configuration, its data and runs; nothing is written.
        as_of: use only what was known before this time; None is everything.

    Returns:
        The plan.

    Raises:
        ConfigError: a source is configured wrong.
        DataError: the data cannot be read, or not be cut into folds.
        Temporary: a database is busy or away.
    """
    config = session.config.core
    runs = _past_runs(session)
    data = read_data(session, as_of, None, _forgotten(session)).dataset
    folds = plan_folds(data, config.split, seen=not config.lists.exclude_seen, seed=config.seed)
    with foreign_sources(source_limits(config)):
        taking_part, reasons = _sources(session, data)
        declared = {
            source.name: Declared(
                cpu_seconds=declared_cost(source, data),
                memory_mb=1024 * fit_memory(build_source(source), data),
                is_tuned=bool(searchable(build_source(source)).keys() - source.settings.keys()),
            )
            for source in taking_part
        }
    work = Workload(
        events=len(data),
        users=data.n_users,
        items=data.n_items,
        folds=len(folds.labels),
        uses={source.name: source.use for source in taking_part},
    )
    machine = this_machine(config.threads or len(os.sched_getaffinity(0)), session.runs)
    past = past_costs(runs, config, work)
    estimate = estimate_training(work, config, machine.threads, past, declared)
    return TrainingPlan(work, estimate, machine, reasons, warnings_of(estimate, machine))


def _past_runs(session: Session) -> list[tuple[str, Manifest]]:
    """Ids and manifests of the newest runs; none without a database."""
    found = newest_runs(session, PAST_RUNS)
    return [(run.run_id, Manifest.of(run.manifest)) for run in found]


def _forgotten(session: Session) -> Forgotten | None:
    """People to leave out of the data; None without a database, which nobody could be kept in."""
    try:
        return read_forgotten(session.engine)
    except NoDatabase:
        return None


def _sources(session: Session, data: Dataset) -> tuple[list[SourceSettings], dict[str, str]]:
    """Return the sources that take part, and by name why the others do not."""
    config = session.config.core
    taking_part, reasons = [], {}
    for source in config.sources_for(data.has_times):
        try:
            why_not = left_out(build_source(source), data, config.memory)
        except UnusableSource as broken:
            reasons[source.name] = f"left out: {broken}"
            continue
        if why_not is None:
            taking_part.append(source)
        else:
            reasons[source.name] = why_not.status
    return taking_part, reasons


def warnings_of(estimate: TrainingEstimate, machine: Machine) -> list[str]:
    """Say where an estimate exceeds what a machine has free.

    Args:
        estimate: of a training.
        machine: on which it would run.

    Returns:
        A sentence each for memory and disk; none where both suffice.
    """
    warnings = []
    if machine.memory_mb is not None and estimate.peak_mb > machine.memory_mb:
        dearest = max(estimate.stages, key=lambda stage: stage.peak_mb)
        warnings.append(
            f"the training needs about {estimate.peak_mb / 1024:.1f} GiB of memory, most of it in "
            f"{dearest.name!r}, and {machine.memory_mb / 1024:.1f} GiB are free: take a larger "
            "machine, or fewer [[sources]]"
        )
    # A database may stand on another disk, or machine.
    disk = sum(size for part, size in estimate.disk_mb.items() if part != DATABASE)
    if disk > machine.disk_mb:
        warnings.append(
            f"the training leaves about {disk / 1024:.1f} GiB in [artifacts] path, and "
            f"{machine.disk_mb / 1024:.1f} GiB are free: make room (`fusion prune`), or name "
            "another folder as `path` in [artifacts]"
        )
    return warnings
