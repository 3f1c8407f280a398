"""The state of a fit as a file, without the columns of the data that it was fitted on."""

import json
from pathlib import Path

import numpy as np

from fusion.core.arrays import State
from fusion.data.dataset import Dataset

COLUMNS = ("users", "items", "times", "weights", "liked")
"""Arrays of a dataset that a state may hold as they are."""
OF_DATA = "of_data.json"
"""Name in the state -> name in the dataset; beside the file, where there are any."""


def write_state(file: Path, state: State, data: Dataset | None) -> None:
    """Write a state.

    Args:
        file: to write, in a folder of its own.
        state: of a fitted source.
        data: what it was fitted on, whose columns are left out; None leaves nothing out.
    """
    of_data = {} if data is None else _columns_in(state, data)
    own = {name: values for name, values in state.items() if name not in of_data}
    np.savez(file, allow_pickle=False, **own)
    if of_data:
        file.with_name(OF_DATA).write_text(json.dumps(of_data))


def read_state(file: Path, data: Dataset) -> State:
    """Read what `write_state` wrote.

    Args:
        file: written before.
        data: equal to what the source was fitted on; what was left out is taken from it.

    Returns:
        The whole state; columns of the data are the data's own arrays, and no copies.
    """
    with np.load(file, allow_pickle=False) as stored:
        state = {name: stored[name] for name in stored.files}
    left_out = file.with_name(OF_DATA)
    if left_out.exists():
        for name, column in json.loads(left_out.read_text()).items():
            state[name] = getattr(data, column)
    return state


def _columns_in(state: State, data: Dataset) -> dict[str, str]:
    """Name each array of the state that is a column of the data, the very same object."""
    columns = {id(getattr(data, column)): column for column in COLUMNS}
    return {name: columns[id(values)] for name, values in state.items() if id(values) in columns}
