"""The tuning of a source in another process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fusion.compute.task import Message
from fusion.core.progress import Progress
from fusion.data.on_disk.dataset_folder import open_dataset
from fusion.data.splitting.fold import Fold
from fusion.models.base.allowed import Allowed
from fusion.models.foreign.files import read_arrays
from fusion.runs.stages.runtime import Runtime
from fusion.training.elsewhere.opened_data import forget_data
from fusion.training.elsewhere.worker_runtime import means_of, model_of, worker_runtime
from fusion.training.fit_stage import ModelRecipe
from fusion.training.tuning.search import TuneInputs, make_tuning

FOLD_ARRAYS = ("as_of", "label_users", "label_items")
"""All of a fold that a search reads, beside what is known."""
PLAIN = ("space", "weighting", "trials", "seed", "source_seed", "device")


def hand_over_tuning(inputs: TuneInputs, runtime: Runtime) -> Message:
    """Hand over what the tuning of a source needs.

    Args:
        inputs: of the stage.
        runtime: of the training.

    Returns:
        How another process makes it.
    """
    assert runtime.handover is not None
    fold = inputs.fold
    arrays = {name: getattr(fold, name) for name in FOLD_ARRAYS}
    arguments = {
        "means": means_of(runtime, inputs.model),
        "model": model_of(inputs.model),
        "known": runtime.handover.dataset(fold.known),
        "fold": {"name": fold.name, "cut": fold.cut},
        "arrays": runtime.handover.arrays({**arrays, "allowed": inputs.allowed.items}),
        "seen": inputs.allowed.seen,
        "plain": {name: getattr(inputs, name) for name in PLAIN},
    }
    return Message(f"{__name__}:make_handed_tuning", arguments)


def make_handed_tuning(progress: Progress, folder: Path, handed: Mapping[str, Any]) -> None:
    """Tune a source that was handed over.

    Args:
        progress: of the search.
        folder: empty.
        handed: the arguments of `hand_over_tuning`.
    """
    forget_data()
    arrays = read_arrays(Path(handed["arrays"]))
    fold = Fold(
        name=handed["fold"]["name"],
        known=open_dataset(Path(handed["known"])),
        cut=handed["fold"]["cut"],
        as_of=arrays["as_of"],
        label_users=arrays["label_users"],
        label_items=arrays["label_items"],
    )
    inputs = TuneInputs(
        model=ModelRecipe(**handed["model"]),
        fold=fold,
        allowed=Allowed(arrays["allowed"], handed["seen"]),
        **handed["plain"],
    )
    with worker_runtime(handed["means"], progress) as runtime:
        make_tuning(folder, inputs, runtime)
