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
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.watching.replayed import (
    Past,
    add_worlds,
    asked_worlds,
    label_log,
    runs_of,
    served_by_ids,
)
from fusion.api import Fused
from fusion.data.days import shift_midnight
from fusion.evaluation.realised.judge_lists import judge_lists
from fusion.evaluation.realised.labels import LabelLog
from fusion.evaluation.verdict_report import PromiseReport
from fusion.lists.business_rules.list_segments import ALL


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


def main() -> None:
    """Replay the worlds and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_worlds(parser, "1,2,3,4,5")
    given = parser.parse_args()
    print(
        "| world | horizon | runs | held | promised | realised | bias | width by users alone |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for name, pasts in asked_worlds(given):
        _print(name, pasts)


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
