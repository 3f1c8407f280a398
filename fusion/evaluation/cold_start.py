"""The verdict on what nobody knew yet: fallback lists of cold users, and items without a history."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from fusion.core.arrays import Rows
from fusion.data.segments import segments_among, user_segments
from fusion.evaluation.segments import figures, hits_by_row, metrics_by_segment
from fusion.lists.fallback import ALL, assign_segment_lists, fallback_lists
from fusion.metrics.ranking import hits_of
from fusion.ranking.method import RANDOM
from fusion.runs.context import RunContext

FALLBACK = "fallback"


def cold_report(context: RunContext, users: Rows, random: Rows) -> dict[str, Any] | None:
    """How good the fallback is for users (n,) with labels and no history, beside random lists (n, k); None without any.

    Fallback lists are made as of the verdict fold, the way they are served; `all` is the list of no
    segment, for everyone, which shows what segments are worth.
    """
    if not len(users):
        return None
    fold, segments = context.plan.verdict, user_segments(context.data)[users].fill_null(ALL)
    made = fallback_lists(context, fold)
    depth = random.shape[1]
    rows = {
        FALLBACK: assign_segment_lists(made, segments, depth),
        ALL: assign_segment_lists(made, pl.Series([ALL] * len(users)), depth),
        RANDOM: random,
    }
    hits = hits_by_row(users, rows, fold)
    own = set(segments)
    parts = {
        name: mine for name, mine in segments_among(context.data, users).items() if name in own
    }
    seed = context.config.seed
    return {**figures(hits, seed), "segments": metrics_by_segment(hits, parts, seed)}


def new_items_report(context: RunContext, users: Rows, rows: Mapping[str, Rows]) -> dict[str, Any]:
    """How often items without a history on the verdict fold are labels and listed, and how well they are found.

    `rows`: lists (n, k) of `users` (n,). Only sources that read texts can list such an item. For
    each row: the share of listed places they take at 10, and the share of their labels that stand
    in the first 10 and 20 places.
    """
    fold = context.plan.verdict
    new = fold.known.item_counts == 0
    table = context.data.item_table
    described = (
        (table["text"].fill_null("") != "").to_numpy()
        if "text" in table.columns
        else np.zeros(len(new), bool)
    )
    listable = new & context.allowed(fold.cut).items
    mine = np.isin(fold.label_users, users)
    wanted = mine & new[fold.label_items]
    found: dict[str, dict[str, float]] = {}
    for name, lists in rows.items():
        hits, _ = hits_of(lists, users, fold.label_users[wanted], fold.label_items[wanted])
        top = lists[:, :10]
        found[name] = {
            "places@10": float(new[top[top >= 0]].mean()) if (top >= 0).any() else 0.0,
            "recall@10": float(hits[:, :10].sum() / max(1, wanted.sum())),
            "recall@20": float(hits[:, :20].sum() / max(1, wanted.sum())),
        }
    return {
        "items": int(listable.sum()),
        "with_text": int((listable & described).sum()),
        "labels": int(wanted.sum()),
        "share": float(wanted.sum() / max(1, mine.sum())),
        "rows": found,
    }
