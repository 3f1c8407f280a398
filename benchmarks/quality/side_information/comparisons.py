"""With and without what a shop knows of its items: on hidden items, and on all.

What `facts` and `vectors` have in common: a generated shop whose likes follow makers and looks, and
the two comparisons, each paired over users.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from benchmarks.quality.cold.hidden import hide
from benchmarks.quality.cold.rows import source
from benchmarks.quality.pooling import pooled
from fusion.api import fit_fusion, from_frames, recommend
from fusion.config import CoreConfig
from fusion.core.arrays import Scores
from fusion.data.dataset import Dataset
from fusion.models.mapping.ridge import ndcg_of_users

LAST_SOURCES = ("popularity", "item_knn", "als")
"""Sources of the lists on all items: quick ones, none of which reads content."""
N_MAKERS, N_KINDS, N_LOOKS = 80, 8, 6
PLACES = 10


def generated(seed: int, n_users: int = 1200, n_items: int = 1500) -> Dataset:
    """Generate a shop with kinds, makers as facts, and pictures as vectors.

    A user likes what is of one of three makers of theirs, what looks a certain way, and a little
    what is of a kind of theirs; makers and looks are drawn without regard to the kind. Pictures are
    looks seen through 24 random directions, with noise. A second relation, `colour`, tells nothing.
    """
    rng = np.random.default_rng(seed)
    kinds, makers = rng.integers(N_KINDS, size=n_items), rng.integers(N_MAKERS, size=n_items)
    looks = rng.normal(size=(n_items, N_LOOKS))
    popular = rng.gumbel(size=n_items) * 0.7
    rows = []
    for user in range(n_users):
        own_makers = rng.choice(N_MAKERS, 3, replace=False)
        utility = popular + 0.7 * (kinds == rng.integers(N_KINDS))
        utility = utility + 4.0 * np.isin(makers, own_makers)
        utility = utility + looks @ rng.normal(size=N_LOOKS) * 0.6
        taken = np.argsort(-(utility + rng.gumbel(size=n_items)))[: rng.integers(8, 30)]
        moments = np.sort(rng.integers(0, 180 * 86_400, size=len(taken)))
        rows += zip([user] * len(taken), rng.permutation(taken), moments, strict=True)
    frame = pl.DataFrame(rows, schema=["user", "item", "time"], orient="row")
    frame = frame.with_columns(time=pl.col("time") + 1_700_000_000)
    items = pl.DataFrame({"item": np.arange(n_items), "kind": [f"kind {one}" for one in kinds]})
    facts = pl.DataFrame(
        {
            "item": np.tile(np.arange(n_items), 2),
            "relation": ["maker"] * n_items + ["colour"] * n_items,
            "value": [f"m{one}" for one in makers]
            + [f"c{one}" for one in rng.integers(12, size=n_items)],
        }
    )
    settings = {"columns": {"time": "time"}, "item_features": {"category": ["kind"]}}
    data = from_frames(frame, items, settings=settings, facts=facts)
    seen = looks @ rng.normal(size=(N_LOOKS, 24)) + rng.normal(size=(n_items, 24))
    pictures = seen / np.linalg.norm(seen, axis=1, keepdims=True)
    rows_of = data.item_ids.values.cast(pl.Int64).to_numpy()
    return replace(data, vectors={"pictures": pictures[rows_of].astype(np.float32)})


def on_hidden_items(worlds: Sequence[Mapping[str, Dataset]], seeds: Sequence[int]) -> None:
    """Hide a fifth of the items, and print how `content_map` ranks them with each description.

    Args:
        worlds: for each seed, row name -> the same interactions with another description; the
            others are compared with the last row.
        seeds: of the draw of hidden items.
    """
    folds, users = [], []
    for world, seed in zip(worlds, seeds, strict=True):
        values = {}
        for name, data in world.items():
            cold = hide(data, seed)
            began = time.process_time()
            values[name] = ndcg_of_users(source("content_map")(cold), cold.labels)
            print(f"  {name}: {values[name].mean():.4f}, {time.process_time() - began:.0f} CPU s")
        folds.append(values)
        users.append(cold.users.rows.astype(np.int64) + 10_000_000 * len(users))
        print(f"seed {seed}: {len(cold.items)} items hidden, {len(cold.users)} users judge")
    print_table("hidden items", pooled(folds, users, 0, list(worlds[0])[-1]))


def on_all_items(worlds: Sequence[Mapping[str, Dataset]], seeds: Sequence[int]) -> None:
    """Hold out each user's last item, and print how fused lists find it.

    Args:
        worlds: as for `on_hidden_items`.
        seeds: of the trainings.
    """
    folds, users = [], []
    for world, seed in zip(worlds, seeds, strict=True):
        values = {name: ndcg_of_lists(data, seed) for name, data in world.items()}
        folds.append(values)
        n_users = len(next(iter(values.values())))
        users.append(np.arange(n_users, dtype=np.int64) + 10_000_000 * len(users))
    print_table("all items, fused lists", pooled(folds, users, 0, list(worlds[0])[-1]))


def ndcg_of_lists(data: Dataset, seed: int) -> Scores:
    """NDCG@10 of each user with three items or more, whose last one is held out.

    Args:
        data: with times.
        seed: of the training.
    """
    order, borders = data.by_user
    judged = np.flatnonzero(data.user_counts >= 3)
    last = order[borders[judged + 1] - 1]
    keep = np.ones(len(data), bool)
    keep[last] = False
    config = CoreConfig(
        seed=seed,
        sources=[{"name": name} for name in LAST_SOURCES],
        tune={"trials": 0},
        split={"kind": "last"},
    )
    fused = fit_fusion(data.take(keep), config)
    names = data.user_ids.texts(judged.astype(np.int32)).to_list()
    lists = recommend(fused, names, PLACES)
    wanted = pl.DataFrame(
        {"user_id": names, "item_id": data.item_ids.texts(data.items[last])}
    ).with_row_index("row")
    found = wanted.join(lists, on=["user_id", "item_id"])
    values = np.zeros(len(names))
    values[found["row"].to_numpy()] = 1 / np.log2(1 + found["rank"].to_numpy())
    print(f"  {values.mean():.4f} by {fused.trained.method}", flush=True)
    return values


def print_table(title: str, found: Mapping[str, Any]) -> None:
    """Print a row a description, best first, with the last one less each of the others."""
    print(f"\n{title}: {found['values']} values of {found['users']} users")
    for name, row in sorted(found["rows"].items(), key=lambda one: -one[1]["value"]):
        interval = f"{row['low']:.4f} - {row['high']:.4f}"
        gap = row.get("gap")
        less = f"{gap['value']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]" if gap else ""
        print(f"{name:34} {row['value']:.4f}   {interval}   {less}")
