"""A fit in another process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fusion.compute.task import Message
from fusion.core.progress import Progress
from fusion.data.on_disk.dataset_folder import open_dataset
from fusion.runs.stages.runtime import Runtime
from fusion.training.elsewhere.earlier_fit import EarlierFit, StoredFit
from fusion.training.elsewhere.opened_data import forget_data
from fusion.training.elsewhere.worker_runtime import means_of, model_of, worker_runtime
from fusion.training.fit_stage import STATE, FitInputs, ModelRecipe, make_fit


def hand_over_fit(inputs: FitInputs, runtime: Runtime) -> Message:
    """Hand over what a fit needs.

    Args:
        inputs: of the stage.
        runtime: of the training.

    Returns:
        How another process makes it.
    """
    assert runtime.handover is not None
    arguments = {
        "means": means_of(runtime, inputs.model),
        "model": model_of(inputs.model),
        "data": runtime.handover.dataset(inputs.data),
        "plain": {
            "device": inputs.device,
            "seed": list(inputs.seed),
            "steps": inputs.steps,
            "keep": inputs.keep,
            "whole": inputs.whole,
        },
        "warm": _hand_over_earlier(inputs.warm, runtime) if inputs.warm else None,
    }
    return Message(f"{__name__}:make_handed_fit", arguments)


def make_handed_fit(progress: Progress, folder: Path, handed: Mapping[str, Any]) -> None:
    """Make a fit that was handed over.

    Args:
        progress: of the fit.
        folder: empty.
        handed: the arguments of `hand_over_fit`.
    """
    forget_data()
    earlier = handed["warm"]
    inputs = FitInputs(
        model=ModelRecipe(**handed["model"]),
        data=open_dataset(Path(handed["data"])),
        warm=StoredFit(**{**earlier, "file": Path(earlier["file"])}) if earlier else None,
        **handed["plain"],
    )
    with worker_runtime(handed["means"], progress) as runtime:
        make_fit(folder, inputs, runtime)


def _hand_over_earlier(earlier: EarlierFit, runtime: Runtime) -> dict[str, str]:
    """Say where an earlier fit stands, the arrays of which are made again if they were dropped."""
    earlier.state(runtime)
    file = runtime.store.root.absolute() / "fit" / earlier.key / STATE
    return {"key": earlier.key, "fold_name": earlier.fold_name, "file": str(file)}
