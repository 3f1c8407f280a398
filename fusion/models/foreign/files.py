"""Histories and arrays as files, by which two processes hand them to each other."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import State
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs

HISTORIES = ("rows", "borders", "items", "times", "weights", "as_of")
"""Arrays of a block of histories."""


def write_question(
    file: Path, users: UserHistories, more: Mapping[str, NDArray[Any]]
) -> dict[str, int]:
    """Write a block of users and further arrays, and return what of it goes by message.

    Args:
        file: to write.
        users: the block.
        more: arrays by name.
    """
    arrays = {f"users_{name}": getattr(users, name) for name in HISTORIES}
    np.savez(file, allow_pickle=False, **arrays, **more)
    return {"n_items": users.n_items}


def read_question(file: Path, n_items: int) -> tuple[UserHistories, State]:
    """Read the block of users and the further arrays that `write_question` wrote.

    Args:
        file: where they stand.
        n_items: what it returned.
    """
    arrays = read_arrays(file)
    histories = {name: arrays.pop(f"users_{name}") for name in HISTORIES}
    return UserHistories(**histories, n_items=n_items), arrays


def pairs_of(arrays: State) -> Pairs:
    """Return the pairs among the arrays of a question.

    Args:
        arrays: with the fields of `Pairs`.
    """
    return Pairs(**{field.name: arrays[field.name] for field in fields(Pairs)})


def read_arrays(file: Path) -> State:
    """Read named arrays, without ever unpickling anything.

    Args:
        file: of `np.savez`.
    """
    with np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}
