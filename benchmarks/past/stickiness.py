"""What steady lists cost in NDCG, and how much churn they avoid, over weeks that are replayed.

    python -m benchmarks.past.stickiness FOLDER --seeds 1,2,3
    python -m benchmarks.past.stickiness FOLDER --config shop.toml --first 2017-01-01 --days 7

Each value of `[lists] stickiness` trains and publishes at every date, so that steady lists follow
steady lists. What is done stays in FOLDER, and the same command goes on there.
"""

import argparse
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.past.changing_world import Size, write_world
from flows.retrain_settings import RetrainSettings
from flows.session import Session
from flows.steps.past.dates import PastDates
from flows.steps.past.judging import Judge, served_lists
from flows.steps.past.policies import policies_of
from flows.steps.past.replay_folder import ReplayFolder, opened
from flows.steps.past.turn import take_turn
from flows.steps.train.inputs import read_data
from fusion.core.arrays import Scores
from fusion.metrics.bootstrap import paired_gap
from fusion.runs.run_folder import folder_of

VALUES = "0,0.5,1,1.5,2,3"
SCREEN = 10


@dataclass(frozen=True)
class Steadiness:
    """What one value of stickiness did.

    Attributes:
        ndcg: NDCG@10 of each judged user and window (n,), in the same order for every value.
        churn: mean share of the first ten items that changed since the date before, a date each.
    """

    ndcg: Scores
    churn: list[float]


def replay_value(
    folder: ReplayFolder, project: Session, value: float, dates: PastDates, judge: Judge
) -> Steadiness:
    """Train, publish and judge at every date with one value of stickiness.

    Args:
        folder: where all values work, and share fits and rankers.
        project: the configuration.
        value: of `[lists] stickiness`.
        dates: of trainings; the last one ends the last window.
        judge: knows all events.
    """
    lists = project.config.lists.model_copy(update={"stickiness": value})
    sticky = replace(project, config=project.config.model_copy(update={"lists": lists}))
    always = replace(policies_of(RetrainSettings())[0], name=f"sticky-{value:g}")
    session = folder.session_of(sticky, always)
    ndcg, churn = [], []
    before: pl.DataFrame | None = None
    for now, end in pairwise(dates.moments):
        turn = take_turn(session, always, now)
        ndcg.append(judge.judge(session, turn.served, now, end))
        shown = _first_screens(session, turn.served)
        if before is not None:
            churn.append(_churn(before, shown))
        before = shown
    return Steadiness(np.concatenate(ndcg), churn)


def _first_screens(session: Session, run_id: str) -> pl.DataFrame:
    lists = served_lists(folder_of(session.runs, run_id), session.config.lists.size).lists
    return lists.filter(pl.col("rank") <= SCREEN).select("user", "item")


def _churn(before: pl.DataFrame, now: pl.DataFrame) -> float:
    """Return 1 - Jaccard, averaged over users with a list at both dates."""
    both = now.join(before, on=["user", "item"]).group_by("user").len("kept")
    sizes = now.group_by("user").len("now").join(before.group_by("user").len("before"), on="user")
    joined = sizes.join(both, on="user", how="left").with_columns(pl.col("kept").fill_null(0))
    jaccard = pl.col("kept") / (pl.col("now") + pl.col("before") - pl.col("kept"))
    return 1 - joined.select(jaccard.mean()).item()


def replay_all(
    config: Path, folder: Path, values: list[float], dates: PastDates
) -> dict[float, Steadiness]:
    """Replay every value over the same dates.

    Args:
        config: whose past is replayed.
        folder: in which the replay works.
        values: of stickiness.
        dates: of trainings.
    """
    project = Session.open(config, read_only=True)
    judge = Judge(
        read_data(project, None, None).dataset, dates.first, not project.config.lists.exclude_seen
    )
    done = {}
    with opened(folder, {"benchmark": "stickiness", "config": str(config)}) as working:
        for value in values:
            done[value] = replay_value(working, project, value, dates, judge)
            churn = np.mean(done[value].churn)
            ndcg = done[value].ndcg.mean()
            print(f"{folder.name} stickiness {value:g}: {ndcg:.4f}, churn {churn:.3f}", flush=True)
    return done


def print_table(seeds: list[dict[float, Steadiness]]) -> None:
    """Print NDCG against that without stickiness, and churn, over all seeds.

    Args:
        seeds: what each value did, a mapping a seed.
    """
    base = np.concatenate([seed[0.0].ndcg for seed in seeds])
    all_churn = np.mean([seed[0.0].churn for seed in seeds])
    print(
        f"\n{'stickiness':>10}  {'NDCG@10':>8}  {'of none':>8}  {'95 %':>15}  {'churn':>6}  avoided"
    )
    for value in seeds[0]:
        ndcg = np.concatenate([seed[value].ndcg for seed in seeds])
        churn = np.mean([seed[value].churn for seed in seeds])
        gap, mean = paired_gap(ndcg, base, seed=0), base.mean()
        interval = f"{1 + gap.low / mean:.3f} to {1 + gap.high / mean:.3f}"
        share = 1 + gap.value / mean
        print(
            f"{value:>10g}  {ndcg.mean():>8.4f}  {share:>8.3f}  {interval:>15}  {churn:>6.3f}  "
            f"{1 - churn / all_churn:>7.0%}"
        )


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--values", default=VALUES, help="of stickiness; 0 is one of them")
    parser.add_argument("--seeds", default="1,2,3", help="of generated worlds")
    parser.add_argument("--users", type=int, default=250, help="active on a usual day")
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--config", type=Path, help="own data in place of generated worlds")
    parser.add_argument("--first", default="2016-01-01", help="with --config: first date")
    parser.add_argument("--days", type=int, default=7, help="with --config: between two dates")
    given = parser.parse_args()
    values = [float(value) for value in given.values.split(",")]
    if given.config:
        first = datetime.fromisoformat(given.first).replace(tzinfo=UTC)
        every = timedelta(days=given.days)
        dates = PastDates(first, first + given.weeks * every, every)
        print_table([replay_all(given.config.resolve(), given.folder / "own", values, dates)])
        return
    size, done = Size(given.users, 13, given.weeks), []
    for seed in given.seeds.split(","):
        config = write_world(given.folder / f"seed-{seed}", size, int(seed))
        folder = given.folder / f"replay-{seed}"
        done.append(replay_all(config.resolve(), folder, values, size.dates))
    print_table(done)


if __name__ == "__main__":
    main()
