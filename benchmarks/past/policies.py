"""Choose a retraining policy on some seeds of a changing world, and report it on others.

    python -m benchmarks.past.policies FOLDER --choose 1,2,3,4,5 --report 6,7,8,9,10

Chosen is, of the policies that train at most half as often as weekly, the one whose lists were the
best. What is done stays in FOLDER, and the same command goes on there.
"""

import argparse
from pathlib import Path

from benchmarks.past.candidates import CANDIDATES, write_policies
from benchmarks.past.changing_world import Size, write_world
from benchmarks.past.pooled import PooledRow, pool, print_pooled
from flows.session import Session
from flows.steps.past.picture import draw_replay
from flows.steps.past.replay import Replayed, replay

MOST_TRAININGS = 0.5
"""Of weekly ones."""


def replay_seed(folder: Path, size: Size, seed: int, names: list[str]) -> Replayed:
    """Replay some policies in the world of a seed.

    Args:
        folder: of the benchmark.
        size: of the world.
        seed: of the world.
        names: of the policies, beside always and never.
    """
    world = folder / f"seed-{seed}"
    config = write_world(world, size, seed)
    policies = write_policies(world, {name: CANDIDATES[name] for name in names})
    session = Session.open(config, read_only=True)
    # Another set of policies is another replay.
    kept = world / ("choosing" if len(names) > 1 else f"reporting-{names[0]}")
    replayed = replay(session, size.dates, policies, kept)
    trainings = {row.policy: row.trainings for row in replayed.policies}
    print(f"seed {seed}: trainings {trainings}", flush=True)
    return replayed


def choose(rows: list[PooledRow]) -> str:
    """Return the best of the candidates that train seldom enough.

    Args:
        rows: of all policies.
    """
    seldom = [
        row for row in rows if row.policy in CANDIDATES and row.trained_share <= MOST_TRAININGS
    ]
    return max(seldom, key=lambda row: row.share.value).policy


def main() -> None:
    """Choose, report, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--choose", default="1,2,3,4,5", help="seeds to choose on")
    parser.add_argument("--report", default="6,7,8,9,10", help="seeds to report on")
    parser.add_argument("--users", type=int, default=720, help="active on a usual day")
    parser.add_argument("--history", type=int, default=22, help="weeks before the first date")
    parser.add_argument("--weeks", type=int, default=14, help="that are replayed")
    parser.add_argument("--candidates", default=",".join(CANDIDATES))
    given = parser.parse_args()
    size = Size(given.users, given.history, given.weeks)
    names = given.candidates.split(",")
    seeds = [int(seed) for seed in given.choose.split(",")]
    rows = pool([replay_seed(given.folder, size, seed, names) for seed in seeds])
    print(f"\nchosen on seeds {given.choose}\n")
    print_pooled(rows)
    chosen = choose(rows)
    seeds = [int(seed) for seed in given.report.split(",")]
    reported = [replay_seed(given.folder, size, seed, [chosen]) for seed in seeds]
    print(f"\n{chosen}, reported on seeds {given.report}\n")
    print_pooled(pool(reported))
    print("picture of the first of them:", *draw_replay(reported[0], given.folder / "policies"))


if __name__ == "__main__":
    main()
