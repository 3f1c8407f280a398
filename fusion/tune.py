"""Tuning: a short search over each source's few decisive settings, on a fold that ends before the first label fold."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fusion.arrays import Rows
from fusion.config import SourceSettings
from fusion.errors import ConfigError
from fusion.fitted import fit, fit_items
from fusion.folds import Fold
from fusion.hashing import shares
from fusion.job import Job
from fusion.metrics import hits_of, ndcg
from fusion.recommender import FitContext, Recommender
from fusion.registry import build
from fusion.sources import left_out, source_seed

log = logging.getLogger(__name__)
DEPTH = 10
USERS = 3000
"""Users with a label on whom a setting is judged, at most."""


@dataclass(frozen=True)
class Tuned:
    """What the search found for a source: settings frozen for every fold, and NDCG@10 before and after."""

    name: str
    settings: dict[str, Any]
    default: float
    best: float
    trials: int


def tune(job: Job) -> tuple[Job, list[Tuned]]:
    """Search every source that declares tunable settings and has not been given them; gives the job that uses them."""
    trials = job.config.tune.trials
    if not trials or not len(job.plan.tune.label_users):
        return job, []
    found = [_tune_source(job, source, trials) for source in job.config.all_sources]
    tuned = {one.name: one for one in found if one}
    sources = tuple(
        source.model_copy(update={"settings": {**source.settings, **tuned[source.name].settings}})
        if source.name in tuned
        else source
        for source in job.config.all_sources
    )
    return replace(job, config=job.config.model_copy(update={"sources": sources})), list(tuned.values())


def _tune_source(job: Job, source: SourceSettings, trials: int) -> Tuned | None:
    model = build(source.use, source.settings)
    space = {name: s for name, s in searchable(model).items() if name not in source.settings}
    if not space or not model.proposes or left_out(model, job.data, job.config.memory):
        return None
    inputs = {
        "use": source.use,
        "settings": model.config.model_dump(mode="json"),
        "space": space,
        "trials": trials,
        "seed": source_seed(job.config.seed, source.name),
        "data": job.plan.tune.known.trim_users().digest,
        "labels": [job.plan.tune.label_users.tolist(), job.plan.tune.label_items.tolist()],
        "seen": job.config.lists.exclude_seen,
        "device": job.device,
        "threads": job.threads,
    }

    def make(folder: Path) -> None:
        (folder / "tuned.json").write_text(json.dumps(_search(job, source, space, trials)))

    try:
        folder = job.step(f"tune {source.name}", lambda: job.store.stage("tune", inputs, make))
    except Exception:  # a source is foreign code: if it dies here, fitting it will say so in its row
        log.warning("tuning failed name=%s", source.name, exc_info=True)
        return None
    return Tuned(name=source.name, trials=trials, **json.loads((folder / "tuned.json").read_text()))


def searchable(model: Recommender) -> dict[str, dict[str, Any]]:
    """Tunable settings of a source by name: low, high, log, whole."""
    found = {}
    for name, info in model.Config.model_fields.items():
        extra = info.json_schema_extra
        if isinstance(extra, dict) and isinstance(extra.get("tune"), dict):
            found[name] = {**extra["tune"], "whole": info.annotation is int}  # type: ignore[dict-item]
    return found


def _search(job: Job, source: SourceSettings, space: dict[str, dict[str, Any]], trials: int) -> dict[str, Any]:
    """Try the defaults first, then what the sampler suggests; the best mean wins, the defaults win ties."""
    try:
        import optuna  # noqa: PLC0415 - an extra
    except ImportError as missing:
        raise ConfigError("[tune] trials needs Optuna: pip install 'fusion-recommender[tune]'") from missing
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    score = _objective(job, source)
    defaults = {name: getattr(build(source.use, source.settings).config, name) for name in space}
    sampler = optuna.samplers.TPESampler(seed=int(np.random.default_rng([job.config.seed]).integers(2**31)))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.enqueue_trial(defaults)
    watch = job.progress(f"tune {source.name}")

    def suggest(trial: Any) -> float:
        settings = {name: _suggest(trial, name, **limits) for name, limits in space.items()}
        value = score(settings)
        watch(trial.number + 1, trials)
        return value

    study.optimize(suggest, n_trials=trials)
    default = study.trials[0].value or 0.0
    best = study.best_trial
    settings = best.params if (best.value or 0.0) > default else defaults
    return {"settings": settings, "default": default, "best": max(best.value or 0.0, default)}


def _suggest(trial: Any, name: str, low: float, high: float, log: bool, whole: bool) -> float:
    if whole:
        return int(trial.suggest_int(name, int(low), int(high), log=log))
    return float(trial.suggest_float(name, low, high, log=log))


def _objective(job: Job, source: SourceSettings) -> Callable[[dict[str, Any]], float]:
    """NDCG@10 of the source's own lists on the tuning fold, for given settings."""
    fold = job.plan.tune
    users = _judges(fold, job.config.seed)
    block = fold.known.users_at(users, fold.as_of[users])
    allowed = job.allowed(fold.cut)

    def score(settings: dict[str, Any]) -> float:
        model = build(source.use, {**source.settings, **settings})
        seed = source_seed(job.config.seed, source.name)
        context = FitContext(
            rng=np.random.default_rng(seed),
            device=job.device,
            threads=job.threads,
            cache=job.store.root / "vectors",
        )
        known = fold.known.trim_users().trim_items(fit_items(model, fold.known))
        lists = fit(source.name, model, known, source.k, context).top(block, DEPTH, allowed).items
        return float(ndcg(*hits_of(lists, users, fold.label_users, fold.label_items), DEPTH).mean())

    return score


def _judges(fold: Fold, seed: int) -> Rows:
    users = fold.label_rows
    return users[shares(seed, users) < USERS / len(users)]
