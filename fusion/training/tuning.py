"""Tuning: a short search over each source's few decisive settings, on a fold that ends before the first label fold."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fusion.config import SourceSettings
from fusion.core.arrays import Rows, Scores
from fusion.core.hashing import shares
from fusion.data.dataset import Dataset
from fusion.data.fold import Fold
from fusion.errors import no_room
from fusion.metrics.ranking import hits_of, ndcg
from fusion.models.base.fitted import fit, fit_items
from fusion.models.base.recommender import FitContext, Recommender
from fusion.models.base.registry import build
from fusion.runs.context import RunContext
from fusion.training.sources import source_code, source_seed

log = logging.getLogger(__name__)
DEPTH = 10
USERS = 2000
"""Users with a label on whom a setting is judged, at most."""
WEIGHING = {"weighting": "log"}
"""Tried last, where the data has weights: whether hours, counts or ratings say how sure an interaction is."""
EVENTS = 500_000
"""Interactions that a setting is fitted on, about, at most: whole users by hash, so that a search stays short."""


@dataclass(frozen=True)
class Tuned:
    """What the search found for a source: settings frozen for every fold, and NDCG@10 before and after."""

    name: str
    settings: dict[str, Any]
    default: float
    best: float
    trials: int


def with_tuned(context: RunContext, tuned: Sequence[Tuned]) -> RunContext:
    """The job whose sources have what was found for them."""
    found = {one.name: one.settings for one in tuned}
    sources = tuple(
        source.model_copy(update={"settings": {**source.settings, **found.get(source.name, {})}})
        for source in context.sources
    )
    return replace(context, config=context.config.model_copy(update={"sources": sources}))


def tune_source(context: RunContext, source: SourceSettings) -> Tuned | None:
    """Search the tunable settings that the configuration does not give; None where there is nothing to search."""
    trials = context.config.tune.trials
    model = build(source.use, source.settings)
    space = {name: s for name, s in searchable(model).items() if name not in source.settings}
    if (
        not trials
        or not space
        or not model.proposes
        or not len(_judges(context.plan.tune, context.config.seed))
    ):
        return None
    inputs = {
        "use": source.use,
        "code": source_code(type(model)),
        "reads": model.cache_key(),
        "settings": model.config.model_dump(mode="json"),
        "space": space,
        "weighing": _may_weigh(context, source),
        "trials": trials,
        "seed": source_seed(context.config.seed, source.name),
        "data": context.plan.tune.known.trim_users().digest,
        "labels": [context.plan.tune.label_users.tolist(), context.plan.tune.label_items.tolist()],
        "seen": context.config.lists.exclude_seen,
        "device": context.device,
    }

    def make(folder: Path) -> None:
        (folder / "tuned.json").write_text(json.dumps(_search(context, source, space, trials)))

    try:
        folder = context.step(
            f"tune {source.name}", lambda: context.store.stage("tune", inputs, make)
        )
    except (
        Exception
    ) as died:  # a source is foreign code: if it dies here, fitting it will say so in its row
        if no_room(died):
            raise
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


def _search(
    context: RunContext, source: SourceSettings, space: dict[str, dict[str, Any]], trials: int
) -> dict[str, Any]:
    """Try the defaults first; the best mean wins when it beats them by more than chance would."""
    import optuna  # noqa: PLC0415 - takes a second to import

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    evaluate = _objective(context, source)
    values: list[Scores] = []
    defaults = {name: getattr(build(source.use, source.settings).config, name) for name in space}
    sampler = optuna.samplers.TPESampler(
        seed=int(np.random.default_rng([context.config.seed]).integers(2**31))
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for guess in [defaults, *_evenly(space, trials - 1)]:
        study.enqueue_trial(guess)
    watch = context.progress(f"tune {source.name}")

    def suggest(trial: Any) -> float:
        values.append(
            evaluate({name: _suggest(trial, name, **limits) for name, limits in space.items()})
        )
        watch(trial.number + 1, trials)
        return float(values[-1].mean())

    study.optimize(suggest, n_trials=trials)
    number = study.best_trial.number
    if not _better(values[number], values[0]):
        number = 0
    found, best = {**defaults, **study.trials[number].params}, values[number]
    if _may_weigh(context, source):
        weighed = evaluate({**found, **WEIGHING})
        if _better(weighed, best):
            found, best = {**found, **WEIGHING}, weighed
    return {"settings": found, "default": float(values[0].mean()), "best": float(best.mean())}


def _may_weigh(context: RunContext, source: SourceSettings) -> bool:
    """Whether the data has weights that the source could read, and the configuration leaves it open."""
    cache_key = "weighting" in build(source.use, source.settings).Config.model_fields
    return cache_key and "weighting" not in source.settings and context.plan.tune.known.has_weights


def _evenly(space: dict[str, dict[str, Any]], n: int) -> list[dict[str, float]]:
    """For a single setting, n values that cover its range evenly, which beats any sampler at few trials."""
    if len(space) > 1:
        return []
    [(name, limits)] = space.items()
    spread = np.geomspace if limits["log"] else np.linspace
    values = spread(limits["low"], limits["high"], n)
    return [{name: round(value) if limits["whole"] else float(value)} for value in values.tolist()]


def _better(one: Scores, other: Scores) -> bool:
    """Whether per-user values (n,) are higher by more than the standard error of their paired difference."""
    gap = one.astype(np.float64) - other
    return bool(gap.mean() > gap.std() / np.sqrt(len(gap)))


def _suggest(trial: Any, name: str, low: float, high: float, log: bool, whole: bool) -> float:
    if whole:
        return int(trial.suggest_int(name, int(low), int(high), log=log))
    return float(trial.suggest_float(name, low, high, log=log))


def _objective(context: RunContext, source: SourceSettings) -> Callable[[dict[str, Any]], Scores]:
    """NDCG@10 of each judging user (n,) of the source's own lists on the tuning fold, for given settings."""
    fold = context.plan.tune
    users = _judges(fold, context.config.seed)
    allowed = context.allowed(fold.cut)
    sampled = some_of(fold.known, context.config.seed, EVENTS)

    quicker = build(source.use, source.settings).tuning_overrides(sampled)

    def evaluate(settings: dict[str, Any]) -> Scores:
        model = build(source.use, {**source.settings, **quicker, **settings})
        seed = source_seed(context.config.seed, source.name)
        fit_context = FitContext(
            rng=np.random.default_rng(seed),
            device=context.device,
            cache=context.store.root / "vectors",
        )
        known = sampled.trim_users().trim_items(fit_items(model, sampled))
        block = fold.known.users_at(
            users, fold.as_of[users]
        )  # a block keeps what each model made of it
        lists = (
            fit(source.name, model, known, source.k, fit_context).top(block, DEPTH, allowed).items
        )
        return ndcg(*hits_of(lists, users, fold.label_users, fold.label_items), DEPTH)

    return evaluate


def some_of(known: Dataset, seed: int, events: int) -> Dataset:
    """All interactions of so many users, by hash, that about `events` are left; everything where there are fewer."""
    share = events / max(1, len(known))
    return known if share >= 1 else known.take(shares(seed, known.users) < share)


def _judges(fold: Fold, seed: int) -> Rows:
    """Users (n,) with a label and a history: without one they get the fallback, whatever a source's settings."""
    users = fold.label_rows[fold.known.user_counts[fold.label_rows] > 0]
    return users[shares(seed, users) < USERS / max(1, len(users))]
