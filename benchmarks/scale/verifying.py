"""CPU seconds that checksums cost a training, counted inside its process.

    python -m benchmarks.scale.verifying FOLDER [--users N --items N --events N]

Trains twice on generated interactions: the first makes every stage and records its files, the
second takes them from the store and compares them. Checksums of stages and the run folder, and
those of lists on their way into SQL, are counted by the CPU clock of the thread that computes them,
the training by that of the whole process.
"""

import argparse
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.quality.generate import distinct_interactions, write
from benchmarks.scale.scale import CONFIG, SEED, SOURCES
from flows.session import Session
from flows.steps.train.train import train_run
from fusion.runs import manifest_file
from fusion.runs.stages.record import FileSum
from storage.reading.list_sums import TableSum


class Clock:
    """Sum of the CPU seconds of calls, whichever threads make them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()

    def timing(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with its seconds added up."""

        def timed(*words: Any) -> Any:
            started = time.thread_time()
            try:
                return work(*words)
            finally:
                with self._lock:
                    self.seconds += time.thread_time() - started

        return timed


def train_once(folder: Path, which: str) -> None:
    """Train in this process and print what checksums cost."""
    clock, started = Clock(), time.process_time()
    of_file = staticmethod(clock.timing(FileSum.of))
    with (
        patch.object(FileSum, "of", of_file),
        patch.object(manifest_file, "file_hashes", clock.timing(manifest_file.file_hashes)),
        patch.object(TableSum, "add", clock.timing(TableSum.add)),
    ):
        train_run(Session.open(folder / "fusion.toml"))
    used = time.process_time() - started
    share = clock.seconds / used
    print(f"{which}: {used:.1f} CPU seconds, {clock.seconds:.3f} of them checksums ({share:.2%})")


def main() -> None:
    """Generate, train twice, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, value in (("users", 20_000), ("items", 5_000), ("events", 500_000)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    write(given.folder, distinct_interactions(given.users, given.items, given.events, SEED))
    (given.folder / "fusion.toml").write_text(CONFIG.format(third="time") + SOURCES)
    train_once(given.folder, "every stage made")
    train_once(given.folder, "every stage from the store")


if __name__ == "__main__":
    main()
