"""Training, stage by stage: fits, tables, ranker, verdict, the ranker that serves and its twin, lists, admission."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from fusion.config import RankerSettings
from fusion.data.fold import Fold
from fusion.errors import SourceFailed
from fusion.evaluation.admission import admit
from fusion.evaluation.check import Check
from fusion.evaluation.evaluate import Verdict, judge
from fusion.evaluation.feature_shift import feature_shift
from fusion.evaluation.live_baseline import Live
from fusion.evaluation.rating_errors import write_told
from fusion.lists.batch import feature_sample, write_lists
from fusion.lists.compiled_rules import Rules
from fusion.ranking.method import RANKER, Method
from fusion.ranking.ranker import Ranker
from fusion.ranking.ranker_training import filled, n_watched, refit, train_ranker
from fusion.ranking.sampling import read_teaching, read_watched, that_may_teach
from fusion.ranking.source_prior import Lean, find_lean
from fusion.ranking.table import KEYS, aligned, redrawn
from fusion.ranking.table_file import write_table
from fusion.runs.context import Job
from fusion.runs.monitoring_samples import USER_ROW
from fusion.training.fits import Fits, evict, fit_sources, load_sources
from fusion.training.sources import SourceReport, leave_out
from fusion.training.tuning import Tuned

log = logging.getLogger(__name__)
GROWN = "settings.json"
"""With a ranker: its settings, those that were left open filled in, and as `trees` how many it has.
"""
TWIN = 1000
"""Added to the seed of the ranker's twin, which learns from users drawn anew: what chance alone changes in lists."""


@dataclass(frozen=True)
class Trained:
    """What a training made: the verdict, the chosen method, the folder of the lists and the checks of admission.

    `lean`: which source the ranker leans on. `shift`: PSI of steady features between the verdict
    table and the serving table, largest first.
    """

    verdict: Verdict
    method: str
    lists: Path
    serving_ranker: Path | None
    sources: tuple[SourceReport, ...]
    checks: tuple[Check, ...]
    trees: int
    importance: dict[str, float]
    lean: Lean | None
    shift: dict[str, float]
    tuned: tuple[Tuned, ...] = ()
    rules: Rules | None = None

    @property
    def admitted(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)


def train(job: Job, live: Live | None = None, rules: Rules | None = None) -> Trained:
    """Train, judge, choose and list; publishing is the caller's."""
    job.store.sweep()
    plan = job.plan
    job, fits, reports, tuned = fit_sources(job, (*plan.labels, plan.verdict, plan.serving))
    while True:
        try:
            with threadpool_limits(
                1, "blas"
            ):  # for the whole process: no sum may depend on its cores
                trained = _fuse(job, fits, reports, live, rules)
        except SourceFailed as failure:
            log.warning("source failed while scoring name=%s", failure.source, exc_info=True)
            leave_out(reports, failure)
        else:
            evict(job, fits)
            return replace(trained, tuned=tuple(tuned), rules=rules)


def _fuse(
    job: Job, fits: Fits, reports: Sequence[SourceReport], live: Live | None, rules: Rules | None
) -> Trained:
    """Everything after the fits, with the sources that are still in use; SourceFailed when one of them dies."""
    rows, n_folds = job.config.ranker.max_rows, len(job.plan.labels)
    teaching = [that_may_teach(fold, rows, n_folds, job.config.seed) for fold in job.plan.labels]
    tables = [
        job.step(f"table of {fold.name}", partial(_table, job, fold, fits, reports))
        for fold in (*teaching, job.plan.verdict)
    ]
    folder = job.step("ranker", lambda: _ranker(job, tables[:-1]))
    ranker = Ranker.load(folder, job.threads)
    grown = RankerSettings.model_validate_json((folder / GROWN).read_text())
    verdict = job.step("verdict", lambda: judge(job, tables[-1], ranker, live))
    method = verdict.choice.method
    serving, twin = None, None
    if method == RANKER:
        serving = job.step(
            "serving ranker", lambda: _serving_ranker(job, tables, grown, ranker.lean)
        )
        twin = job.step(
            "twin ranker", lambda: _serving_ranker(job, tables, grown, ranker.lean, twin=True)
        )
    lists = job.step(
        "lists",
        lambda: _lists(job, fits, reports, _Served(method, serving, twin, tables[-1]), rules),
    )
    shift = feature_shift(lists, method)
    checks = tuple(admit(job, verdict, lists, shift, rules))
    return Trained(
        verdict,
        method,
        lists,
        serving,
        tuple(reports),
        checks,
        grown.trees,
        ranker.importance(),
        ranker.lean,
        shift,
    )


@dataclass(frozen=True)
class _Served:
    """What lists are made with: the method, the ranker and its twin if it is the ranker, and the verdict's table."""

    method: str
    ranker: Path | None
    twin: Path | None
    table: Path


