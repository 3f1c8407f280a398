"""A history that is replayed: a run as of each of its moments, knowing nothing of the others."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks.watching.watched_shop import at
from benchmarks.watching.worlds import Shop, make_world
from fusion.api import Fused, fit_fusion
from fusion.config import CoreConfig
from fusion.evaluation.realised.labels import LabelLog
from fusion.evaluation.realised.served_lists import ServedLists
from fusion.ingest.load import load
from fusion.ingest.settings import DataSettings
from fusion.lists.business_rules.list_segments import ALL
from fusion.runs.run_folder import ListsFolder

FIRST_WEEK = 30
"""Weeks of history before the first run."""
SOURCES = ("popularity", "item_knn", "user_knn")
"""Quick ones: what is measured is the promise, whatever makes the lists."""
QUARTER = 91
COLUMNS = {"user": "user", "item": "item", "time": "time", "weight": "rating"}


@dataclass(frozen=True)
class Past:
    """A history that is replayed.

    Attributes:
        events: user, item, time (epoch ms), rating.
        moments: as of which runs are trained.
        window: days of a window.
        users: warm users that a window must hold.
    """

    events: pl.DataFrame
    moments: list[datetime]
    window: int
    users: int


def add_worlds(parser: argparse.ArgumentParser, seeds: str) -> None:
    """Add the options that say which histories are replayed.

    Args:
        parser: of the benchmark.
        seeds: of the generated shops by default, with commas.
    """
    parser.add_argument("--seeds", default=seeds, help="a shop each")
    parser.add_argument("--weeks", type=int, default=26)
    parser.add_argument("--users", type=int, default=80, help="on a usual day of a shop")
    parser.add_argument("--movielens", type=Path, help="folder of MovieLens latest-small")
    parser.add_argument("--only", choices=("evenly", "mondays", "movielens"))


def asked_worlds(given: argparse.Namespace) -> Iterator[tuple[str, list[Past]]]:
    """Make the histories that were asked for.

    Args:
        given: the options of `add_worlds`.

    Yields:
        The name of a world, and its histories: one a seed, or MovieLens.
    """
    seeds = [int(seed) for seed in given.seeds.split(",")]
    for name in ("evenly", "mondays"):
        if given.only in (None, name):
            pasts = [weekly(seed, given.weeks, given.users, name == "mondays") for seed in seeds]
            yield f"items come {name}", pasts
    if given.movielens and given.only in (None, "movielens"):
        yield "MovieLens by quarter", [quarterly(given.movielens, given.weeks)]


def weekly(seed: int, weeks: int, users: int, mondays: bool) -> Past:
    """A generated shop.

    Args:
        seed: of its draws.
        weeks: to replay.
        users: on a usual day.
        mondays: whether new items come on Mondays only.

    Returns:
        Its history, with a run each Thursday at midnight.
    """
    days = 7 * (FIRST_WEEK + weeks + 1)
    world = make_world(Shop(users=users, days=days, seed=seed, mondays=mondays))
    moments = [at(FIRST_WEEK + week) for week in range(weeks)]
    return Past(world.events, moments, 7, 50)


def quarterly(folder: Path, quarters: int) -> Past:
    """MovieLens latest-small by quarter.

    Args:
        folder: with ratings.csv.
        quarters: to replay, the newest that have passed.

    Returns:
        Its history.
    """
    names = {"userId": "user", "movieId": "item", "timestamp": "time"}
    events = pl.read_csv(folder / "ratings.csv").rename(names)
    events = events.with_columns(pl.col("time") * 1000).sort("time")
    newest = datetime.fromtimestamp(events["time"].max() / 1000, UTC).date()
    begins = date(newest.year, (newest.month - 1) // 3 * 3 + 1, 1)
    moments = []
    for _ in range(quarters):
        begins = date(begins.year, begins.month, 1) - timedelta(days=1)
        begins = date(begins.year, begins.month - 2, 1)
        moments.append(datetime(begins.year, begins.month, 1, tzinfo=UTC))
    return Past(events, moments[::-1], QUARTER, 1)


def label_log(past: Past) -> LabelLog:
    """Look up what was liked from the first run on.

    Args:
        past: a history.
    """
    events = past.events.select("user", "item", "time", liked=pl.lit(True)).with_columns(
        pl.col("user").cast(pl.String), pl.col("item").cast(pl.String)
    )
    return LabelLog.of(events, round(past.moments[0].timestamp() * 1000))


def runs_of(past: Past, root: Path) -> Iterator[tuple[datetime, Fused]]:
    """Train as of each moment.

    Args:
        past: a history.
        root: folder of the store.

    Yields:
        The moment, and the run.
    """
    config = CoreConfig(
        threads=1,
        device="cpu",
        split={"kind": "time", "window": past.window, "folds": 1, "users": past.users},
        tune={"trials": 0, "prune": False},
        ranker={"seeds": 1, "trees": 25, "patience": 25, "leaves": 7},
        lists={"why_rows": 0},
        sources=[{"name": name} for name in SOURCES],
    )
    place = {"url": "frame", "query": "events"}
    settings = DataSettings(interactions=place, columns=COLUMNS)
    for moment in past.moments:
        data = load(settings, Path(), moment, lambda _, name: past.events).dataset
        yield moment, fit_fusion(data, config, root)


def served_by_ids(fused: Fused) -> ServedLists:
    """Return the lists of a run by outside ids.

    Args:
        fused: a run.
    """
    files = ListsFolder(fused.trained.lists)
    users, items = fused.data.user_ids, fused.data.item_ids
    lists = pl.read_parquet(files.lists)
    lists = lists.select(
        users.texts(lists["user"].to_numpy()).alias("user"),
        items.texts(lists["item"].to_numpy()).alias("item"),
        "rank",
    )
    fallback = pl.read_parquet(files.fallback)
    fallback = fallback.select(
        "segment", items.texts(fallback["item"].to_numpy()).alias("item"), "rank"
    )
    served = lists.select("user").unique()
    served = served.with_columns(route=pl.lit("warm"), segment=pl.lit(ALL))
    return ServedLists(lists, served, fallback, fused.config.lists.size)
