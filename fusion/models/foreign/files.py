"""Datasets, histories and arrays as files, by which two processes hand them to each other."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.core.arrays import State
from fusion.data.dataset import Dataset
from fusion.data.facts import ItemFacts
from fusion.data.histories import UserHistories
from fusion.data.id_map import IdMap
from fusion.data.topk import Pairs

COLUMNS = ("users", "items", "times", "weights", "liked")
"""Arrays of a dataset, a file each, so that they can be mapped into memory."""
IDS = ("user_ids", "item_ids")
TABLES = ("item_table", "user_table")
PLAIN = ("as_of", "has_times", "has_weights", "timezone")
FACTS = "facts.arrow"
HISTORIES = ("rows", "borders", "items", "times", "weights", "as_of")
"""Arrays of a block of histories."""


def write_dataset(folder: Path, data: Dataset) -> dict[str, Any]:
    """Write a dataset, and return what of it goes by message.

    Args:
        folder: to write to.
        data: any.
    """
    for name in COLUMNS:
        np.save(folder / f"{name}.npy", getattr(data, name), allow_pickle=False)
    for name in IDS:
        getattr(data, name).values.to_frame("id").write_ipc(folder / f"{name}.arrow")
    for name in TABLES:
        table: pl.DataFrame = getattr(data, name)
        # A table without columns has no form there.
        if table.width:
            table.write_ipc(folder / f"{name}.arrow")
    # A name of vectors may be anything that a file name may not.
    for place, values in enumerate(data.vectors.values()):
        np.save(folder / f"vectors_{place}.npy", values, allow_pickle=False)
    data.facts.table.write_ipc(folder / FACTS)
    plain = {name: getattr(data, name) for name in PLAIN}
    return plain | {"vectors": [*data.vectors], "relations": [*data.facts.relations]}


def read_dataset(folder: Path, plain: Mapping[str, Any]) -> Dataset:
    """Read what `write_dataset` wrote.

    Arrays are mapped: pages come as they are read, and what somebody writes into them stays here.

    Args:
        folder: where it stands.
        plain: what it returned.
    """
    parts: dict[str, Any] = {name: plain[name] for name in PLAIN}
    for name in COLUMNS:
        parts[name] = _mapped(folder / f"{name}.npy")
    parts["vectors"] = {
        name: _mapped(folder / f"vectors_{place}.npy")
        for place, name in enumerate(plain["vectors"])
    }
    parts["facts"] = ItemFacts(pl.read_ipc(folder / FACTS), tuple(plain["relations"]))
    for name in IDS:
        # The name of the column is no part of the numbering, but kept for tables of both.
        parts[name] = IdMap(pl.read_ipc(folder / f"{name}.arrow")["id"])
    for name in TABLES:
        file = folder / f"{name}.arrow"
        if file.exists():
            parts[name] = pl.read_ipc(file)
    return Dataset(**parts)


def _mapped(file: Path) -> NDArray[Any]:
    """Map an array into memory, so that writing into it changes no file."""
    return np.asarray(np.load(file, mmap_mode="c", allow_pickle=False))


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
