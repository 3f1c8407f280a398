"""Tuning and fitting of all sources on all folds, side by side."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from fusion.config import SourceSettings
from fusion.core.parallel import BoundedPool
from fusion.data.splitting.fold import Fold
from fusion.errors import UnusableSource
from fusion.models.foreign.resolve import source_model
from fusion.runs.context import RunContext
from fusion.runs.environment import peak_mb
from fusion.training.contributions.pruning import Earlier, note_left_out
from fusion.training.fit_task import FitResult, FitTask
from fusion.training.new_items.as_if_new import proposes_new_items
from fusion.training.new_items.defaults import DEFAULTS
from fusion.training.source_fits import SourceFits
from fusion.training.sources import (
    RANDOM_SOURCE,
    LeftOut,
    SourceReport,
    build_source,
    fit_memory,
    left_out,
    require_one,
)
from fusion.training.tuning.stage import TuningTask

log = logging.getLogger(__name__)


def fit_sources(
    context: RunContext, folds: Sequence[Fold], earlier: Earlier = MappingProxyType({})
) -> SourceFits:
    """Tune every source and fit it on every fold; one that fails on one fold is left out of all.

    A source's fit on the oldest fold comes before its others, which take as many steps as that one
    found. Fits that begin from one another are made one after the other, oldest first.

    Args:
        context: of the training.
        folds: oldest first.
        earlier: what the live run left out.

    Raises:
        ConfigError: no source can take part, or one is configured wrong.
    """
    sources = tuple(_with_possible_refit(source, context) for source in _all_sources(context))
    reports = [_report(source, context) for source in _all_sources(context)]
    tune = context.config.tune
    if tune.contributions and tune.prune:
        note_left_out(reports, earlier, tune.probe)
    # What cannot take part is not even tuned.
    in_use = [source for source, report in zip(sources, reports, strict=True) if report.used]
    *configured, _ = reports
    results = _fit_side_by_side(_task(context, folds), in_use)
    k_new = DEFAULTS.candidates if proposes_new_items(context) else 0
    fits = SourceFits(sources, configured, results, k_new)
    _note_all(fits)
    return fits


def fit_further(context: RunContext, fits: SourceFits, folds: Sequence[Fold]) -> SourceFits:
    """Fit the sources in use on later folds, with the settings and steps of their first fits.

    Args:
        context: of the training.
        fits: on earlier folds.
        folds: oldest first.

    Returns:
        All fits; a source that fails here is left out.

    Raises:
        ConfigError: no source can take part any more.
    """
    task = _task(context, folds)
    futures: dict[str, list[Future[list[FitResult]]]] = {}
    with _open_pool(task) as pool:
        task = _stoppable(task, pool)
        for source in _slow_first(fits.in_use):
            earlier = fits.results[source.name]
            futures[source.name] = _submit_chains(pool, task, earlier, folds)
    results = dict(fits.results)
    for name, of_source in futures.items():
        further = [result for future in of_source for result in future.result()]
        results[name] = [*results[name], *further]
    all_fits = replace(fits, results=results)
    _note_all(all_fits)
    return all_fits


def _task(context: RunContext, folds: Sequence[Fold]) -> FitTask:
    """The terms on which sources are fitted on some folds."""
    return FitTask(
        folds=tuple(folds),
        tuning=TuningTask.of(context),
        seed=context.config.seed,
        device=context.device,
        runtime=context.runtime,
    )


def _note_all(fits: SourceFits) -> None:
    """Write into the rows of sources how their fits went, and refuse a run without any."""
    for report in fits.reports:
        # What is left out before it is fitted keeps its reason.
        if report.used:
            _note_results(report, fits.results[report.name])
    require_one(fits.reports)


def _all_sources(context: RunContext) -> tuple[SourceSettings, ...]:
    """The configured sources, and the random one beside them."""
    return (*context.sources, RANDOM_SOURCE)


def _with_possible_refit(source: SourceSettings, context: RunContext) -> SourceSettings:
    """A source that begins every fit from nothing where no fold is earlier than another."""
    if source.refit == "warm" and context.plan.kind == "random":
        return source.model_copy(update={"refit": "fold"})
    return source


def _report(source: SourceSettings, context: RunContext) -> SourceReport:
    """A source's row before it is fitted."""
    report = SourceReport(source.name, source.use)
    try:
        model = build_source(source)
    except UnusableSource as broken:
        log.warning("source left out name=%s: %s", source.name, broken)
        report.leave(LeftOut("failed", f"left out: {broken}"))
        return report
    report.reason_text = model.reason_text
    if source.refit != _with_possible_refit(source, context).refit:
        why = f"fold, since no fold of a {context.plan.kind} split is earlier than another"
        report.notes = {"refit": why}
        log.warning("source=%s refit=%s", source.name, why)
    why_not = left_out(model, context.plan.serving.known, context.config.memory)
    if why_not:
        report.leave(why_not)
    if not model.proposes and source is not RANDOM_SOURCE:
        status = "left out: it proposes nothing; a random control row is always there"
        report.leave(LeftOut("configuration", status))
    return report


