"""Print how often what was promised came true, on replayed weeks and quarters.

    python -m benchmarks.watching.promise --seeds 1,2,3,4,5 --movielens ml-latest-small

Every week of a generated shop a run is trained as of that moment, and its lists are judged on the
week that follows, by the rules of its verdict: on the first day, and on the whole window. Each run
knows nothing of the others, so that every interval comes from past windows. New items come evenly,
or on Mondays. MovieLens is replayed by quarter.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from benchmarks.watching.watched_shop import at
from benchmarks.watching.worlds import Shop, make_world
from fusion.api import Fused, fit_fusion
from fusion.config import CoreConfig
from fusion.data.days import shift_midnight
from fusion.evaluation.realised.judge_lists import judge_lists
from fusion.evaluation.realised.labels import LabelLog
from fusion.evaluation.realised.served_lists import ServedLists
from fusion.evaluation.verdict_report import PromiseReport
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
Z95 = 1.96


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


@dataclass(frozen=True)
class Kept:
    """A promise beside what happened.

    Attributes:
        promise: of NDCG@10.
        realised: what the lists scored.
        users: on how many users.
        over_users: width of the interval over the verdict's users alone.
    """

    promise: PromiseReport
    realised: float
    users: int
    over_users: float

    def __str__(self) -> str:
        promise = self.promise
        interval = "no interval" if promise.low is None else f"{promise.low:.4f} {promise.high:.4f}"
        return f"{promise.horizon} {promise.value:.4f} {interval} realised {self.realised:.4f}"

    @property
    def holds(self) -> bool:
        """Whether the interval holds what happened."""
        low, high = self.promise.low, self.promise.high
        return low is not None and high is not None and low <= self.realised <= high

    @property
    def width(self) -> float:
        """Width of the interval; NaN where there is none."""
        low, high = self.promise.low, self.promise.high
        return np.nan if low is None or high is None else high - low


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


def replay(past: Past, root: Path) -> Iterator[dict[str, Kept]]:
    """Train as of each moment, and judge.

    Args:
        past: a history.
        root: folder of the store.

    Yields:
        By horizon, what was promised and what happened.
    """
    log = label_log(past)
    for moment, fused in runs_of(past, root):
        kept = dict(_judge(fused, log, fused.data.as_of))
        print(
            f"{moment:%Y-%m-%d} {', '.join(map(str, kept.values()))}", file=sys.stderr, flush=True
        )
        yield kept


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


def _judge(fused: Fused, log: LabelLog, as_of: int) -> Iterator[tuple[str, Kept]]:
    """Judge the lists of a run at each horizon."""
    served = served_by_ids(fused)
    report = fused.trained.verdict.report
    for promise in report.promise:
        if (promise.name, promise.k) != ("ndcg", 10):
            continue
        end = shift_midnight(as_of, promise.days, "UTC")
        judged = judge_lists(served, log.between(as_of, end), seed=7)
        figure = judged.figure(ALL, promise.name, promise.k)
        if figure:
            width = report.reported.high - report.reported.low
            yield promise.horizon, Kept(promise, figure.lists.value, figure.users, width)


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


def main() -> None:
    """Replay the worlds and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", default="1,2,3,4,5", help="a shop each")
    parser.add_argument("--weeks", type=int, default=26)
    parser.add_argument("--users", type=int, default=80, help="on a usual day of a shop")
    parser.add_argument("--movielens", type=Path, help="folder of MovieLens latest-small")
    parser.add_argument("--only", choices=("evenly", "mondays", "movielens"))
    given = parser.parse_args()
    seeds = [int(seed) for seed in given.seeds.split(",")]
    print(
        "| world | horizon | runs | held | promised | realised | bias | width by users alone |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for name in ("evenly", "mondays"):
        if given.only in (None, name):
            pasts = [weekly(seed, given.weeks, given.users, name == "mondays") for seed in seeds]
            _print(f"items come {name}", pasts)
    if given.movielens and given.only in (None, "movielens"):
        _print("MovieLens by quarter", [quarterly(given.movielens, given.weeks)])


def _print(world: str, pasts: list[Past]) -> None:
    """Replay a world on every seed, and print a row for each horizon."""
    started = time.perf_counter()
    kept: list[list[dict[str, Kept]]] = []
    for past in pasts:
        with TemporaryDirectory() as folder:
            kept.append(list(replay(past, Path(folder))))
    for horizon in ("day", "window"):
        seeds = [[run[horizon] for run in runs if horizon in run] for runs in kept]
        runs = [run for of_seed in seeds for run in of_seed if run.promise.low is not None]
        if not runs:
            n_runs = sum(map(len, seeds))
            print(f"| {world} | {horizon} | {n_runs} | no interval | | | | |")
            continue
        promised = np.mean([run.promise.value for run in runs])
        realised = np.mean([run.realised for run in runs])
        cells: list[Any] = [
            *(world, horizon, len(runs), f"{np.mean([run.holds for run in runs]):.1%}"),
            *(f"{promised:.4f}", f"{realised:.4f}", _bias(seeds)),
            f"{np.mean([run.width / run.over_users for run in runs]):.2f}",
        ]
        print(f"| {' | '.join(map(str, cells))} |", flush=True)
    print(f"    {time.perf_counter() - started:.0f} s", flush=True)


def _bias(seeds: list[list[Kept]]) -> str:
    """Mean of realised beside promised, with the 95 % interval over seeds, else over runs."""
    shares = []
    for runs in seeds:
        promised = np.mean([run.promise.value for run in runs])
        shares.append([(run.realised - run.promise.value) / promised for run in runs])
    values = [np.mean(share) for share in shares] if len(shares) > 1 else shares[0]
    error = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
    mean = np.mean(values)
    return f"{mean:+.1%} [{mean - error:+.1%}, {mean + error:+.1%}]"


if __name__ == "__main__":
    main()
