"""Cold start on the verdict fold: fallback lists of users and new items, both without a history."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows
from fusion.data.dataset import Dataset
from fusion.data.segments import segments_among, user_segments
from fusion.evaluation.segments import CUTOFFS, figures, hits_by_row, metrics_by_segment
from fusion.evaluation.verdict_report import ColdReport, NewItemsReport
from fusion.lists.business_rules.list_segments import ALL
from fusion.lists.fallback.segment_lists import assign_segment_lists, fallback_lists
from fusion.metrics.ranking import hits_of
from fusion.ranking.method import RANDOM
from fusion.runs.context import RunContext

FALLBACK = "fallback"
"""The row of each user's own fallback: that of their segment, or of all."""


def cold_report(context: RunContext, users: Rows, random: Rows) -> ColdReport | None:
    """Judge the fallback by users with labels and no history.

    Fallback lists are made as of the verdict fold, the way they are served. Beside them stand
    random lists, and the list of all for everyone, which shows what segments are worth.

    Args:
        context: configuration, data and folds.
        users: (n,) ascending.
        random: random lists (n, k) of these users.

    Returns:
        Figures, in all and by segment; None without users.
    """
    if not len(users):
        return None
    fold = context.plan.verdict
    depth = random.shape[1]
    segments = user_segments(context.data)[users].fill_null(ALL)
    lists = fallback_lists(context, fold)
    rows = {
        FALLBACK: assign_segment_lists(lists, segments, depth),
        ALL: assign_segment_lists(lists, pl.Series([ALL] * len(users)), depth),
        RANDOM: random,
    }
    hits = hits_by_row(users, rows, fold)
    # Fallback lists go by the first category column: only its segments are judged apart.
    names = set(segments)
    members = {
        name: flags for name, flags in segments_among(context.data, users).items() if name in names
    }
    seed = context.config.seed
    overall = figures(hits, seed)
    return ColdReport(
        users=overall.users,
        rows=overall.rows,
        segments=metrics_by_segment(hits, members, seed),
    )


def new_items_report(context: RunContext, users: Rows, rows: Mapping[str, Rows]) -> NewItemsReport:
    """Report how often items without a history are labels and are listed, and how well.

    Only sources that read texts can list such an item.

    Args:
        context: data and folds.
        users: who is judged (n,), ascending.
        rows: their lists (n, k) by row.

    Returns:
        Counts, and by row the share of listed places and of recalled labels.
    """
    fold = context.plan.verdict
    is_new = fold.known.item_counts == 0
    listable = is_new & context.allowed(fold.cut).items
    is_judged = np.isin(fold.label_users, users)
    is_label = is_judged & is_new[fold.label_items]
    n_labels = int(is_label.sum())
    label_users, label_items = fold.label_users[is_label], fold.label_items[is_label]
    report: dict[str, dict[str, float]] = {}
    # Only labels that are new items count here, so a hit is a new item recalled.
    for name, lists in rows.items():
        hits, _ = hits_of(lists, users, label_users, label_items)
        top = lists[:, :10]
        listed = top[top >= 0]
        row = {"places@10": float(is_new[listed].mean()) if len(listed) else 0.0}
        for k in CUTOFFS:
            row[f"recall@{k}"] = float(hits[:, :k].sum() / max(1, n_labels))
        report[name] = row
    with_text = listable & _has_text(context.data)
    n_judged = max(1, is_judged.sum())
    return NewItemsReport(
        items=int(listable.sum()),
        with_text=int(with_text.sum()),
        labels=n_labels,
        share=float(n_labels / n_judged),
        rows=report,
    )


def _has_text(data: Dataset) -> Flags:
    """Mark the items (I,) that the items' table describes in words."""
    if "text" not in data.item_table.columns:
        return np.zeros(data.n_items, bool)
    return (data.item_table["text"].fill_null("") != "").to_numpy()
