"""The sample of users and items that the last watch knew, kept as digests in files."""

import json
from collections.abc import Collection
from pathlib import Path
from urllib.parse import quote

import polars as pl
from polars.exceptions import PolarsError

from fusion.core.durable import make_folder, replaced_by
from fusion.errors import DataError
from fusion.watching.figures.known_ids import KnownIds
from fusion.watching.reading.id_hashes import IdHasher

FOLDER = "watch"
"""In the artifacts' folder."""
HISTORY = "history.parquet"
CELLS = "cells.parquet"
SIZES = "sizes.json"


def known_folder(artifacts: Path, placement: str) -> Path:
    """Return the folder of what is known for a placement.

    Args:
        artifacts: the folder of runs.
        placement: its name, of any letters.
    """
    return artifacts / FOLDER / f"of-{quote(placement, safe='')}"


def read_known(folder: Path) -> KnownIds | None:
    """Read what the last watch knew.

    Args:
        folder: of the placement.

    Returns:
        The sample; None before the first watch.

    Raises:
        DataError: a file is damaged.
    """
    if not (folder / SIZES).exists():
        return None
    try:
        sizes = json.loads((folder / SIZES).read_text())
        history = pl.read_parquet(folder / HISTORY)
        cells = pl.read_parquet(folder / CELLS)
        return KnownIds(sizes["limits"], history, cells, sizes["rows"])
    except (OSError, PolarsError, ValueError, KeyError) as damage:
        raise DataError(
            f"{folder} cannot be read, by which a rewritten past is noticed: {damage}. Remove the "
            "folder; the next watch makes it anew"
        ) from damage


def write_known(folder: Path, known: KnownIds) -> None:
    """Keep what is known now for the next watch.

    Args:
        folder: of the placement.
        known: the sample.
    """
    make_folder(folder)
    # The sizes last: without them there is nothing.
    draft = folder / f".{HISTORY}"
    with replaced_by(draft, folder / HISTORY):
        known.history.write_parquet(draft)
    draft = folder / f".{CELLS}"
    with replaced_by(draft, folder / CELLS):
        known.cells.write_parquet(draft)
    draft = folder / f".{SIZES}"
    with replaced_by(draft, folder / SIZES):
        draft.write_text(json.dumps({"limits": known.limits, "rows": known.rows}))


def forget_known(artifacts: Path, people: Collection[str]) -> set[str]:
    """Remove people from what every watch knew.

    Args:
        artifacts: the folder of runs.
        people: ids under which users are stored.

    Returns:
        The people of whom anything was known.
    """
    ids = pl.Series("person", sorted(people), dtype=pl.String)
    hashed = pl.DataFrame({"person": ids, "id": IdHasher().of(ids)})
    is_theirs = (pl.col("subject") == "users") & pl.col("id").is_in(hashed["id"].implode())
    found: set[str] = set()
    for folder in sorted((artifacts / FOLDER).glob("of-*")):
        known = read_known(folder)
        if known is None:
            continue
        frames = (known.history, known.cells)
        theirs = pl.concat([frame.filter(is_theirs).select("id") for frame in frames])
        if theirs.is_empty():
            continue
        found |= set(hashed.join(theirs, on="id", how="semi")["person"])
        history, cells = (frame.filter(~is_theirs) for frame in frames)
        write_known(folder, KnownIds(known.limits, history, cells, known.rows))
    return found