def _fit_side_by_side(
    task: FitTask, sources: Sequence[SourceSettings]
) -> dict[str, list[FitResult]]:
    """Source name -> its results, oldest fold first, in the order of `sources`."""
    first_fits: dict[Future[list[FitResult]], SourceSettings] = {}
    later_fits: dict[str, list[Future[list[FitResult]]]] = {}
    with _open_pool(task) as pool:
        task = _stoppable(task, pool)
        for source in _slow_first(sources):
            work = partial(task.begin, source)
            first_fits[_submit(pool, task.folds[0], source, work)] = source
        # As each ends, not in order: a slow source must not keep the others from going on.
        for done in as_completed(first_fits):
            [first] = done.result()
            later_fits[first.source.name] = _submit_chains(pool, task, [first], task.folds[1:])
    # In the order of the configuration again, which decides the order of columns.
    results = {}
    futures = {source.name: future for future, source in first_fits.items()}
    for source in sources:
        of_source = (futures[source.name], *later_fits[source.name])
        results[source.name] = [result for future in of_source for result in future.result()]
    return results


def _open_pool(task: FitTask) -> AbstractContextManager[BoundedPool]:
    """Open the threads that ask the executor for fits."""
    return task.runtime.executor.pool(task.runtime.threads, task.runtime.memory)


def _stoppable(task: FitTask, pool: BoundedPool) -> FitTask:
    """A task whose fits end when the pool is stopped: they notice when they report progress."""
    progress = task.runtime.progress
    runtime = replace(task.runtime, progress=lambda name: pool.stoppable(progress(name)))
    return replace(task, runtime=runtime)


def _slow_first(sources: Sequence[SourceSettings]) -> list[SourceSettings]:
    """Sources in the order in which they begin: a slow one that began last would run alone."""
    return sorted(sources, key=lambda source: not source_model(source.use, source.settings).slow)


def _submit(
    pool: BoundedPool, fold: Fold, source: SourceSettings, work: Callable[[], list[FitResult]]
) -> Future[list[FitResult]]:
    """Queue work on a source, the largest fit of which is that on `fold`."""
    model = source_model(source.use, source.settings)
    try:
        needed = fit_memory(model, fold.known)
    except Exception:  # it could say before: alone then, and whatever is wrong shows in its fit
        needed = pool.memory
    return pool.submit(needed, work)


def _submit_chains(
    pool: BoundedPool, task: FitTask, earlier: Sequence[FitResult], folds: Sequence[Fold]
) -> list[Future[list[FitResult]]]:
    """Queue the fits of a source on folds later than those it was fitted on."""
    first, newest = earlier[0], earlier[-1]
    futures = []
    for chain in _chains(first, folds):
        work = partial(task.go_on, first, newest, chain)
        futures.append(_submit(pool, chain[-1], first.source, work))
    return futures


def _chains(first: FitResult, folds: Sequence[Fold]) -> list[Sequence[Fold]]:
    """The folds after the first, parted into those whose fits are one piece of work."""
    if not first.fit or not folds:
        return []
    return [folds] if first.source.refit == "warm" else [[fold] for fold in folds]


def _note_results(report: SourceReport, results: Sequence[FitResult]) -> None:
    """Write into a source's row how its fits went."""
    report.seconds = round(sum(result.seconds for result in results), 2)
    report.peak_mb = peak_mb()
    for result in results:
        if result.failure:
            report.leave(LeftOut("failed", result.failure))
            return
    if results and results[-1].fit:
        report.notes |= results[-1].fit.notes
