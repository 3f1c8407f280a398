"""Faults of a night: each is planted, the night goes on as it can, and the fault is mended."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl
from sqlalchemy import NullPool, create_engine, text

from benchmarks.night.fast_motion.servers import coming_back
from benchmarks.night.fast_motion.small_disk import small_disk
from benchmarks.night.fast_motion.small_shop import midnight
from benchmarks.night.fast_motion.turns import Night, Step
from flows.steps.arrivals.watch import watch_placement
from flows.steps.retrain.loop import retrain_loop
from flows.steps.train import results
from fusion.models.item_knn import ItemKnn
from fusion.runs.cleanup import stages
from storage.schema.tables import lease

KILLED_WITHIN = 2.0
"""Seconds after its begin within which a training is killed."""
PAGE = 4096
ROOM = (4, 1000)
"""Pages that are left on a full disk: a night needs more."""
AWAY = (1.0, 6.0)
"""Seconds without a database."""
Rng = np.random.Generator


@dataclass(frozen=True)
class Fault:
    """A fault of the year.

    Attributes:
        plant: plants it in a night, and does what a schedule would.
        sign: regular expression of the records in which it is to show.
    """

    plant: Callable[[Night, Rng], None]
    sign: str


def killed(night: Night, rng: Rng) -> None:
    """Kill a training at a moment drawn at random."""
    night.do("watch", watch_placement)
    with _training(night) as training:
        time.sleep(rng.uniform(0, KILLED_WITHIN))
        training.kill()


def damaged_stage(night: Night, rng: Rng) -> None:
    """Kill a training, and cut files of the stages that the next one would go on from."""
    night.do("watch", watch_placement)
    before = set(stages(night.shop.runs))
    made: list[Any] = []
    with _training(night) as training:
        while training.poll() is None and len(made) < 3:
            made = [stage for stage in stages(night.shop.runs) if stage not in before]
            time.sleep(0.02)
        training.kill()
    for stage in made:
        files = [file for file in stage.rglob("*") if file.is_file() and file.name != "files.json"]
        largest = max(files, key=lambda file: file.stat().st_size)
        largest.write_bytes(largest.read_bytes()[: largest.stat().st_size // 2])


def two_trainings(night: Night, rng: Rng) -> None:
    """Let another host train as the night begins to."""
    night.do("watch", watch_placement)
    with _training(night):
        night.do("retrain", retrain_loop)


def full_disk(night: Night, rng: Rng) -> None:
    """Leave some pages of room for the night."""
    with small_disk(night.shop.runs, PAGE * int(rng.integers(*ROOM))):
        night.turn()


def away_in_watch(night: Night, rng: Rng) -> None:
    """Take the database away as the watch begins."""
    with coming_back(night.database, rng.uniform(*AWAY)):
        night.do("watch", watch_placement)
    night.turn()


def away_in_load(night: Night, rng: Rng) -> None:
    """Take the database away as lists are loaded."""
    load_folder, seconds = results.load_folder, [rng.uniform(*AWAY)]

    def load(*words: Any) -> Any:
        if not seconds:
            return load_folder(*words)
        with coming_back(night.database, seconds.pop()):
            return load_folder(*words)

    with patch.object(results, "load_folder", load):
        night.turn()


def half_a_day(night: Night, rng: Rng) -> None:
    """Leave half of the newest day out of the export."""
    events = night.shop.events(night.number)
    day = (midnight(night.number).timestamp() - 86_400) * 1000
    is_left = pl.Series(rng.random(len(events)) < 0.5)
    night.shop.export(night.number, events.filter((pl.col("time") < day) | is_left))
    night.turn()


def doubled_export(night: Night, rng: Rng) -> None:
    """Write every row of the export twice."""
    events = night.shop.events(night.number)
    night.shop.export(night.number, pl.concat([events, events]))
    night.turn()


def stale_export(night: Night, rng: Rng) -> None:
    """Leave the export of the night before."""
    night.shop.export(night.number - 1)
    night.turn()


def cut_export(night: Night, rng: Rng) -> None:
    """Cut the export's file in the middle."""
    file = night.shop.events_file
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    night.turn()


def missing_export(night: Night, rng: Rng) -> None:
    """Take the export away."""
    night.shop.events_file.unlink()
    night.turn()


def raising_source(night: Night, rng: Rng) -> None:
    """Let a source fail whenever it is fitted."""

    def fail(*words: Any) -> Any:
        raise RuntimeError("planted")

    with patch.object(ItemKnn, "fit", fail):
        night.turn()


@contextmanager
def _training(night: Night) -> Iterator[subprocess.Popen[bytes]]:
    """Train in a process of its own, from when its run has begun to its end."""
    module = "benchmarks.night.fast_motion.training"
    words = [sys.executable, "-m", module, str(night.shop.config), night.now.isoformat()]
    started = time.perf_counter()
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not _is_training(night):
            time.sleep(0.02)
        yield process
        code = process.wait()
    night.steps.append(Step("retrain", code, round(time.perf_counter() - started, 3), not code))
    if code == -signal.SIGKILL:
        _end_lease(night)


def _is_training(night: Night) -> bool:
    engine = create_engine(night.shop.url, poolclass=NullPool)
    with engine.connect() as connection:
        asked = text("SELECT count(*) FROM run WHERE status = 'training'")
        return bool(connection.scalar(asked))


def _end_lease(night: Night) -> None:
    """Let the sign of life of a killed training run out, as it does long before the next night.

    On PostgreSQL it runs by the clock of the server, which has only seconds here.
    """
    with create_engine(night.shop.url, poolclass=NullPool).begin() as connection:
        connection.execute(lease.update().values(until=lease.c.started_at))


FAULTS = {
    "a training killed": Fault(killed, "^run .* failed"),
    "a damaged stage": Fault(damaged_stage, "^log .*stage damaged"),
    "two trainings at once": Fault(two_trainings, "^decision .* not due"),
    "a full disk": Fault(full_disk, "^exit .* 75: .*No space left"),
    "the database away as a watch begins": Fault(away_in_watch, "^exit watch 75"),
    "the database away as lists are loaded": Fault(away_in_load, "^(log .*goes on in|exit .* 75)"),
    "half of the newest day missing": Fault(half_a_day, "^alert missing"),
    "the export doubled": Fault(doubled_export, "^alert rewritten"),
    "the export of the night before": Fault(stale_export, "^(alert stale|decision new_data)"),
    "the export cut": Fault(cut_export, "^exit retrain 2"),
    "the export missing": Fault(missing_export, "^exit retrain 2"),
    "a source that raises": Fault(raising_source, "^exit retrain 3"),
}


def drawn(week: int, seed: int) -> tuple[str, int]:
    """Draw the fault of a week.

    Every fault comes once before any comes again.

    Args:
        week: number of the week, from 0.
        seed: of all draws.

    Returns:
        Its name, and the night of the week.
    """
    round_no, place = divmod(week, len(FAULTS))
    order = np.random.default_rng([seed, round_no]).permutation(len(FAULTS))
    night = int(np.random.default_rng([seed, round_no, week]).integers(7))
    return list(FAULTS)[order[place]], night
