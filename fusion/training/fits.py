"""Fits of the configured sources on the folds: tuned and made side by side, loaded, and let go."""

import json
import logging
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from fusion.config import SourceSettings
from fusion.core.parallel import BoundedPool, bounded_pool
from fusion.data.fold import Fold
from fusion.errors import no_room
from fusion.models.base.fitted import FittedSource
from fusion.models.base.registry import build
from fusion.runs.context import RunContext
from fusion.training.fit_stage import STATE, Earlier, fitting, is_warm, stored_state
from fusion.training.sources import RANDOM_SOURCE, SourceReport, build_source, left_out, require_one
from fusion.training.tuning import Tuned, tune_source, with_tuned

log = logging.getLogger(__name__)
Fits = dict[str, dict[str, Path]]
"""Fold name -> source name -> folder of the fit."""


def fit_sources(
    context: RunContext, folds: Sequence[Fold]
) -> tuple[RunContext, Fits, list[SourceReport], list[Tuned]]:
    """Tune every source and fit it on every fold, side by side. A source that fails on one fold is left out of all.

    A source's fit on the oldest fold comes before its others, which take as many steps as that one
    found; where fits begin from one another, oldest to newest, they are made in that order. Gives
    the job with the settings that tuning found.
    """
    sources = (*context.sources, RANDOM_SOURCE)
    reports = [_report(context, settings) for settings in sources]
    pieces: dict[int, list[Future[list[FitResult]]]] = {}
    with bounded_pool(context.threads, context.config.memory) as pool:
        submit = partial(_submit, pool, context)
        used = [at for at, report in enumerate(reports) if report.used]
        slow_first = sorted(
            used, key=lambda at: not build(sources[at].use, sources[at].settings).slow
        )
        first = {submit(_begin, folds[:1], sources[at]): at for at in slow_first}
        for done in as_completed(first):
            at, [piece] = first[done], done.result()
            go_on = partial(_fit_folds, first=piece)
            pieces[at] = [
                done,
                *(
                    submit(go_on, rest, piece.settings)
                    for rest in _together(context, piece, folds[1:])
                ),
            ]
    made = [
        [piece for done in pieces.get(at, ()) for piece in done.result()]
        for at in range(len(sources))
    ]
    fits: Fits = {fold.name: {} for fold in folds}
    for settings, report, mine in zip(sources, reports, made, strict=True):
        if _take_part(report, mine):
            for piece in mine:
                fits[piece.fold.name][settings.name] = piece.path
    require_one(reports[:-1])
    tuned = [mine[0].tuned for mine in made if mine and mine[0].tuned]
    return with_tuned(context, tuned), fits, reports[:-1], tuned


def _report(context: RunContext, settings: SourceSettings) -> SourceReport:
    """A source's row before it is fitted."""
    model = build_source(settings)
    report = SourceReport(settings.name, settings.use)
    if settings.refit == "warm" and not is_warm(context, settings):
        report.notes = {
            "refit": f"fold, since no fold of a {context.plan.kind} split is earlier than another"
        }
        log.warning("source=%s refit=%s", settings.name, report.notes["refit"])
    report.status = left_out(model, context.plan.serving.known, context.config.memory) or "used"
    if not model.proposes and settings is not RANDOM_SOURCE:
        report.status = "left out: it proposes nothing; a random control row is always there"
    return report


@dataclass(frozen=True)
class FitResult:
    """A source's fit on one fold: with which settings, its folder, or what it died of."""

    fold: Fold
    settings: SourceSettings
    folder: Path | None
    failure: str
    seconds: float
    tuned: Tuned | None = None

    @property
    def path(self) -> Path:
        """Folder of a fit that did not fail."""
        assert self.folder is not None
        return self.folder

    @property
    def notes(self) -> dict[str, Any]:
        """What the fit noted."""
        notes: dict[str, Any] = json.loads((self.path / "notes.json").read_text())
        return notes


Work = Callable[[RunContext, Sequence[Fold], SourceSettings], list[FitResult]]


