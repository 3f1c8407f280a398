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
from fusion.core.parallel import Workers, workers
from fusion.data.fold import Fold
from fusion.errors import no_room
from fusion.models.base.fitted import Fitted
from fusion.models.base.registry import build
from fusion.runs.context import Job
from fusion.training.fit_stage import STATE, Earlier, fitting, is_warm, stored_state
from fusion.training.sources import CONTROL, SourceReport, build_source, left_out, require_one
from fusion.training.tuning import Tuned, tune_source, with_tuned

log = logging.getLogger(__name__)
Fits = dict[str, dict[str, Path]]
"""Fold name -> source name -> folder of the fit."""


def fit_sources(
    job: Job, folds: Sequence[Fold]
) -> tuple[Job, Fits, list[SourceReport], list[Tuned]]:
    """Tune every source and fit it on every fold, side by side. A source that fails on one fold is left out of all.

    A source's fit on the oldest fold comes before its others, which take as many steps as that one
    found; where fits begin from one another, oldest to newest, they are made in that order. Gives
    the job with the settings that tuning found.
    """
    sources = (*job.sources, CONTROL)
    reports = [_report(job, settings) for settings in sources]
    pieces: dict[int, list[Future[list[_Piece]]]] = {}
    with workers(job.threads, job.config.memory) as crew:
        submit = partial(_submit, crew, job)
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
                *(submit(go_on, rest, piece.settings) for rest in _together(job, piece, folds[1:])),
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
    return with_tuned(job, tuned), fits, reports[:-1], tuned


def _report(job: Job, settings: SourceSettings) -> SourceReport:
    """A source's row before it is fitted."""
    model = build_source(settings)
    report = SourceReport(settings.name, settings.use)
    if settings.refit == "warm" and not is_warm(job, settings):
        report.notes = {
            "refit": f"fold, since no fold of a {job.plan.kind} split is earlier than another"
        }
        log.warning("source=%s refit=%s", settings.name, report.notes["refit"])
    report.status = left_out(model, job.plan.serving.known, job.config.memory) or "used"
    if not model.proposes and settings is not CONTROL:
        report.status = "left out: it proposes nothing; a random control row is always there"
    return report


@dataclass(frozen=True)
class _Piece:
    """A source's fit on one fold: with which settings, its folder, or what it died of."""

    fold: Fold
    settings: SourceSettings
    folder: Path | None
    failure: str
    seconds: float
    tuned: Tuned | None = None

    @property
    def path(self) -> Path:
        assert self.folder is not None
        return self.folder

    @property
    def notes(self) -> dict[str, Any]:
        """What the fit noted."""
        notes: dict[str, Any] = json.loads((self.path / "notes.json").read_text())
        return notes


Work = Callable[[Job, Sequence[Fold], SourceSettings], list[_Piece]]


def _submit(
    crew: Workers, job: Job, work: Work, folds: Sequence[Fold], source: SourceSettings
) -> Future[list[_Piece]]:
    model, known = build(source.use, source.settings), folds[-1].known
    gib = model.memory_bytes(known.n_users, known.n_items, len(known)) / 2**30
    watched = replace(
        job, progress=lambda name: crew.stoppable(job.progress(name))
    )  # a long fit ends when told
    return crew.submit(gib, lambda: work(watched, folds, source))


def _begin(job: Job, folds: Sequence[Fold], source: SourceSettings) -> list[_Piece]:
    """Tune a source, and fit it on the oldest fold."""
    tuned = tune_source(job, source)
    if tuned:
        source = source.model_copy(update={"settings": {**source.settings, **tuned.settings}})
    return [replace(_fit_fold(job, fold, source), tuned=tuned) for fold in folds]


def _together(job: Job, first: _Piece, rest: Sequence[Fold]) -> list[Sequence[Fold]]:
    """The folds after the first, oldest first, parted into those whose fits are one piece of work."""
    if not (first.folder and rest):
        return []
    return [rest] if is_warm(job, first.settings) else [[fold] for fold in rest]


def _fit_folds(
    job: Job, folds: Sequence[Fold], source: SourceSettings, first: _Piece
) -> list[_Piece]:
    """Fit a source on folds after the first one; warm, each from the fit before it, up to one that fails."""
    made, before = [], first
    for fold in folds:
        earlier = Earlier(before.fold, before.path) if is_warm(job, source) else None
        before = _fit_fold(job, fold, source, first.notes.get("steps") or None, earlier)
        made.append(before)
        if not before.folder:
            break
    return made


def _fit_fold(
    job: Job,
    fold: Fold,
    source: SourceSettings,
    steps: int | None = None,
    earlier: Earlier | None = None,
) -> _Piece:
    started = time.monotonic()
    folder, failure = None, ""
    try:
        folder = job.step(
            f"fit {source.name} on {fold.name}", fitting(job, fold, source, steps, earlier)
        )
    except Exception as died:  # a source is foreign code: whatever it dies of must not end the run
        if no_room(died):
            raise
        log.warning("source failed name=%s fold=%s", source.name, fold.name, exc_info=True)
        failure = f"failed on {fold.name}: {type(died).__name__}: {died}"
    return _Piece(fold, source, folder, failure, time.monotonic() - started)


def _take_part(report: SourceReport, made: Sequence[_Piece]) -> bool:
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
    job: Job, fold: Fold, fits: dict[str, Path], reports: Sequence[SourceReport]
) -> list[Fitted]:
    """The fitted sources of one fold that take part, the control last; SourceFailed when one cannot be restored."""
    used = {report.name for report in reports if report.used} | {CONTROL.name}
    found = []
    for settings in (*job.sources, CONTROL):
        if settings.name in used:
            found.append(_load(job, fold, settings, fits[settings.name]))
    return found


def _load(job: Job, fold: Fold, settings: SourceSettings, folder: Path) -> Fitted:
    model = build(settings.use, settings.settings)
    state = stored_state(job, fold, settings, folder)
    notes = json.loads((folder / "notes.json").read_text())
    name = "random" if settings is CONTROL else settings.name
    empty = Fitted(name, model, notes["n_items"], settings.k)
    with empty.blamed():
        return replace(empty, model=type(model).restore(model.config, state))


def evict(job: Job, fits: Fits) -> None:
    """Drop the arrays of large fits of past folds: their tables are kept, which is what later runs reuse."""
    for fold, folders in fits.items():
        for folder in folders.values() if fold != job.plan.serving.name else ():
            state = folder / STATE
            if state.exists() and state.stat().st_size > job.config.artifacts.keep_fit_mb * 2**20:
                state.unlink()
