"""Plant faults, and print whether the first cause of the next run's diagnosis is the right one.

    python -m benchmarks.watching.diagnosis --seeds 1,2,3

Each fault of `faults` gets a copy of a shop with two healthy weekly runs, in files and in SQL. A
fault of data is written into the files; then the shop is watched and trains, as a nightly loop
does. A fault of a source or a ranker is planted while a weekly run is trained. Right is a first
cause of the right kind that names the fault: the cause of the watch, or the source.
"""

import argparse
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.watching import served
from benchmarks.watching.data_faults import NOW
from benchmarks.watching.faults import PLANTED, WORLD
from benchmarks.watching.plants import PLANTS, SOURCE, nothing
from benchmarks.watching.watched_shop import WEEKS, at, small_world, until
from benchmarks.watching.worlds import World
from flows.session import Session
from flows.steps.arrivals.watch import watch_placement
from flows.steps.retrain.loop import Outcome, run_loop
from flows.steps.watch.monitor import monitor_run
from storage.watches.diagnosis import DiagnosisRow

CONFIG = """\
threads = 1

[data]
interactions = "events.parquet"
items = "items.parquet"
users = "users.parquet"
positive = "rating >= 4"

[data.columns]
time = "time"
weight = "rating"

[data.item_features]
text = ["title"]
category = ["category"]
number = ["price"]

[data.user_features]
category = ["country"]
number = ["age"]

[split]
kind = "time"
window = 7
folds = 1
users = 50

[tune]
trials = 0

[ranker]
seeds = 1
trees = 30

[gate]
users = 50

[retention]
prune = false
"""
SOURCES = ("popularity", "ease", "item_knn")
HEALTHY = "nothing"
"""A week without a fault, of which the first cause is to be chance."""
OF_RUNS = {
    "ranker trained on permuted labels": ("ranker", "ranker"),
    "serving ranker broken": ("ranker", "serving ranker"),
}
"""Kind and subject of faults of the ranker; all others are of one source."""


