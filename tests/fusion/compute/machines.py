"""Schedulers and workers as somebody starts them, and those who are killed while they work."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[3]
LEASH = """\
import os, signal, subprocess, sys
started = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
sys.stdin.read()
os.killpg(started.pid, signal.SIGKILL)
"""
"""Ends a command when its own input closes, which happens however the one who holds it dies."""
HIDING = 'mount -t tmpfs none "$0" && exec "$@"'
"""Covers a folder by an empty one, for a command in a namespace of its own."""
PATIENCE = 60
A_FIT = "fit/.*/attempt-*"
A_PART_OF_A_TABLE = "table/.*/part-*/attempt-*"
A_PART_OF_THE_LISTS = "lists/.*/part-*/attempt-*"
"""Where whoever works in a store makes a folder as it begins."""


@contextmanager
def leashed(*words: str, hidden: Path | None = None) -> Iterator[None]:
    """A module of Dask's command line, which ends with the block or with this process."""
    python = [sys.executable, "-m"]
    if hidden is not None:
        python = ["unshare", "-rm", "sh", "-c", HIDING, str(hidden), *python]
    command = [sys.executable, "-c", LEASH, *python, *words]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as leash:
        try:
            yield
        finally:
            leash.stdin.close()


@contextmanager
def machines(folder: Path, n_workers: int, hidden: Path | None = None) -> Iterator[str]:
    """A scheduler with workers, which see an empty folder where one is hidden; its address."""
    file = folder / "scheduler.json"
    with ExitStack() as started:
        scheduler = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        where = ("--scheduler-file", str(file))
        started.enter_context(leashed("distributed.cli.dask_scheduler", *scheduler, *where))
        wait_for(lambda: file.exists() and file.stat().st_size)
        for _ in range(n_workers):
            worker = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
            words = ("distributed.cli.dask_worker", *worker, *where)
            started.enter_context(leashed(*words, hidden=hidden))
        yield json.loads(file.read_text())["address"]


def wait_for(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@contextmanager
def killing_workers(store: Path, work: str, most: int) -> Iterator[list[int]]:
    """Kill every worker of this process as soon as some work has begun, some times over."""

    def workers() -> list[psutil.Process]:
        return [
            process
            for process in psutil.Process().children(recursive=True)
            if {"fusion.isolation.worker", "--multiprocessing-fork"} & {*process.cmdline()}
        ]

    with _killing(store, work, most, workers) as killed:
        yield killed


@contextmanager
def killing_scheduler(folder: Path) -> Iterator[list[int]]:
    """Kill the scheduler of `machines` as soon as a fit has begun."""

    def schedulers() -> list[psutil.Process]:
        return [
            process
            for process in psutil.Process().children(recursive=True)
            if "distributed.cli.dask_scheduler" in process.cmdline()[:3]
        ]

    with _killing(folder / "store", A_FIT, 1, schedulers) as killed:
        yield killed


@contextmanager
def _killing(
    store: Path, work: str, most: int, victims: Callable[[], list[psutil.Process]]
) -> Iterator[list[int]]:
    ended, killed, seen = threading.Event(), [], set()

    def look() -> None:
        while not ended.wait(0.01) and len(seen) < most:
            begun = {attempt.parent for attempt in store.glob(work)} - seen
            if begun:
                seen.add(begun.pop())
                with suppress(psutil.Error):
                    for victim in victims():
                        victim.send_signal(signal.SIGKILL)
                        killed.append(victim.pid)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield killed
    finally:
        ended.set()
        thread.join()
