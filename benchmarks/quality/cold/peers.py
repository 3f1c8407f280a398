"""RecTools' models that score items without interactions: a fold goes out, scores come back.

They run in an environment of their own (`rectools/make_env.sh`), and know of items what
`content_map` knows: LightFM words, categories and bins of numbers, since it asks for features that
are there or not; DSSM the very features of `content_map`.
"""

import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from benchmarks.quality.cold.hidden import ColdItems
from benchmarks.quality.cold.rows import CACHE, Row
from fusion.core.arrays import Flags, Scores
from fusion.data.dataset import Dataset
from fusion.models.base.fit_context import FitContext
from fusion.models.mapping.kernels import Catalogue
from fusion.models.mapping.ridge import join_kernels

SCRIPT = Path(__file__).parents[1] / "rectools" / "new_items.py"
PEERS = {"RecTools LightFM": "lightfm", "RecTools DSSM": "dssm"}
"""Names that the script has for them."""
BINS = 8
"""Bins of a number, between quantiles of the known items."""
MIN_ITEMS = 2
"""Known items that have a word, at least: what one item alone has says nothing of others."""


def peer(name: str, environment: Path) -> Row:
    """Return a row that is one of RecTools' models.

    Args:
        name: of `PEERS`.
        environment: folder of the peers' Python.
    """

    def scores(cold: ColdItems) -> Scores:
        with TemporaryDirectory(prefix="cold-peers-") as folder:
            hand_over(cold, Path(folder))
            python = environment.absolute() / "bin" / "python"
            command = [str(python), "-E", str(SCRIPT), folder, PEERS[name]]
            # In that folder, for Lightning writes checkpoints where it stands.
            subprocess.run(command, check=True, cwd=folder)
            values: Scores = np.load(Path(folder) / "scores.npy")
        return values

    return scores


def hand_over(cold: ColdItems, folder: Path) -> None:
    """Write what a peer may know, and what it is asked for. Ids are numbers of rows.

    Args:
        cold: the fold.
        folder: gets known.parquet (user, item), marks.parquet (item, feature, value), features.npy
            (I, D), users.npy (B,) and items.npy (H,).
    """
    known = cold.known
    frame = pl.DataFrame({"user": known.users, "item": known.items})
    frame.unique(maintain_order=True).write_parquet(folder / "known.parquet")
    is_known = known.item_counts > 0
    marks(known, is_known).write_parquet(folder / "marks.parquet")
    context = FitContext(rng=np.random.default_rng(0), cache=Path(CACHE.name))
    kernels, _ = join_kernels(Catalogue(known, is_known, "auto", context))
    np.save(folder / "features.npy", kernels.values)
    np.save(folder / "users.npy", cold.users.rows)
    np.save(folder / "items.npy", cold.items)


def marks(data: Dataset, is_known: Flags) -> pl.DataFrame:
    """Mark items with the words of their texts, their categories, and the bins of their numbers.

    Args:
        data: its item table describes I items.
        is_known: (I,) items whose marks count; what fewer than two of them have is left out.

    Returns:
        Columns item, feature and value.
    """
    rows: list[tuple[int, str, str]] = []
    for name, kind in data.item_table.schema.items():
        values = data.item_table[name]
        if kind.is_numeric():
            rows += _bins(name, values.to_numpy().astype(np.float64), is_known)
            continue
        for item, value in enumerate(values.to_list()):
            found = (words(value) if isinstance(value, str) else value) or ()
            rows += [(item, name, one) for one in sorted(set(found))]
    frame = pl.DataFrame(rows, schema=["item", "feature", "value"], orient="row")
    known_items = pl.col("item").is_in(np.flatnonzero(is_known).tolist())
    return frame.filter(known_items.sum().over("feature", "value") >= MIN_ITEMS)


def words(text: str) -> list[str]:
    """Split a text into words; scripts without blanks into pairs of characters.

    Args:
        text: of an item.
    """
    parts = []
    for word in re.findall(r"\w+", text.lower()):
        pairs = [word[start : start + 2] for start in range(len(word) - 1)]
        parts += [word] if word.isascii() or not pairs else pairs
    return parts


def _bins(name: str, numbers: Scores, is_known: Flags) -> list[tuple[int, str, str]]:
    """Put each number between two quantiles of the known ones."""
    is_there = np.isfinite(numbers)
    inner = np.linspace(0, 1, BINS + 1)[1:-1]
    edges = np.unique(np.quantile(numbers[is_known & is_there], inner))
    places = np.searchsorted(edges, numbers, "right")
    return [(int(item), name, str(places[item])) for item in np.flatnonzero(is_there)]