@dataclass(frozen=True)
class Answer:
    """The first cause that was named of a planted fault.

    Attributes:
        fault: its name.
        expected: kind and code of the right cause; of a run's fault kind and subject.
        first: the first cause.
        seconds: from the fault to the cause.
    """

    fault: str
    expected: tuple[str, str]
    first: DiagnosisRow
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the first cause is the right one."""
        kind, word = self.expected
        return self.first.kind == kind and word in (self.first.code, self.first.subject)

    def line(self) -> str:
        """Return a row of a Markdown table."""
        first = f"{self.first.kind}: {self.first.code} ({self.first.subject})"
        mark = "yes" if self.is_right else "NO"
        return (
            f"| {self.fault} | {' '.join(self.expected)} | {first} | {mark} | {self.seconds:.0f} |"
        )


def write_shop(folder: Path, world: World) -> None:
    """Write what a shop's exports hold.

    Args:
        folder: of its configuration.
        world: what they hold.
    """
    world.events.with_columns(world.events["time"] // 1000).write_parquet(folder / "events.parquet")
    world.users.drop("born").write_parquet(folder / "users.parquet")
    world.items.drop("day").write_parquet(folder / "items.parquet")


def make_shop(folder: Path, world: World) -> None:
    """Make a shop with two healthy weekly runs, watched once.

    Args:
        folder: where; made here.
        world: all that ever happens in it.
    """
    folder.mkdir()
    entries = "".join(f'\n[[sources]]\nname = "{name}"\n' for name in SOURCES)
    (folder / "fusion.toml").write_text(CONFIG + entries)
    for week in (WEEKS - 1, WEEKS):
        write_shop(folder, until(world, week))
        diagnose_week(folder, week)


def diagnose_week(folder: Path, week: int) -> DiagnosisRow:
    """Watch a shop at the end of a week, train, and return the first cause.

    Args:
        folder: of the shop.
        week: since its beginning.

    Returns:
        Of the new run; of the live one, monitored again, where none could be trained.
    """
    session = Session.open(folder / "fusion.toml")
    try:
        watch_placement(session, at(week))
        outcome = _trained(session, week)
        monitored = outcome.monitored if outcome else None
        return (monitored or monitor_run(session)).diagnosis[0]
    finally:
        session.engine.dispose()


def _trained(session: Session, week: int) -> Outcome | None:
    try:
        return run_loop(session, at(week))
    except Exception as broken:  # data of which no run can be made: the live one is diagnosed
        print(f"  not trained: {broken}", flush=True)
        return None


def data_answers(seed: int, users: int, only: str) -> Iterator[Answer]:
    """Plant every fault of data in a copy of a shop.

    Args:
        seed: of the shop.
        users: on a usual day.
        only: a part of the names of the faults that are planted; "" plants all.

    Yields:
        An answer a fault.
    """
    chosen = [name for name in (HEALTHY, *PLANTED) if only in name]
    if not chosen:
        return
    world = small_world(seed, users=users)
    with TemporaryDirectory() as scratch:
        shop = Path(scratch) / "shop"
        make_shop(shop, world)
        for name in chosen:
            began = time.perf_counter()
            copy = shutil.copytree(shop, Path(scratch) / "copy")
            next_week = until(world, NOW)
            fault = PLANTED.get(name)
            write_shop(copy, fault.plant(next_week) if fault else next_week)
            expected = ("data", fault.cause) if fault else ("chance", "nothing_moved")
            first = diagnose_week(copy, NOW)
            shutil.rmtree(copy)
            yield Answer(name, expected, first, time.perf_counter() - began)


def run_answers(seed: int, only: str) -> Iterator[Answer]:
    """Plant every fault of sources and rankers in a weekly run of a world.

    Args:
        seed: of the world.
        only: a part of the names of the faults that are planted; "" plants all.

    Yields:
        An answer a fault.
    """
    chosen = [name for name in (HEALTHY, *PLANTS) if only in name]
    if not chosen:
        return
    with TemporaryDirectory() as scratch:
        world = Path(scratch) / "world"
        served.make_world(world, WORLD, seed)
        for week in range(served.HEALTHY_RUNS):
            served.run_week(world, served.FIRST_WEEK + week)
        for name in chosen:
            began = time.perf_counter()
            copy = shutil.copytree(world, Path(scratch) / "copy")
            plant = PLANTS.get(name, nothing)
            outcome = served.run_week(copy, served.FIRST_WEEK + served.HEALTHY_RUNS, plant)
            shutil.rmtree(copy)
            expected = OF_RUNS.get(name, ("candidates", f"source {SOURCE}"))
            if name == HEALTHY:
                expected = ("chance", "nothing_moved")
            assert outcome.monitored is not None, outcome.monitor_error
            seconds = time.perf_counter() - began
            yield Answer(name, expected, outcome.monitored.diagnosis[0], seconds)


def main() -> None:
    """Print a row for each fault and seed, and how many first causes are right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="1,2,3", help="a shop and a world each")
    parser.add_argument("--users", type=int, default=250, help="of a shop, on a usual day")
    parser.add_argument("--only", default="", help="plant faults alone whose names hold this")
    options = parser.parse_args()
    for seed in map(int, options.seeds.split(",")):
        print(f"\nseed {seed}\n\n| planted | right | first cause | is right | seconds |")
        print("| --- | --- | --- | --- | ---: |", flush=True)
        faults: list[Answer] = []
        for answer in _all(seed, options.users, options.only):
            print(answer.line(), flush=True)
            if answer.fault != HEALTHY:
                faults.append(answer)
        right = sum(answer.is_right for answer in faults)
        print(f"\nright cause first: {right} of {len(faults)}", flush=True)


def _all(seed: int, users: int, only: str) -> Iterator[Answer]:
    yield from data_answers(seed, users, only)
    yield from run_answers(seed, only)


if __name__ == "__main__":
    main()
