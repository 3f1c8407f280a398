"""Fitting the configured sources on the folds; one that cannot take part says why, and the run goes on."""

import errno
import inspect
import json
import logging
import resource
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from fusion.config import SourceSettings
from fusion.dataset import Dataset
from fusion.errors import ConfigError, SourceFailed
from fusion.fitted import Fitted, fit, fit_items
from fusion.folds import Fold
from fusion.job import Job
from fusion.recommender import FitContext, Recommender
from fusion.registry import build

log = logging.getLogger(__name__)
STATE = "state.npz"
NO_PLACE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""Refusals to write that are no fault of a source: the run ends instead of going on without it."""
CONTROL = SourceSettings(name="control", use="random")


@dataclass
class SourceReport:
    """A source's row in the manifest: `status` is "used", or why it is not."""

    name: str
    use: str
    status: str = "used"
    seconds: float = 0.0
    peak_mb: int = 0
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def used(self) -> bool:
        """Whether it takes part."""
        return self.status == "used"


Fits = dict[str, dict[str, Path]]
"""Fold name -> source name -> folder of the fit."""


def fit_sources(job: Job, folds: Sequence[Fold]) -> tuple[Fits, list[SourceReport]]:
    """Fit every source on every fold, oldest first. A source that fails on one fold is left out of all."""
    fits: Fits = {fold.name: {} for fold in folds}
    reports = []
    for settings in (*job.config.all_sources, CONTROL):
        report = SourceReport(settings.name, settings.use)
        found = _fit_folds(job, folds, settings, report)
        for name, folder in found.items():
            fits[name][settings.name] = folder
        if settings is not CONTROL:
            reports.append(report)
    _require_one(reports)
    return fits, reports


def leave_out(reports: Sequence[SourceReport], failure: SourceFailed) -> None:
    """Note that a source takes no part any more, since it died while scoring; ConfigError when it was the last."""
    found = [report for report in reports if report.name == failure.source and report.used]
    if not found:
        raise failure
    found[0].status = f"failed while scoring: {failure.why}"
    _require_one(reports)


def _require_one(reports: Sequence[SourceReport]) -> None:
    if not any(report.used for report in reports):
        reasons = "; ".join(f"{r.name}: {r.status}" for r in reports)
        raise ConfigError(f"no source can take part ({reasons}); configure one that fits the data and the memory")


def _fit_folds(job: Job, folds: Sequence[Fold], settings: SourceSettings, report: SourceReport) -> dict[str, Path]:
    model = build(settings.use, settings.settings)
    report.status = left_out(model, job.plan.serving.known, job.config.memory) or "used"
    if not model.proposes and settings is not CONTROL:
        report.status = "left out: it proposes nothing; a random control row is always there"
    found: dict[str, Path] = {}
    steps: int | None = None
    started = time.monotonic()
    for fold in folds if report.used else ():
        try:
            found[fold.name] = job.step(f"fit {settings.name} on {fold.name}", _fitting(job, fold, settings, steps))
        except Exception as failure:  # a source is foreign code: whatever it dies of must not end the run
            if isinstance(failure, OSError) and failure.errno in NO_PLACE:
                raise
            log.warning("source failed name=%s fold=%s", settings.name, fold.name, exc_info=True)
            report.status = f"failed on {fold.name}: {type(failure).__name__}: {failure}"
            return {}
        report.notes = json.loads((found[fold.name] / "notes.json").read_text())
        steps = steps or report.notes.get("steps")
    report.seconds = round(time.monotonic() - started, 2)
    report.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found


def left_out(model: Recommender, data: Dataset, memory_gib: float) -> str | None:
    """Why a source cannot take part before it is even fitted; None when it can."""
    offers = {"times": data.has_times, "weights": data.has_weights}
    table = data.item_table
    offers["text"] = "text" in table.columns and table["text"].null_count() < len(table)
    offers["category"] = any(str(kind).startswith("List") for kind in table.dtypes)
    missing = sorted(need for need in model.needs if not offers.get(need, False))
    if missing:
        return f"left out: the data has no {' and no '.join(missing)}"
    needed = model.memory_bytes(data.n_users, data.n_items, len(data)) / 2**30
    if needed > memory_gib:
        return f"left out: needs {needed:.1f} GiB to fit {data.n_items:,} items, memory is {memory_gib:g} GiB"
    return None


def _fitting(job: Job, fold: Fold, settings: SourceSettings, steps: int | None) -> Any:
    """The stage that fits one source on one fold, ready to be called."""
    model = build(settings.use, settings.settings)
    known = fold.known.trim_users().trim_items(fit_items(model, fold.known))
    inputs = {
        "use": settings.use,
        "code": source_code(type(model)),
        "settings": model.config.model_dump(mode="json"),
        "data": known.digest,
        "device": job.device,
        "threads": job.threads,
        "seed": source_seed(job.config.seed, settings.name),
        "steps": steps,
    }

    def make(folder: Path) -> None:
        context = FitContext(
            rng=np.random.default_rng(inputs["seed"]),
            device=job.device,
            threads=job.threads,
            max_steps=steps,
            cache=job.store.root / "vectors",
            progress=job.progress(f"fit {settings.name} on {fold.name}"),
        )
        started = time.monotonic()
        fitted = fit(settings.name, model, known, settings.k, context)
        np.savez(folder / STATE, allow_pickle=False, **fitted.model.state())
        notes = {**fitted.model.notes, "seconds": round(time.monotonic() - started, 2), "n_items": fitted.n_items}
        (folder / "notes.json").write_text(json.dumps(notes))
        log.info("fit done source=%s fold=%s items=%d seconds=%s", settings.name, fold.name, *_brief(notes))

    return lambda: job.store.stage("fit", inputs, make)


def _brief(notes: dict[str, Any]) -> tuple[int, float]:
    return notes["n_items"], notes["seconds"]


def source_code(cls: type[Recommender]) -> str:
    """12 hex digits over the file that defines a recommender, which need not be part of the core."""
    return sha256(Path(inspect.getfile(cls)).read_bytes()).hexdigest()[:12]


def source_seed(seed: int, name: str) -> list[int]:
    """A stream of its own for each source, so that adding one does not move the others' numbers."""
    return [seed, crc32(name.encode())]


def load_sources(job: Job, fold: Fold, fits: dict[str, Path], reports: Sequence[SourceReport]) -> list[Fitted]:
    """The fitted sources of one fold that take part, the control last; SourceFailed when one cannot be restored."""
    used = {report.name for report in reports if report.used} | {CONTROL.name}
    found = []
    for settings in (*job.config.all_sources, CONTROL):
        if settings.name in used:
            if not (fits[settings.name] / STATE).exists():
                _refit(job, fold, settings, fits[settings.name])
            found.append(_load(fits[settings.name], settings))
    return found


def _refit(job: Job, fold: Fold, settings: SourceSettings, folder: Path) -> None:
    """Fit once more what an earlier run dropped for its size, with as many steps."""
    steps = json.loads((folder / "inputs.json").read_text())["steps"]
    shutil.rmtree(folder)
    _fitting(job, fold, settings, steps)()


def _load(folder: Path, settings: SourceSettings) -> Fitted:
    model = build(settings.use, settings.settings)
    with np.load(folder / STATE, allow_pickle=False) as stored:
        state = {name: stored[name] for name in stored.files}
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
