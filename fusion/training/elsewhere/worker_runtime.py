"""What every stage needs in another process: the store, and the limits of packages' sources."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fusion.core.progress import Progress
from fusion.isolation.failure import Limits
from fusion.models.base.registry import offered
from fusion.models.foreign.processes import current, foreign_sources
from fusion.models.foreign.resolve import plain_settings
from fusion.runs.stages.runtime import Runtime
from fusion.runs.stages.store import Store
from fusion.training.fit_stage import ModelRecipe

NO_LIMITS = Limits(1.0, 1.0)
"""Of packages' sources where none is asked."""


def means_of(runtime: Runtime, *models: ModelRecipe) -> dict[str, Any]:
    """Return what another process is told of the means to make a stage.

    Args:
        runtime: of the training.
        models: the sources that are worked on, or asked.
    """
    of_packages = any(model.use in offered() for model in models)
    limits = current().limits if of_packages else NO_LIMITS
    return {
        "store": str(runtime.store.root.absolute()),
        "memory": runtime.memory,
        "source_limits": {"seconds": limits.seconds, "memory": limits.memory},
    }


def model_of(model: ModelRecipe) -> dict[str, Any]:
    """Return a model as plain values, which `ModelRecipe` takes.

    Args:
        model: of a stage's inputs.
    """
    return {"use": model.use, "settings": plain_settings(model.use, model.settings)}


@contextmanager
def worker_runtime(means: Mapping[str, Any], progress: Progress) -> Iterator[Runtime]:
    """Make ready for a stage in another process.

    Args:
        means: of `means_of`.
        progress: of the work.

    Yields:
        The runtime; packages' sources may be asked within the block.
    """
    with foreign_sources(Limits(**means["source_limits"])):
        yield Runtime(
            Store(Path(means["store"])),
            memory=means["memory"],
            progress=lambda _: progress,
        )
