"""Print how often realised figures lie in the interval of the estimate made before anybody looked.

    python -m benchmarks.watching.estimate --seeds 11,12,13,14,15 --movielens ml-latest-small

The worlds are those of `promise`: a run each week, or each quarter, as of that moment, whose lists
are judged on what follows. The estimate stands beside the promise of the same run.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

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
from fusion.evaluation.estimate.report import EstimateFigure
from fusion.evaluation.realised.judge_lists import judge_lists
from fusion.evaluation.realised.labels import LabelLog
from fusion.evaluation.verdict_report import PromiseReport
from fusion.lists.business_rules.list_segments import ALL

METRICS = ("ndcg", "precision")


@dataclass(frozen=True)
class Outcome:
    """What was expected of a run beside what happened.

    Attributes:
        estimate: of the lists.
        promise: of the verdict.
        realised: what the lists were worth.
    """

    estimate: EstimateFigure
    promise: PromiseReport
    realised: float


def replay(past: Past, root: Path) -> Iterator[dict[str, Outcome]]:
    """Train as of each moment, and judge the window that follows.

    Args:
        past: a history.
        root: folder of the store.

    Yields:
        By metric, what was expected and what happened.
    """
    log = label_log(past)
    for moment, fused in runs_of(past, root):
        outcomes = dict(_judge(fused, log))
        print(f"{moment:%Y-%m-%d} {outcomes.get('ndcg')}", file=sys.stderr, flush=True)
        yield outcomes


def _judge(fused: Fused, log: LabelLog) -> Iterator[tuple[str, Outcome]]:
    """Judge the lists of a run; nothing where nothing was estimated."""
    estimate = fused.trained.estimate
    if estimate is None:
        return
    as_of = fused.data.as_of
    judged = judge_lists(
        served_by_ids(fused), log.between(as_of, shift_midnight(as_of, estimate.days, "UTC")), 7
    )
    for promise in fused.trained.verdict.report.promise:
        figure = judged.figure(ALL, promise.name, promise.k)
        is_asked = promise.horizon == "window" and promise.k == 10 and promise.name in METRICS
        if is_asked and figure:
            expected = estimate.segments[ALL].figures[promise.name]
            yield promise.name, Outcome(expected, promise, figure.lists.value)


def main() -> None:
    """Replay the worlds and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_worlds(parser, "11,12,13,14,15")
    given = parser.parse_args()
    print(
        "| world | metric | runs | held by the estimate | by the promise | estimated | realised "
        "| bias of the estimate | of the promise | width of the estimate beside the promise's |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for name, pasts in asked_worlds(given):
        _print(name, pasts)


def _print(world: str, pasts: Sequence[Past]) -> None:
    """Replay a world on every seed, and print a row for each metric."""
    started = time.perf_counter()
    replayed: list[dict[str, Outcome]] = []
    for past in pasts:
        with TemporaryDirectory() as folder:
            replayed += replay(past, Path(folder))
    for metric in METRICS:
        runs = [run[metric] for run in replayed if metric in run]
        known = [run for run in runs if run.estimate.low is not None]
        if not known:
            print(f"| {world} | {metric} | {len(runs)} | no interval | | | | | | |")
            continue
        realised = np.array([run.realised for run in known])
        estimated = np.array([run.estimate.value for run in known])
        promised = np.array([run.promise.value for run in known])
        widths = [_width(run.estimate) / _width(run.promise) for run in known]
        cells = (
            *(world, f"{metric}@10", str(len(known))),
            _share([_holds(run.estimate, run.realised) for run in known]),
            _share([_holds(run.promise, run.realised) for run in known]),
            *(f"{estimated.mean():.4f}", f"{realised.mean():.4f}"),
            *(_bias(estimated, realised), _bias(promised, realised)),
            f"{np.mean(widths):.2f}",
        )
        print(f"| {' | '.join(cells)} |", flush=True)
    print(f"    {time.perf_counter() - started:.0f} s", flush=True)


def _holds(figure: EstimateFigure | PromiseReport, realised: float) -> bool:
    low, high = figure.low, figure.high
    return low is not None and high is not None and low <= realised <= high


def _width(figure: EstimateFigure | PromiseReport) -> float:
    low, high = figure.low, figure.high
    return np.nan if low is None or high is None else high - low


def _share(flags: Sequence[bool]) -> str:
    """A share with its exact interval (Clopper and Pearson, Biometrika 1934)."""
    held, runs = sum(flags), len(flags)
    ends = stats.binomtest(held, runs).proportion_ci(0.95, "exact")
    return f"{held / runs:.1%} [{ends.low:.1%}, {ends.high:.1%}]"


def _bias(expected: np.ndarray, realised: np.ndarray) -> str:
    """How far realised figures lie from what was expected, in all, and the root mean square."""
    off = (realised - expected) / expected.mean()
    return f"{off.mean():+.1%}, rms {np.sqrt(np.mean(off**2)):.1%}"


if __name__ == "__main__":
    main()
