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
from fusion.evaluation.evaluate import Verdict, evaluate
from fusion.evaluation.feature_shift import feature_shift
from fusion.evaluation.live_baseline import Live
from fusion.evaluation.rating_errors import write_rating_errors
from fusion.lists.batch import write_lists
from fusion.lists.compiled_rules import Rules
from fusion.lists.samples import feature_sample
from fusion.ranking.folders import RankerFolder, TableFolder
from fusion.ranking.lightgbm_inputs import resolve_defaults
from fusion.ranking.method import RANKER, Method
from fusion.ranking.ranker import Ranker
from fusion.ranking.ranker_training import n_validation_folds, refit, train_ranker
from fusion.ranking.sampling import limit_training_users, read_training_set, read_validation_lists
from fusion.ranking.source_prior import SourcePrior, fit_source_prior
from fusion.ranking.table import KEYS, aligned, poisson_resample
from fusion.ranking.table_file import write_table
from fusion.runs.context import RunContext
from fusion.runs.monitoring_samples import USER_ROW
from fusion.runs.run_folder import ListsFolder
from fusion.training.fits import Fits, evict, fit_sources, load_sources
from fusion.training.sources import SourceReport, leave_out
from fusion.training.tuning import Tuned

log = logging.getLogger(__name__)
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
    source_prior: SourcePrior | None
    shift: dict[str, float]
    tuned: tuple[Tuned, ...] = ()
    rules: Rules | None = None

    @property
    def admitted(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)


def train(context: RunContext, live: Live | None = None, rules: Rules | None = None) -> Trained:
    """Train, judge, choose and list; publishing is the caller's."""
    context.store.sweep()
    plan = context.plan
    context, fits, reports, tuned = fit_sources(context, (*plan.labels, plan.verdict, plan.serving))
    while True:
        try:
            with threadpool_limits(
                1, "blas"
            ):  # for the whole process: no sum may depend on its cores
                trained = _fuse(context, fits, reports, live, rules)
        except SourceFailed as failure:
            log.warning("source failed while scoring name=%s", failure.source, exc_info=True)
            leave_out(reports, failure)
        else:
            evict(context, fits)
            return replace(trained, tuned=tuple(tuned), rules=rules)


def _fuse(
    context: RunContext,
    fits: Fits,
    reports: Sequence[SourceReport],
    live: Live | None,
    rules: Rules | None,
) -> Trained:
    """Everything after the fits, with the sources that are still in use; SourceFailed when one of them dies."""
    rows, n_folds = context.config.ranker.max_rows, len(context.plan.labels)
    teaching = [
        limit_training_users(fold, rows, n_folds, context.config.seed)
        for fold in context.plan.labels
    ]
    tables = [
        context.step(f"table of {fold.name}", partial(_table, context, fold, fits, reports))
        for fold in (*teaching, context.plan.verdict)
    ]
    folder = context.step("ranker", lambda: _ranker(context, tables[:-1]))
    ranker = Ranker.load(folder, context.threads)
    ranker_settings = RankerSettings.model_validate_json(RankerFolder(folder).settings.read_text())
    verdict = context.step("verdict", lambda: evaluate(context, tables[-1], ranker, live))
    method = verdict.choice.method
    serving, twin = None, None
    if method == RANKER:
        serving = context.step(
            "serving ranker",
            lambda: _serving_ranker(context, tables, ranker_settings, ranker.source_prior),
        )
        twin = context.step(
            "twin ranker",
            lambda: _serving_ranker(
                context, tables, ranker_settings, ranker.source_prior, twin=True
            ),
        )
    lists = context.step(
        "lists",
        lambda: _lists(context, fits, reports, _Served(method, serving, twin, tables[-1]), rules),
    )
    list_files = ListsFolder(lists)
    shift = feature_shift(list_files, method)
    checks = tuple(admit(context, verdict, list_files, shift, rules))
    return Trained(
        verdict,
        method,
        lists,
        serving,
        tuple(reports),
        checks,
        ranker_settings.trees,
        ranker.importance(),
        ranker.source_prior,
        shift,
    )


@dataclass(frozen=True)
class _Served:
    """What lists are made with: the method, the ranker and its twin if it is the ranker, and the verdict's table."""

    method: str
    ranker: Path | None
    twin: Path | None
    table: Path


def _table(context: RunContext, fold: Fold, fits: Fits, reports: Sequence[SourceReport]) -> Path:
    """The stage that makes a fold's table."""
    inputs = {
        "fits": _keys(fits[fold.name], reports),
        "k": {source.name: source.k for source in context.sources},
        "data": fold.known.trim_users().digest,
        "labels": context.store.key(
            {"users": fold.label_users.tolist(), "items": fold.label_items.tolist()}
        ),
        "held": _held_key(context, fold),
        "as_of": context.store.key({"as_of": fold.as_of[fold.label_rows].tolist()}),
        "allowed": context.store.key(
            {"items": np.flatnonzero(~context.allowed(fold.cut).items).tolist()}
        ),
        "seen": context.config.lists.exclude_seen,
    }

    def make(folder: Path) -> None:
        sources = load_sources(context, fold, fits[fold.name], reports)
        progress = context.progress(f"table of {fold.name}")
        write_table(
            folder, sources, fold, context.allowed(fold.cut), context.block_budget, progress
        )
        write_rating_errors(folder, sources, fold)

    return context.store.stage("table", inputs, make)


