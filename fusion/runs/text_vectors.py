"""Text vectors that no run refers to any more, and removing them."""

from pathlib import Path

import polars as pl

from fusion.data.catalogue import Catalogue
from fusion.errors import DataError
from fusion.models.text.vector_cache import KEYS_NAME, LOCK_NAME, VectorCache, text_key
from fusion.runs.cleanup import VECTORS, remove_folder, run_folders, size
from fusion.runs.run_folder import RunFolder, begun_at


def prune_vectors(root: Path) -> int:
    """Remove vectors of texts that no item of a run has, and encoders that no run can have used.

    An encoder was last used when its lock was touched; where that was before the oldest run began,
    only runs that are gone can have needed it. What was written after the newest run stays: a
    training that was killed left it, and the next one goes on from there.

    Args:
        root: folder of runs, with the store in it; no training uses it meanwhile.

    Returns:
        Bytes that became free.

    Raises:
        DataError: the titles or the catalogue of a run cannot be read.
    """
    runs = [RunFolder(folder) for folder in run_folders(root).values()]
    encoders = [path for path in (root / "store" / VECTORS).glob("[!.]*") if path.is_dir()]
    if not runs or not encoders:
        return 0
    begun = [begun_at(run.path.name).timestamp() for run in runs]
    finished = [run.manifest.stat().st_mtime for run in runs]
    freed = 0
    keys: set[bytes] | None = None
    for encoder in encoders:
        if _time_of(encoder / LOCK_NAME) < min(begun):
            freed += size(encoder)
            remove_folder(encoder)
        elif _time_of(encoder / KEYS_NAME) <= max(finished):
            keys = _keys_of(runs) if keys is None else keys
            freed += VectorCache(encoder).keep(keys)
    return freed


def _time_of(file: Path) -> float:
    """Return when a file was written or touched, seconds since 1970; 0 where it is not there."""
    return file.stat().st_mtime if file.exists() else 0.0


def _keys_of(runs: list[RunFolder]) -> set[bytes]:
    """Return the keys of the texts of all items of some runs."""
    keys: set[bytes] = set()
    for run in runs:
        keys.update(map(text_key, _texts_of(run)))
    return keys


def _texts_of(run: RunFolder) -> list[str]:
    """Return the texts of a run's items, and their descriptions."""
    try:
        texts = []
        if run.titles.exists():
            titles = pl.read_parquet(run.titles, columns=["title"])["title"]
            texts += titles.drop_nulls().str.strip_chars().to_list()
        if run.catalogue.exists():
            texts += Catalogue.read(run.catalogue).descriptions[1]
    except (OSError, pl.exceptions.PolarsError) as damaged:
        raise DataError(
            f"the texts of run {run.path.name} cannot be read ({damaged}), so no text vector is "
            "removed; `fusion check --store` says what is damaged"
        ) from damaged
    return texts
