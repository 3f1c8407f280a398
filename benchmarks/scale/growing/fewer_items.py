"""EASE on the most taken items only, beside EASE on all of them.

    python -m benchmarks.scale.growing.fewer_items RATINGS.csv --user userId --item movieId
        --time timestamp [--items 5000 2500 1000]

Holds out the verdict fold of the default split and fits on what was known before it, with the
default settings: nothing is tuned. Prints a line for each number of items: NDCG@10 and recall@100
over users with a label, the share of users who get a list, and CPU seconds and size of the fit.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from fusion.config import SplitSettings
from fusion.data.splitting.fold import Fold
from fusion.data.splitting.folds import plan_folds
from fusion.ingest.load import load
from fusion.ingest.settings import DataSettings
from fusion.metrics.ranking import hits_of, ndcg
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.ease import Ease, EaseConfig

K, RECALL_K = 10, 100


def print_row(fold: Fold, n_items: int | None) -> None:
    """Fit on the most taken items, and print what lists are worth.

    Args:
        fold: with labels.
        n_items: items that take part; None for all.
    """
    began = time.process_time()
    model = Ease(EaseConfig(max_items=n_items)).fit(fold.known, FitContext(threads=1))
    took = time.process_time() - began
    rows = fold.label_rows
    users = fold.known.users_at(rows, fold.as_of[rows])
    lists = model.top(users, RECALL_K, Allowed(np.ones(fold.known.n_items, bool))).items
    hits, counts = hits_of(lists, rows, fold.label_users, fold.label_items)
    recall = hits.sum(axis=1) / np.minimum(counts, RECALL_K)
    listed = (lists >= 0).any(axis=1).mean()
    size = model.weights_.nbytes / 2**20
    print(
        f"| {len(model.items_):,} | {ndcg(hits, counts, K).mean():.4f} | {recall.mean():.4f} "
        f"| {listed:.0%} | {took:.1f} | {size:.0f} |",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ratings", type=Path)
    for name in ("user", "item", "time"):
        parser.add_argument(f"--{name}", default=name)
    parser.add_argument("--items", type=int, nargs="+", default=[5000, 2500, 1000])
    given = parser.parse_args()
    columns = {name: getattr(given, name) for name in ("user", "item", "time")}
    settings = DataSettings(interactions=given.ratings.name, columns=columns)
    plan = plan_folds(load(settings, given.ratings.parent).dataset, SplitSettings())
    print(plan.why, f"{len(plan.verdict.label_rows)} users with a label")
    print("| items | NDCG@10 | recall@100 | users with a list | CPU s | MiB of weights |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for n_items in (None, *given.items):
        print_row(plan.verdict, n_items)


if __name__ == "__main__":
    main()
