"""Lists from attributes for users whose whole history is hidden, beside segment and popularity.

    python -m benchmarks.quality.on_request.cold_users [FOLDER] [--seeds 1 2 3] [--beside]

Generated shops whose likes follow attributes, and such whose attributes are noise; with a FOLDER of
`benchmarks.quality.sets` MovieLens 100K with age, gender and occupation. MovieLens latest-small
says nothing of its users. `--beside` fits boosted trees and a network, too.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from benchmarks.quality.on_request.cold_world import cold_shop
from fusion.config import CoreConfig
from fusion.data.dataset import Dataset
from fusion.data.splitting.folds import plan_folds
from fusion.evaluation.cold_users.hidden_users import HiddenUsers
from fusion.evaluation.cold_users.judge import choose_settings, judge_cold_users
from fusion.evaluation.segments import hits_by_row, metric_columns
from fusion.ingest.assemble import as_dataset, in_time_order, number_rows
from fusion.lists.cold_users.attributes import user_attributes
from fusion.lists.cold_users.taste_map import TasteMap
from fusion.metrics.bootstrap import Interval, paired_gap
from fusion.runs.context import RunContext

HEADER = (
    "| data | users | attributes | segment | popularity | over segment | over popularity | served |"
)
Shop = tuple[pl.DataFrame, pl.DataFrame]
"""Interactions and users."""


def context_of(folder: Path, frame: pl.DataFrame, users: pl.DataFrame, kind: str) -> RunContext:
    """Cut interactions into folds as a run does."""
    frame = in_time_order(frame, None)
    user_ids, user_rows = number_rows(frame["user"], users)
    item_ids, item_rows = number_rows(frame["item"], None)
    frame = frame.with_columns(pl.Series("user", user_rows), pl.Series("item", item_rows))
    tables = {"items": None, "users": users}
    data: Dataset = as_dataset(frame, user_ids, item_ids, tables, None)
    config = CoreConfig(threads=1, device="cpu", split={"kind": kind})
    plan = plan_folds(data, config.split, seen=False, seed=config.seed)
    return RunContext(config, data, plan, folder)


def movielens(folder: Path) -> Shop:
    """Ratings of MovieLens 100K, liked from 4 stars; one user more, of whom nothing is known."""
    ratings = pl.read_csv(folder / "ml-100k.csv")
    users = pl.read_csv(folder / "ml-100k-users.csv").select(
        pl.col("user").cast(pl.String).alias("id"),
        "gender",
        "occupation",
        pl.col("age").cast(pl.Float64),
    )
    newcomer = users.head(1).with_columns(id=pl.lit("newcomer"))
    frame = ratings.select(
        pl.col("user").cast(pl.String),
        pl.col("item").cast(pl.String),
        (pl.col("timestamp").cast(pl.Int64) * 1000).alias("time"),
        pl.col("rating").cast(pl.Float32).alias("weight"),
        (pl.col("rating") >= 4).alias("liked"),
    )
    return frame, pl.concat([users, newcomer])


def shops(
    seeds: list[int], folder: Path | None
) -> Iterator[tuple[str, tuple[pl.DataFrame, pl.DataFrame], str]]:
    """Yield each data set by name, with the kind of its split."""
    for seed in seeds:
        yield f"planted, seed {seed}", cold_shop(seed, planted=True), "auto"
    for seed in seeds:
        yield f"noise, seed {seed}", cold_shop(seed, planted=False), "auto"
    if folder:
        for kind in ("auto", "last"):
            yield f"MovieLens 100K, split {kind}", movielens(folder), kind


def judge(name: str, context: RunContext) -> None:
    """Print a row of the table, as a run judges."""
    report = judge_cold_users(context)
    assert report is not None
    rows = {row: figures["ndcg@10"].value for row, figures in report.rows.items()}
    gaps = {row: figures["ndcg@10"] for row, figures in report.gaps.items()}
    cells = [name, f"{report.users:,}", *(f"{value:.4f}" for value in rows.values())]
    cells += [
        written(gaps["fallback"]),
        written(gaps["popularity"]),
        "yes" if report.serves else "no",
    ]
    print(f"| {' | '.join(cells)} |", flush=True)


def beside(name: str, context: RunContext) -> None:
    """Print by how much other maps are ahead of the ridge, and what they take."""
    from benchmarks.quality.on_request.other_maps import NetMap, TreeMap  # noqa: PLC0415

    fold, values = context.plan.verdict, {}
    hidden = HiddenUsers.of(context, user_attributes(context.data))
    users = hidden.judged(fold, 5000)
    maps: dict[str, type[TasteMap]] = {"ridge": TasteMap, "trees": TreeMap, "network": NetMap}
    for label, one in maps.items():
        began = time.process_time()
        own = replace(hidden, fit=one.fit)
        _, choices = choose_settings(own, context.plan.labels)
        [lists] = own.map_lists(fold, users, [[choice] for choice in choices])
        columns = metric_columns(*hits_by_row(users, {label: lists}, fold)[label])
        values[label] = columns["ndcg@10"]
        gap = paired_gap(values[label], values["ridge"], context.config.seed)
        print(
            f"| {name} | {label} | {float(np.mean(values[label])):.4f} | {written(gap)} | "
            f"{time.process_time() - began:.1f} |",
            flush=True,
        )


def written(gap: Interval) -> str:
    """A difference with its interval."""
    return f"{gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--beside", action="store_true")
    asked = parser.parse_args()
    header = "| data | map | NDCG@10 | over the ridge | CPU s |" if asked.beside else HEADER
    print(header)
    print("| " + " | ".join(["---"] * (header.count("|") - 1)) + " |")
    with TemporaryDirectory() as root:
        for name, (frame, users), kind in shops(asked.seeds, asked.folder):
            context = context_of(Path(root), frame, users, kind)
            (beside if asked.beside else judge)(name, context)


if __name__ == "__main__":
    main()
