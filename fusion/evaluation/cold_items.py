"""Items hidden from every fit: how each row ranks them, among themselves and among all items."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from fusion.core.arrays import Rows, Scores, block_rows, blocks
from fusion.data.categories import all_categories
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.splitting.fold import Fold
from fusion.data.topk import best
from fusion.evaluation.judged_lists import candidate_scores, lists_by_row, read_scored_table
from fusion.evaluation.segments import Hits, figures, hits_by_row
from fusion.evaluation.verdict_report import ColdItemsReport, SegmentReport
from fusion.metrics.bootstrap import paired_gap
from fusion.metrics.ranking import ndcg
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.fitted import FittedSource, fit
from fusion.models.base.registry import build
from fusion.ranking.method import RANKER
from fusion.ranking.ranker import Ranker
from fusion.ranking.table_file import LIST_SIZE, pad

TFIDF = "tf-idf"
"""Row of the items whose texts share most letters with those of the user's newest items."""
CATEGORY = "popularity of category"
"""Row of the items of the categories that the user and everyone take most of."""
BLOCK_BYTES = 64 * 2**20
"""Memory of a block of users' scores."""
KEPT = ("ndcg@10", "recall@20", "hit@10")
"""Metrics that are reported."""


def cold_items_report(
    fold: Fold, tables: Mapping[str, tuple[Path, Allowed]], ranker: Ranker, by: str, seed: int
) -> ColdItemsReport:
    """Judge all rows by who liked the hidden items.

    Args:
        fold: without the hidden items' interactions; its labels are who liked one.
        tables: by "hidden" (hidden items as the only candidates) and "catalogue" the folder of the
            fold's table, and what may be listed there.
        ranker: trained on the label folds, in which other items were as if new.
        by: how hidden items were chosen, "hash" or "newest".
        seed: of the resamples.

    Returns:
        Figures of all rows, and of baselines beside them.
    """
    # Once for both tables: of many texts its fit takes longer than all else here.
    texts = _text_baseline(fold.known)
    hits = {
        place: _hits(fold, folder, allowed, ranker, texts)
        for place, (folder, allowed) in tables.items()
    }
    values = {name: ndcg(flags, counts, 10) for name, (flags, counts) in hits["hidden"].items()}
    own = values.pop(RANKER)
    gaps = {name: paired_gap(own, row, seed) for name, row in values.items()}
    return ColdItemsReport(
        items=int(tables["hidden"][1].items.sum()),
        by=by,
        labels=len(fold.label_items),
        hidden=_kept(figures(hits["hidden"], seed)),
        catalogue=_kept(figures(hits["catalogue"], seed)),
        gaps=gaps,
    )


def _text_baseline(known: Dataset) -> FittedSource | None:
    """Fit the likeness of texts by TF-IDF; None where there are no texts."""
    if "texts" not in known.capabilities:
        return None
    model = build("content", {"encoder": "tfidf"})
    return fit(TFIDF, model, known.trim_users(), LIST_SIZE, FitContext())


def _hits(
    fold: Fold, folder: Path, allowed: Allowed, ranker: Ranker, texts: FittedSource | None
) -> Hits:
    """Find labels in the lists of all rows of a table, and of the baselines."""
    table = read_scored_table(folder, ranker)
    users, lists = lists_by_row(folder, table, candidate_scores(table))
    histories = fold.known.users_at(users, fold.as_of[users])
    lists |= dict(_baselines(fold.known, histories, allowed, texts))
    return hits_by_row(users, lists, fold)


def _kept(report: SegmentReport) -> SegmentReport:
    rows = {name: {metric: row[metric] for metric in KEPT} for name, row in report.rows.items()}
    return SegmentReport(users=report.users, rows=rows)


def _baselines(
    known: Dataset, users: UserHistories, allowed: Allowed, texts: FittedSource | None
) -> Iterator[tuple[str, Rows]]:
    """Make the lists (n, LIST_SIZE) of baselines that the data has all they need for."""
    if texts is not None:
        yield TFIDF, pad(texts.top(users, LIST_SIZE, allowed).items, LIST_SIZE)
    if "categories" in known.capabilities:
        yield CATEGORY, _by_category(known, users, allowed)


def _by_category(known: Dataset, users: UserHistories, allowed: Allowed) -> Rows:
    """List the items whose categories stand most often in the history and in all of them."""
    shares = all_categories(known.item_table, by_name=True)
    assert shares is not None
    everyone = known.item_counts.astype(np.float32) @ shares
    popular = everyone / max(float(everyone.sum()), 1.0)
    lists = []
    for part in blocks(len(users), block_rows(known.n_items, BLOCK_BYTES)):
        block = users.block(part)
        tastes = (block.seen @ shares).toarray()
        weights = tastes / np.maximum(tastes.sum(axis=1, keepdims=True), 1) + popular
        scores: Scores = (shares @ np.ascontiguousarray(weights.T)).T.astype(np.float32)
        allowed.mask(scores, block)
        lists.append(pad(best(scores, LIST_SIZE).items, LIST_SIZE))
    return np.concatenate(lists)