def _submit(
    pool: BoundedPool,
    context: RunContext,
    work: Work,
    folds: Sequence[Fold],
    source: SourceSettings,
) -> Future[list[FitResult]]:
    model, known = build(source.use, source.settings), folds[-1].known
    gib = model.memory_bytes(known.n_users, known.n_items, len(known)) / 2**30
    watched = replace(
        context, progress=lambda name: pool.stoppable(context.progress(name))
    )  # a long fit ends when told
    return pool.submit(gib, lambda: work(watched, folds, source))


def _begin(context: RunContext, folds: Sequence[Fold], source: SourceSettings) -> list[FitResult]:
    """Tune a source, and fit it on the oldest fold."""
    tuned = tune_source(context, source)
    if tuned:
        source = source.model_copy(update={"settings": {**source.settings, **tuned.settings}})
    return [replace(_fit_fold(context, fold, source), tuned=tuned) for fold in folds]


def _together(context: RunContext, first: FitResult, rest: Sequence[Fold]) -> list[Sequence[Fold]]:
    """The folds after the first, oldest first, parted into those whose fits are one piece of work."""
    if not (first.folder and rest):
        return []
    return [rest] if is_warm(context, first.settings) else [[fold] for fold in rest]


def _fit_folds(
    context: RunContext, folds: Sequence[Fold], source: SourceSettings, first: FitResult
) -> list[FitResult]:
    """Fit a source on folds after the first one; warm, each from the fit before it, up to one that fails."""
    made, before = [], first
    for fold in folds:
        earlier = Earlier(before.fold, before.path) if is_warm(context, source) else None
        before = _fit_fold(context, fold, source, first.notes.get("steps") or None, earlier)
        made.append(before)
        if not before.folder:
            break
    return made


def _fit_fold(
    context: RunContext,
    fold: Fold,
    source: SourceSettings,
    steps: int | None = None,
    earlier: Earlier | None = None,
) -> FitResult:
    started = time.monotonic()
    folder, failure = None, ""
    try:
        folder = context.step(
            f"fit {source.name} on {fold.name}", fitting(context, fold, source, steps, earlier)
        )
    except Exception as died:  # a source is foreign code: whatever it dies of must not end the run
        if no_room(died):
            raise
        log.warning("source failed name=%s fold=%s", source.name, fold.name, exc_info=True)
        failure = f"failed on {fold.name}: {type(died).__name__}: {died}"
    return FitResult(fold, source, folder, failure, time.monotonic() - started)


def _take_part(report: SourceReport, made: Sequence[FitResult]) -> bool:
    """Write into a source's row how its fits went; gives whether all of them did."""
    report.seconds = round(sum(piece.seconds for piece in made), 2)
    report.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    failures = [piece.failure for piece in made if piece.failure]
    if failures:
        report.status = failures[0]
    elif made:
        report.notes |= made[-1].notes
    return report.used


def load_sources(
    context: RunContext, fold: Fold, fits: dict[str, Path], reports: Sequence[SourceReport]
) -> list[FittedSource]:
    """The fitted sources of one fold that take part, the control last; SourceFailed when one cannot be restored."""
    used = {report.name for report in reports if report.used} | {RANDOM_SOURCE.name}
    found = []
    for settings in (*context.sources, RANDOM_SOURCE):
        if settings.name in used:
            found.append(_load(context, fold, settings, fits[settings.name]))
    return found


def _load(context: RunContext, fold: Fold, settings: SourceSettings, folder: Path) -> FittedSource:
    model = build(settings.use, settings.settings)
    state = stored_state(context, fold, settings, folder)
    notes = json.loads((folder / "notes.json").read_text())
    name = "random" if settings is RANDOM_SOURCE else settings.name
    empty = FittedSource(name, model, notes["n_items"], settings.k)
    with empty.attribute_errors():
        return replace(empty, model=type(model).restore(model.config, state))


def evict(context: RunContext, fits: Fits) -> None:
    """Drop the arrays of large fits of past folds: their tables are kept, which is what later runs reuse."""
    for fold, folders in fits.items():
        for folder in folders.values() if fold != context.plan.serving.name else ():
            state = folder / STATE
            if (
                state.exists()
                and state.stat().st_size > context.config.artifacts.keep_fit_mb * 2**20
            ):
                state.unlink()
