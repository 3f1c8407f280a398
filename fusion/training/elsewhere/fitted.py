"""The fitted sources of a fold, as other processes have them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fusion.data.on_disk.dataset_folder import mapped_array, open_dataset
from fusion.models.base.fitted import FittedSource
from fusion.models.base.state_file import OF_DATA, read_state
from fusion.models.foreign.files import read_arrays
from fusion.runs.stages.runtime import Runtime
from fusion.training.elsewhere.worker_runtime import model_of
from fusion.training.fit_stage import STATE, ModelRecipe
from fusion.training.source_fits import SourceFit

FORMS = 2
"""A source's arrays are counted twice: what it makes of them as it is asked may be as large."""


def state_bytes(sources: Sequence[SourceFit]) -> int:
    """Return about what fitted sources hold in memory.

    Args:
        sources: of one fold, with their arrays in the store.
    """
    return FORMS * sum((source.fit.folder / STATE).stat().st_size for source in sources)


def hand_over_sources(
    sources: Sequence[SourceFit], loaded: Sequence[FittedSource], runtime: Runtime
) -> list[dict[str, Any]]:
    """Hand fitted sources over.

    Args:
        sources: of one fold.
        loaded: the same, by which their arrays were verified.
        runtime: of the training.

    Returns:
        Plain values, as `open_sources` takes them.
    """
    assert runtime.handover is not None
    handed = []
    for source, fitted in zip(sources, loaded, strict=True):
        inputs, folder = source.fit.stage.inputs, source.fit.folder.absolute()
        # Only what the state leaves out is read of the data that it was fitted on.
        reads_data = (folder / OF_DATA).exists()
        new_items = fitted.new_items
        handed.append(
            {
                "name": source.name,
                "k": source.k,
                "k_new": fitted.k_new,
                "n_items": fitted.n_items,
                "model": model_of(inputs.model),
                "state": str(folder / STATE),
                "data": runtime.handover.dataset(inputs.data) if reads_data else None,
                "new_items": None if new_items is None else runtime.handover.mapped(new_items),
            }
        )
    return handed


def open_sources(handed: Sequence[Mapping[str, Any]]) -> list[FittedSource]:
    """Open fitted sources that were handed over.

    Args:
        handed: of `hand_over_sources`.

    Raises:
        SourceFailed: the code of a source cannot restore what it learned.
    """
    return [_open(each) for each in handed]


def _open(handed: Mapping[str, Any]) -> FittedSource:
    model = ModelRecipe(**handed["model"]).build()
    file, data = Path(handed["state"]), handed["data"]
    state = read_state(file, open_dataset(Path(data))) if data else read_arrays(file)
    unfitted = FittedSource(handed["name"], model, handed["n_items"], handed["k"])
    new_items = handed["new_items"]
    if new_items is not None:
        flags = np.asarray(mapped_array(Path(new_items)))
        unfitted = replace(unfitted, new_items=flags, k_new=handed["k_new"])
    return unfitted.restored(state)
