"""The search of tuning: trials by Optuna's TPE, compared by NDCG@10 user by user."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.core.arrays import Rows, Scores
from fusion.core.hashing import shares
from fusion.data.dataset import Dataset
from fusion.data.splitting.fold import Fold
from fusion.metrics.ranking import hits_of, ndcg
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.fitted import fit, fit_items
from fusion.models.foreign.resolve import source_model
from fusion.runs.stages.runtime import Runtime
from fusion.training.defaults import DEFAULTS
from fusion.training.fit_stage import ModelRecipe

TUNED = "tuned.json"
"""Result of a search: settings, and NDCG@10 with and without them."""
Space = dict[str, dict[str, Any]]
"""Setting -> its limits: low, high, log (searched on a log scale), whole (numbers only)."""
Evaluate = Callable[[dict[str, Any]], Scores]
"""Settings -> NDCG@10 (n,) of the validation users."""


@dataclass(frozen=True)
class TuneInputs:
    """All that decides what a search finds.

    Attributes:
        model: the source as configured.
        space: settings to search.
        weighting: whether weights may be tried as confidence.
        trials: settings to try.
        seed: of the run; it seeds the sampler and the draws of users.
        source_seed: of the source's own stream.
        fold: on which settings are compared.
        allowed: what may be listed there.
        device: "cpu" or "cuda".
    """

    model: ModelRecipe
    space: Space
    weighting: bool
    trials: int
    seed: int
    source_seed: list[int]
    fold: Fold
    allowed: Allowed
    device: str


def make_tuning(folder: Path, inputs: TuneInputs, runtime: Runtime) -> None:
    """Search a source's settings and write what was found.

    Args:
        folder: empty.
        inputs: of the stage.
        runtime: the means.
    """
    (folder / TUNED).write_text(json.dumps(search(inputs, runtime)))


def search(inputs: TuneInputs, runtime: Runtime) -> dict[str, Any]:
    """Try the defaults first; the best mean wins when it beats them by more than chance would.

    Args:
        inputs: of the stage of tuning.
        runtime: the means.

    Returns:
        `settings` for every fold, and the NDCG@10 of the `default` settings and of the `best`.
    """
    import optuna  # noqa: PLC0415 - takes a second to import

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    evaluate = _objective(inputs, runtime)
    config = inputs.model.build().config
    defaults = {name: getattr(config, name) for name in inputs.space}
    sampler_seed = int(np.random.default_rng([inputs.seed]).integers(2**31))
    sampler = optuna.samplers.TPESampler(seed=sampler_seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    # Queued trials come before any that the sampler suggests, in this order.
    for settings in [defaults, *evenly(inputs.space, inputs.trials - 1)]:
        study.enqueue_trial(settings)
    progress = runtime.watch()
    values: list[Scores] = []

    def try_settings(trial: Any) -> float:
        settings = {name: _suggest(trial, name, limits) for name, limits in inputs.space.items()}
        values.append(evaluate(settings))
        progress(trial.number + 1, inputs.trials)
        return float(values[-1].mean())

    study.optimize(try_settings, n_trials=inputs.trials)
    number = study.best_trial.number
    # The first trial is that of the defaults, which stay unless chance alone cannot explain more.
    if not is_better(values[number], values[0]):
        number = 0
    chosen = {**defaults, **study.trials[number].params}
    best = values[number]
    if inputs.weighting:
        weighted = {**chosen, "weighting": DEFAULTS.tuning_weighting}
        weighted_values = evaluate(weighted)
        if is_better(weighted_values, best):
            chosen, best = weighted, weighted_values
    return {"settings": chosen, "default": float(values[0].mean()), "best": float(best.mean())}


def evenly(space: Space, n: int) -> list[dict[str, float]]:
    """Return n values that cover a single setting's range, which at few trials beats any sampler.

    Args:
        space: settings to search.
        n: values to return.

    Returns:
        Settings to try; none where there are several settings.
    """
    if len(space) > 1:
        return []
    [(name, limits)] = space.items()
    spread = np.geomspace if limits["log"] else np.linspace
    values = spread(limits["low"], limits["high"], n).tolist()
    return [{name: round(value) if limits["whole"] else float(value)} for value in values]


def is_better(values: Scores, others: Scores) -> bool:
    """Return whether values are higher by more than the standard error of the paired difference.

    Args:
        values: (n,), of n users.
        others: (n,), of the same users.
    """
    gaps = values.astype(np.float64) - others
    standard_error = gaps.std() / np.sqrt(len(gaps))
    return bool(gaps.mean() > standard_error)


def _suggest(trial: Any, name: str, limits: dict[str, Any]) -> float:
    low, high, log = limits["low"], limits["high"], limits["log"]
    if limits["whole"]:
        return int(trial.suggest_int(name, int(low), int(high), log=log))
    return float(trial.suggest_float(name, low, high, log=log))


def _objective(inputs: TuneInputs, runtime: Runtime) -> Evaluate:
    """NDCG@10 of the source's own lists for the validation users, as a function of its settings."""
    fold, model = inputs.fold, inputs.model
    users = validation_users(fold, inputs.seed)
    sampled = subsample_users(fold.known, inputs.seed, DEFAULTS.tuning_events)
    # Such as fewer items, where a fit on all would take minutes; the final fits do without.
    cheaper = model.build().tuning_overrides(sampled)

    def evaluate(settings: dict[str, Any]) -> Scores:
        candidate = source_model(model.use, {**model.settings, **cheaper, **settings})
        context = FitContext(
            rng=np.random.default_rng(inputs.source_seed),
            device=inputs.device,
            cache=runtime.vectors,
        )
        known = sampled.trim_users().trim_items(fit_items(candidate, sampled))
        # Made anew for each trial: a block keeps what each model computes of it.
        block = fold.known.users_at(users, fold.as_of[users])
        source = fit(model.use, candidate, known, DEFAULTS.tuning_depth, context)
        lists = source.top(block, DEFAULTS.tuning_depth, inputs.allowed).items
        hits = hits_of(lists, users, fold.label_users, fold.label_items)
        return ndcg(*hits, DEFAULTS.tuning_depth)

    return evaluate


def subsample_users(known: Dataset, seed: int, events: int) -> Dataset:
    """Return all interactions of so many users, by hash, that about `events` are left.

    Args:
        known: interactions of a fold.
        seed: of the draw.
        events: interactions to keep; everything stays where there are fewer.
    """
    share = events / max(1, len(known))
    if share >= 1:
        return known
    return known.take(shares(seed, known.users) < share)


def validation_users(fold: Fold, seed: int) -> Rows:
    """Return users on whom settings are compared, by hash.

    Only those with a history: without one they get the fallback, whatever a source's settings.

    Args:
        fold: with labels.
        seed: of the draw.

    Returns:
        (n,), about `tuning_users` at most.
    """
    has_history = fold.known.user_counts[fold.label_rows] > 0
    users = fold.label_rows[has_history]
    share = DEFAULTS.tuning_users / max(1, len(users))
    return users[shares(seed, users) < share]
