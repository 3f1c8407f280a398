"""Tuning: a short search over each source's few decisive settings, as a stage.

It is made on a fold that ends before the first label fold, and what it finds holds for every fold.
"""

import json
import logging
from dataclasses import dataclass
from typing import Any

from fusion.compute.task import ends_run
from fusion.config import SourceSettings
from fusion.data.splitting.fold import Fold
from fusion.models.base.allowed import Allowed
from fusion.models.base.recommender import Recommender
from fusion.runs.context import RunContext
from fusion.runs.stages.runtime import Runtime, Stage
from fusion.training.elsewhere.tune import hand_over_tuning
from fusion.training.fit_stage import ModelRecipe
from fusion.training.sources import source_seed
from fusion.training.tuning.search import (
    TUNED,
    Space,
    TuneInputs,
    make_tuning,
    validation_users,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tuned:
    """Settings that the search found for a source.

    Attributes:
        name: of the source.
        settings: that hold for every fold.
        default: NDCG@10 of the source's defaults on the tuning fold.
        best: NDCG@10 of `settings` there.
        trials: settings tried.
    """

    name: str
    settings: dict[str, Any]
    default: float
    best: float
    trials: int


@dataclass(frozen=True)
class TuningTask:
    """The terms on which the sources of a training are tuned.

    Attributes:
        fold: on which settings are compared.
        allowed: what may be listed there.
        trials: settings to try for each source; 0 tunes nothing.
        seed: of the run.
        device: "cpu" or "cuda".
    """

    fold: Fold
    allowed: Allowed
    trials: int
    seed: int
    device: str

    @classmethod
    def of(cls, context: RunContext) -> "TuningTask":
        """Return the tuning that a training asks for.

        Args:
            context: of the training.
        """
        fold = context.plan.tune
        return cls(
            fold=fold,
            allowed=context.allowed(fold.cut),
            trials=context.config.tune.trials,
            seed=context.config.seed,
            device=context.device,
        )


def tune_source(task: TuningTask, source: SourceSettings, runtime: Runtime) -> Tuned | None:
    """Search the tunable settings of a source that its entry does not give.

    Args:
        task: how to tune.
        source: its entry in the configuration.
        runtime: the means.

    Returns:
        What was found; None where there is nothing to search, nobody to compare by, or the source
        failed, which its fit will report.
    """
    stage = _tuning_stage(task, source)
    if stage is None:
        return None
    try:
        folder = runtime.run(stage)
    except Exception as error:  # a source is foreign code, which may fail with anything
        if ends_run(error):
            raise
        log.warning("tuning failed name=%s", source.name, exc_info=True)
        return None
    result = json.loads((folder / TUNED).read_text())
    return Tuned(name=source.name, trials=task.trials, **result)


def _tuning_stage(task: TuningTask, source: SourceSettings) -> Stage[TuneInputs] | None:
    """The stage that tunes a source; None where there is nothing to search or nobody to judge."""
    recipe = ModelRecipe.of(source)
    model = recipe.build()
    space = {
        name: limits for name, limits in searchable(model).items() if name not in source.settings
    }
    if not task.trials or not space or not model.proposes:
        return None
    # Last, since it counts everybody's labels.
    if not len(validation_users(task.fold, task.seed)):
        return None
    inputs = TuneInputs(
        model=recipe,
        space=space,
        weighting=may_weigh(model, source, task.fold),
        trials=task.trials,
        seed=task.seed,
        source_seed=source_seed(task.seed, source.name),
        fold=task.fold,
        allowed=task.allowed,
        device=task.device,
    )
    label = f"tune {source.name}"
    return Stage("tune", label, inputs, make_tuning, message=hand_over_tuning)


def searchable(model: Recommender) -> Space:
    """Return the tunable settings of a source.

    Args:
        model: unfitted.

    Returns:
        Name -> {"low", "high", "log", "whole"}, in the order of declaration.
    """
    space: Space = {}
    for name, info in model.Config.model_fields.items():
        extra = info.json_schema_extra
        limits = extra.get("tune") if isinstance(extra, dict) else None
        if isinstance(limits, dict):
            space[name] = {**limits, "whole": info.annotation is int}
    return space


def may_weigh(model: Recommender, source: SourceSettings, fold: Fold) -> bool:
    """Return whether weights may be tried as confidence.

    Args:
        model: the source, unfitted.
        source: its entry in the configuration, which may say how to read weights.
        fold: on which settings are compared.
    """
    reads_weights = "weighting" in model.Config.model_fields
    is_open = "weighting" not in source.settings
    return reads_weights and is_open and fold.known.has_weights