def _table(job: Job, fold: Fold, fits: Fits, reports: Sequence[SourceReport]) -> Path:
    """The stage that makes a fold's table."""
    inputs = {
        "fits": _keys(fits[fold.name], reports),
        "k": {source.name: source.k for source in job.sources},
        "data": fold.known.trim_users().digest,
        "labels": job.store.key(
            {"users": fold.label_users.tolist(), "items": fold.label_items.tolist()}
        ),
        "held": _held_key(job, fold),
        "as_of": job.store.key({"as_of": fold.as_of[fold.label_rows].tolist()}),
        "allowed": job.store.key({"items": np.flatnonzero(~job.allowed(fold.cut).items).tolist()}),
        "seen": job.config.lists.exclude_seen,
    }

    def make(folder: Path) -> None:
        sources = load_sources(job, fold, fits[fold.name], reports)
        progress = job.progress(f"table of {fold.name}")
        write_table(folder, sources, fold, job.allowed(fold.cut), job.room, progress)
        write_told(folder, sources, fold)

    return job.store.stage("table", inputs, make)


def _held_key(job: Job, fold: Fold) -> str:
    """What weights are judged on."""
    held = fold.held
    columns = (
        [] if held is None else [held.users.tolist(), held.items.tolist(), held.weights.tolist()]
    )
    return job.store.key({"held": columns})


def _keys(fits: dict[str, Path], reports: Sequence[SourceReport]) -> dict[str, str]:
    """Which fits take part, in the order of the configuration: the order of columns."""
    left_out = {report.name for report in reports if not report.used}
    return {
        f"{at} {name}": folder.name
        for at, (name, folder) in enumerate(fits.items())
        if name not in left_out
    }


def _ranker(job: Job, tables: Sequence[Path]) -> Path:
    """The stage that trains the ranker on the label folds."""

    def make(folder: Path) -> None:
        rows, seed = job.config.ranker.max_rows, job.config.seed
        taught = read_teaching(tables, rows, seed)
        settings = filled(job.config.ranker, taught)
        watched = read_watched(tables, rows, seed, n_watched(taught))
        ranker, trees = train_ranker(taught, watched, settings, seed, job.threads)
        if job.plan.kind == "random":
            scores = [ranker.score(aligned(lists, ranker.columns)) for lists in watched]
            ranker = replace(ranker, lean=find_lean(watched, scores))
        ranker.save(folder)
        (folder / GROWN).write_text(settings.model_copy(update={"trees": trees}).model_dump_json())

    return job.store.stage("ranker", _ranker_inputs(job, tables), make)


def _serving_ranker(
    job: Job, tables: Sequence[Path], grown: RankerSettings, lean: Lean | None, twin: bool = False
) -> Path:
    """The stage that refits the ranker, as it was grown, with the verdict table as its newest fold; or its twin."""
    seed = job.config.seed + TWIN * twin
    told = {
        "grown": grown.model_dump(mode="json"),
        "seed": seed,
        "twin": twin,
        "lean": asdict(lean) if lean else None,
    }

    def make(folder: Path) -> None:
        stored = read_teaching(tables, job.config.ranker.max_rows, job.config.seed)
        if twin:
            stored = [redrawn(table, seed) for table in stored]
        replace(refit(stored, grown, grown.trees, seed, job.threads), lean=lean).save(folder)

    return job.store.stage("serving", {**_ranker_inputs(job, tables), **told}, make)


def _ranker_inputs(job: Job, tables: Sequence[Path]) -> dict[str, Any]:
    settings = job.config.ranker.model_dump(mode="json")
    return {
        "tables": [t.name for t in tables],
        "settings": settings,
        "seed": job.config.seed,
        "threads": job.threads,
    }


def _lists(
    job: Job, fits: Fits, reports: Sequence[SourceReport], served: _Served, rules: Rules | None
) -> Path:
    """The stage that makes every user's list."""
    fold = job.plan.serving
    inputs = {
        "fits": _keys(fits[fold.name], reports),
        "k": {source.name: source.k for source in job.sources},
        "data": job.data.digest,
        "method": served.method,
        "ranker": served.ranker.name if served.ranker else None,
        "table": served.table.name,
        "lists": job.config.lists.model_dump(mode="json", exclude={"rules"}),
        "rules": rules.key if rules else None,
        "split": [job.plan.kind, job.config.split.sparse],
        "sample": job.store.key({"users": job.plan.verdict.label_rows.tolist()}),
    }

    def make(folder: Path) -> None:
        sources = load_sources(job, fold, fits[fold.name], reports)
        rankers = [Ranker.load(path, job.threads) for path in (served.ranker, served.twin) if path]
        write_lists(folder, job, sources, Method(served.method, *rankers), rules)
        sample = pl.Series(feature_sample(job))
        before = pl.scan_parquet(served.table / "table.parquet").filter(
            pl.col("user").is_in(sample.implode())
        )
        before.rename({"user": USER_ROW}).drop(KEYS, strict=False).collect().write_parquet(
            folder / "features_before.parquet"
        )

    return job.store.stage("lists", inputs, make)
