"""A dataset as a folder of files, opened again without copying it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.data.dataset import Dataset
from fusion.data.facts import ItemFacts
from fusion.data.id_map import IdMap
from fusion.data.priors import ItemPrior
from fusion.data.queries.user_queries import UserQueries

COLUMNS = ("users", "items", "times", "weights", "liked")
"""Arrays of a dataset, a file each, so that they can be mapped into memory."""
IDS = ("user_ids", "item_ids")
TABLES = ("item_table", "user_table")
PLAIN = ("as_of", "has_times", "has_weights", "timezone")
VECTORS = ("vectors", "user_vectors")
"""Arrays by name, a file each."""
FACTS = "facts.arrow"
WORDS = "query_words.arrow"
QUERIES = ("users", "times", "texts", "vectors", "item_vectors")
"""Arrays of what users wrote, a file each."""
REST = "dataset.json"
"""What is no array and no table; written last, so that a folder that has it is whole."""


def write_dataset(folder: Path, data: Dataset) -> None:
    """Write a dataset.

    Args:
        folder: there already, and without a dataset.
        data: any.

    Raises:
        OSError: the disk is full or broken.
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
    # A name of vectors or of a prior may be anything that a file name may not.
    for kind in VECTORS:
        for place, values in enumerate(getattr(data, kind).values()):
            np.save(folder / f"{kind}_{place}.npy", values, allow_pickle=False)
    for place, prior in enumerate(data.priors):
        flags = np.stack([prior.in_history, prior.concerned])
        np.save(folder / f"prior_{place}.npy", flags, allow_pickle=False)
    data.facts.table.write_ipc(folder / FACTS)
    for name in QUERIES:
        np.save(folder / f"query_{name}.npy", getattr(data.queries, name), allow_pickle=False)
    data.queries.words.to_frame("text").write_ipc(folder / WORDS)
    rest = {name: getattr(data, name) for name in PLAIN} | {
        **{kind: [*getattr(data, kind)] for kind in VECTORS},
        "relations": [*data.facts.relations],
        "priors": [prior.name for prior in data.priors],
        "encoder": data.queries.encoder,
    }
    (folder / REST).write_text(json.dumps(rest))


def open_dataset(folder: Path) -> Dataset:
    """Open what `write_dataset` wrote.

    Arrays are mapped: pages come as they are read, and what somebody writes into them stays in this
    process.

    Args:
        folder: where it stands; its files must stay as they are while the dataset is used.

    Returns:
        A dataset with the same digest.

    Raises:
        OSError: the folder is not whole, or cannot be read.
    """
    rest = json.loads((folder / REST).read_text())
    parts: dict[str, Any] = {name: rest[name] for name in PLAIN}
    for name in COLUMNS:
        parts[name] = mapped_array(folder / f"{name}.npy")
    for kind in VECTORS:
        parts[kind] = {
            name: mapped_array(folder / f"{kind}_{place}.npy")
            for place, name in enumerate(rest[kind])
        }
    parts["priors"] = tuple(
        ItemPrior(name, *mapped_array(folder / f"prior_{place}.npy"))
        for place, name in enumerate(rest["priors"])
    )
    parts["facts"] = ItemFacts(pl.read_ipc(folder / FACTS), tuple(rest["relations"]))
    parts["queries"] = UserQueries(
        words=pl.read_ipc(folder / WORDS)["text"],
        encoder=rest["encoder"],
        **{name: mapped_array(folder / f"query_{name}.npy") for name in QUERIES},
    )
    for name in IDS:
        # The name of the column is no part of the numbering, but kept for tables of both.
        parts[name] = IdMap(pl.read_ipc(folder / f"{name}.arrow")["id"])
    for name in TABLES:
        file = folder / f"{name}.arrow"
        if file.exists():
            parts[name] = pl.read_ipc(file)
    return Dataset(**parts)


def mapped_array(file: Path) -> NDArray[Any]:
    """Map an array into memory, so that writing into it changes no file.

    Args:
        file: of `np.save`.
    """
    return np.asarray(np.load(file, mmap_mode="c", allow_pickle=False))