def _held_key(context: RunContext, fold: Fold) -> str:
    """What weights are judged on."""
    held_out = fold.held_out
    columns = (
        []
        if held_out is None
        else [held_out.users.tolist(), held_out.items.tolist(), held_out.weights.tolist()]
    )
    return context.store.key({"held": columns})


def _keys(fits: dict[str, Path], reports: Sequence[SourceReport]) -> dict[str, str]:
    """Which fits take part, in the order of the configuration: the order of columns."""
    left_out = {report.name for report in reports if not report.used}
    return {
        f"{at} {name}": folder.name
        for at, (name, folder) in enumerate(fits.items())
        if name not in left_out
    }


def _ranker(context: RunContext, tables: Sequence[Path]) -> Path:
    """The stage that trains the ranker on the label folds."""

    def make(folder: Path) -> None:
        rows, seed = context.config.ranker.max_rows, context.config.seed
        training = read_training_set(tables, rows, seed)
        settings = resolve_defaults(context.config.ranker, training)
        validation = read_validation_lists(tables, rows, seed, n_validation_folds(training))
        ranker, trees = train_ranker(training, validation, settings, seed, context.threads)
        if context.plan.kind == "random":
            scores = [ranker.score(aligned(lists, ranker.columns)) for lists in validation]
            ranker = replace(ranker, source_prior=fit_source_prior(validation, scores))
        ranker.save(folder)
        RankerFolder(folder).settings.write_text(
            settings.model_copy(update={"trees": trees}).model_dump_json()
        )

    return context.store.stage("ranker", _ranker_inputs(context, tables), make)


def _serving_ranker(
    context: RunContext,
    tables: Sequence[Path],
    ranker_settings: RankerSettings,
    source_prior: SourcePrior | None,
    twin: bool = False,
) -> Path:
    """The stage that refits the ranker, as it was grown, with the verdict table as its newest fold; or its twin."""
    seed = context.config.seed + TWIN * twin
    told = {
        "grown": ranker_settings.model_dump(mode="json"),
        "seed": seed,
        "twin": twin,
        "lean": asdict(source_prior) if source_prior else None,
    }

    def make(folder: Path) -> None:
        stored = read_training_set(tables, context.config.ranker.max_rows, context.config.seed)
        if twin:
            stored = [poisson_resample(table, seed) for table in stored]
        replace(
            refit(stored, ranker_settings, ranker_settings.trees, seed, context.threads),
            source_prior=source_prior,
        ).save(folder)

    return context.store.stage("serving", {**_ranker_inputs(context, tables), **told}, make)


def _ranker_inputs(context: RunContext, tables: Sequence[Path]) -> dict[str, Any]:
    settings = context.config.ranker.model_dump(mode="json")
    return {
        "tables": [t.name for t in tables],
        "settings": settings,
        "seed": context.config.seed,
        "threads": context.threads,
    }


def _lists(
    context: RunContext,
    fits: Fits,
    reports: Sequence[SourceReport],
    served: _Served,
    rules: Rules | None,
) -> Path:
    """The stage that makes every user's list."""
    fold = context.plan.serving
    inputs = {
        "fits": _keys(fits[fold.name], reports),
        "k": {source.name: source.k for source in context.sources},
        "data": context.data.digest,
        "method": served.method,
        "ranker": served.ranker.name if served.ranker else None,
        "table": served.table.name,
        "lists": context.config.lists.model_dump(mode="json", exclude={"rules"}),
        "rules": rules.key if rules else None,
        "split": [context.plan.kind, context.config.split.sparse],
        "sample": context.store.key({"users": context.plan.verdict.label_rows.tolist()}),
    }

    def make(folder: Path) -> None:
        sources = load_sources(context, fold, fits[fold.name], reports)
        rankers = [
            Ranker.load(path, context.threads) for path in (served.ranker, served.twin) if path
        ]
        list_files = ListsFolder(folder)
        write_lists(list_files, context, sources, Method(served.method, *rankers), rules)
        sample = pl.Series(feature_sample(context))
        before = pl.scan_parquet(TableFolder(served.table).candidates).filter(
            pl.col("user").is_in(sample.implode())
        )
        before.rename({"user": USER_ROW}).drop(KEYS, strict=False).collect().write_parquet(
            list_files.features_before
        )

    return context.store.stage("lists", inputs, make)
