"""Tuning and fitting of all sources on all folds, side by side."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass, replace
from functools import partial

from fusion.config import SourceSettings
from fusion.core.parallel import BoundedPool, bounded_pool
from fusion.data.fold import Fold
from fusion.errors import no_room
from fusion.models.base.registry import build
from fusion.runs.context import RunContext
from fusion.runs.environment import peak_mb
from fusion.runs.runtime import Runtime
from fusion.training.fit_stage import Fit, fit_stage
from fusion.training.source_fits import Fits, SourceFits
from fusion.training.sources import (
    RANDOM_SOURCE,
    SourceReport,
    build_source,
    left_out,
    require_one,
)
from fusion.training.tuning import Tuned, TuningTask, tune_source

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FitResult:
    """A source's fit on one fold, or what it failed with.

    Attributes:
        fold: what it was fitted on.
        source: its settings, tuned ones filled in.
        fit: None where it failed.
        failure: a sentence; empty where it did not fail.
        seconds: that it took.
        tuned: what tuning gave the source before; with the fit on the oldest fold only.
    """

    fold: Fold
    source: SourceSettings
    fit: Fit | None
    failure: str
    seconds: float
    tuned: Tuned | None = None


@dataclass(frozen=True)
class FitTask:
    """How the sources of a training are tuned and fitted.

    Attributes:
        folds: to fit on, oldest first.
        tuning: the search for settings before.
        seed: of the run.
        device: "cpu" or "cuda".
        runtime: the means; its progress ends a fit when the run is stopped.
    """

    folds: tuple[Fold, ...]
    tuning: TuningTask
    seed: int
    device: str
    runtime: Runtime

    def begin(self, source: SourceSettings) -> list[FitResult]:
        """Tune a source and fit it on the oldest fold.

        Args:
            source: its settings.

        Returns:
            The one result.
        """
        tuned = tune_source(self.tuning, source, self.runtime)
        if tuned:
            settings = {**source.settings, **tuned.settings}
            source = source.model_copy(update={"settings": settings})
        return [replace(self.fit(self.folds[0], source), tuned=tuned)]

    def go_on(self, first: FitResult, folds: Sequence[Fold]) -> list[FitResult]:
        """Fit a source on folds after the oldest; warm, each from the fit before it.

        Args:
            first: its fit on the oldest fold, the steps of which the others take.
            folds: oldest first.

        Returns:
            A result for each fold, up to one that failed.
        """
        assert first.fit is not None
        source = first.source
        steps = first.fit.notes.get("steps") or None
        earlier = first.fit if source.refit == "warm" else None
        results = []
        for fold in folds:
            result = self.fit(fold, source, steps, earlier)
            results.append(result)
            if not result.fit:
                break
            earlier = result.fit if source.refit == "warm" else None
        return results

    def fit(
        self,
        fold: Fold,
        source: SourceSettings,
        steps: int | None = None,
        earlier: Fit | None = None,
    ) -> FitResult:
        """Fit a source on one fold; a failure of its code becomes a part of the result.

        Args:
            fold: what to fit on.
            source: its settings.
            steps: training steps to take; None lets the fit find them.
            earlier: the fit to begin from.
        """
        started = time.monotonic()
        fit, failure = None, ""
        try:
            stage = fit_stage(source, fold, self.seed, self.device, steps, earlier)
            is_new = not self.runtime.has(stage)
            fit = Fit(fold, stage, self.runtime.run(stage))
            if is_new:
                _log_fit(source, fit)
        except Exception as error:  # a source is foreign code, which may fail with anything
            if no_room(error):
                raise
            log.warning("source failed name=%s fold=%s", source.name, fold.name, exc_info=True)
            failure = f"failed on {fold.name}: {type(error).__name__}: {error}"
        return FitResult(fold, source, fit, failure, time.monotonic() - started)


def fit_sources(context: RunContext, folds: Sequence[Fold]) -> SourceFits:
    """Tune every source and fit it on every fold; one that fails on one fold is left out of all.

    A source's fit on the oldest fold comes before its others, which take as many steps as that one
    found. Fits that begin from one another are made one after the other, oldest first.

    Args:
        context: of the training.
        folds: oldest first.

    Raises:
        ConfigError: no source can take part, or one is configured wrong.
    """
    sources = tuple(_with_possible_refit(source, context) for source in _all_sources(context))
    reports = [_report(source, context) for source in _all_sources(context)]
    in_use = [source for source, report in zip(sources, reports, strict=True) if report.used]
    task = FitTask(
        folds=tuple(folds),
        tuning=TuningTask.of(context),
        seed=context.config.seed,
        device=context.device,
        runtime=context.runtime,
    )
    results = _fit_side_by_side(task, in_use)
    fits: Fits = {fold.name: {} for fold in folds}
    for report in reports:
        source_results = results.get(report.name, [])
        _note_results(report, source_results)
        if report.used:
            for result in source_results:
                assert result.fit is not None
                fits[result.fold.name][report.name] = result.fit
    *configured, _ = reports
    require_one(configured)
    tuned = [each[0].tuned for each in results.values() if each[0].tuned]
    return SourceFits(sources, fits, configured, tuned)


def _log_fit(source: SourceSettings, fit: Fit) -> None:
    notes = fit.notes
    log.info(
        "fit done source=%s fold=%s items=%d seconds=%s",
        source.name,
        fit.fold.name,
        notes["n_items"],
        notes["seconds"],
    )


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
    model = build_source(source)
    report = SourceReport(source.name, source.use)
    if source.refit != _with_possible_refit(source, context).refit:
        why = f"fold, since no fold of a {context.plan.kind} split is earlier than another"
        report.notes = {"refit": why}
        log.warning("source=%s refit=%s", source.name, why)
    why_not = left_out(model, context.plan.serving.known, context.config.memory)
    if why_not:
        report.status = why_not
    if not model.proposes and source is not RANDOM_SOURCE:
        report.status = "left out: it proposes nothing; a random control row is always there"
    return report


def _fit_side_by_side(
    task: FitTask, sources: Sequence[SourceSettings]
) -> dict[str, list[FitResult]]:
    """Source name -> its results, oldest fold first, in the order of `sources`."""
    first_fits: dict[Future[list[FitResult]], SourceSettings] = {}
    later_fits: dict[str, list[Future[list[FitResult]]]] = {source.name: [] for source in sources}
    with bounded_pool(task.runtime.threads, task.runtime.memory) as pool:
        task = _stoppable(task, pool)
        for source in _slow_first(sources):
            work = partial(task.begin, source)
            first_fits[_submit(pool, task.folds[0], source, work)] = source
        for done in as_completed(first_fits):
            [first] = done.result()
            for folds in _chains(first, task.folds[1:]):
                work = partial(task.go_on, first, folds)
                future = _submit(pool, folds[-1], first.source, work)
                later_fits[first.source.name].append(future)
    results = {}
    futures = {source.name: future for future, source in first_fits.items()}
    for source in sources:
        of_source = (futures[source.name], *later_fits[source.name])
        results[source.name] = [result for future in of_source for result in future.result()]
    return results


def _stoppable(task: FitTask, pool: BoundedPool) -> FitTask:
    """A task whose fits end when the pool is stopped: they notice when they report progress."""
    progress = task.runtime.progress
    runtime = replace(task.runtime, progress=lambda name: pool.stoppable(progress(name)))
    return replace(task, runtime=runtime)


def _slow_first(sources: Sequence[SourceSettings]) -> list[SourceSettings]:
    """Sources in the order in which they begin: a slow one that began last would run alone."""
    return sorted(sources, key=lambda source: not build(source.use, source.settings).slow)


def _submit(
    pool: BoundedPool, fold: Fold, source: SourceSettings, work: Callable[[], list[FitResult]]
) -> Future[list[FitResult]]:
    """Queue work on a source, the largest fit of which is that on `fold`."""
    known = fold.known
    model = build(source.use, source.settings)
    needed = model.memory_bytes(known.n_users, known.n_items, len(known))
    return pool.submit(needed / 2**30, work)


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
            report.status = result.failure
            return
    if results and results[-1].fit:
        report.notes |= results[-1].fit.notes
