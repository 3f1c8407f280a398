"""A process that trains, publishes, rolls back and prunes without end.

Started by `python -m tests.storage.working URL FOLDER`.

It names each phase on stdout as it begins, and what waiting can cure it waits for, as cron does.
With `PHASE SHARE` it is killed in a later turn, when that share of the time that the phase took
before is over. The kernel's timer does it: like SIGKILL it leaves the process no word, and it meets
phases that end before another process could see them begin.
"""

import signal
import sys
import time
from itertools import count
from pathlib import Path

import polars as pl

from flows.session import Session
from flows.settings import Config
from flows.steps.keep.prune import prune
from fusion.core.locks.folder_lock import locked
from fusion.errors import Temporary
from fusion.runs.cleanup import sweep_folders
from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import write_manifest
from fusion.runs.run_folder import new_run_id, run_folder
from fusion.runs.stages.store import Store
from storage.loading.bulk import load_fallback, load_lists, load_served
from storage.runs import lease
from storage.runs.sweep import sweep
from storage.slots.publish import publish, rollback
from tests.storage.making import begin, end, lists

USERS = [f"u{n}" for n in range(20)]
PHASES = ("train", "publish", "rollback", "prune")


def session_at(url: str, folder: Path) -> Session:
    """A session whose pruning keeps three runs."""
    few = {"runs": 3, "days": 0}
    return Session(
        Config(
            data={"interactions": "none.csv"},
            storage={"url": url, "patience": 0},
            retention=few,
        ),
        folder,
        by="test",
    )


def train(session: Session) -> int:
    """A ready run with lists, a folder and a stage, as a training leaves them; gives its number."""
    sweep(session.engine, "default")
    sweep_folders(session.runs)
    run_id, store = new_run_id(), Store(session.runs / "store")
    run_no = begin(session.engine, run_id)
    with locked(session.runs, "training", wait=60):
        store.sweep()
        store.stage(
            "fit", {"run": run_id}, lambda stage: (stage / "state").write_bytes(bytes(1000))
        )
        with run_folder(session.runs, run_id) as folder:
            write_manifest(folder, Manifest(stages=sorted(store.used)))
    load_served(
        session.engine, run_no, pl.DataFrame({"user_id": USERS, "route": "warm", "segment": "old"})
    )
    load_fallback(session.engine, run_no, lists(run_id, ["all"]).rename({"user_id": "segment"}))
    load_lists(session.engine, run_no, [lists(run_id, USERS[:10]), lists(run_id, USERS[10:])])
    end(session.engine, run_no)
    return run_no


class Worker:
    """Turns of the loop, with the moment to be killed at if there is one."""

    def __init__(self, session: Session, phase: str = "", share: float = 0) -> None:
        self.session, self.phase, self.share = session, phase, share
        self.took: dict[str, float] = {}

    def turn(self, number: int) -> None:
        """Train and publish a run, every other time roll back, then prune."""
        engine = self.session.engine
        run_no = self.step("train", lambda: train(self.session))
        self.step("publish", lambda: publish(engine, "default", run_no, by="test", reason="again"))
        if number % 2:
            self.step("rollback", lambda: rollback(engine, "default", by="test", reason="back"))
        self.step("prune", lambda: prune(self.session))

    def step(self, name, work):
        """Do the work of a phase, or die in it."""
        say(name)
        if name == self.phase and name in self.took:
            signal.setitimer(signal.ITIMER_REAL, max(1e-6, self.share * self.took[name]))
        start = time.perf_counter()
        try:
            done = work()
        except Temporary:
            say(f"lost {name}")
            raise
        self.took[name] = time.perf_counter() - start
        return done


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(url: str, folder: str, phase: str = "", share: str = "0") -> None:
    """Work until killed; a lease runs out soon after."""
    lease.SPARE_SECONDS, lease.BEAT_SECONDS = 2.0, 0.2
    worker = Worker(session_at(url, Path(folder)), phase, float(share))
    for number in count():
        try:
            worker.turn(number)
        except Temporary:
            time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
