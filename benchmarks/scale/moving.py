"""Moves of the pointer while a service reads lists, for `publish.py`."""

import threading
import time
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Event

import numpy as np
from sqlalchemy import Engine, text

from storage import StorageSettings, connect
from storage.slots.publish import publish

MOVES, READERS, WARM = 30, 4, 1_000
VIEW = (
    "SELECT item_id, rank, score FROM current_recommendations "
    "WHERE placement = 'default' AND user_id = :user"
)


def moving(engine: Engine, url: str, users: list[str]) -> list[float]:
    """Return seconds of each move of the pointer between two runs, while a service reads lists."""
    with engine.connect() as connection:
        last = (
            connection.execute(text("SELECT run_no FROM run ORDER BY run_no DESC LIMIT 2"))
            .scalars()
            .all()
        )
    context = get_context("spawn")
    begun, done = context.Event(), context.Event()
    service = context.Process(target=serve, args=(url, users, begun, done))
    service.start()
    begun.wait()
    took = []
    for turn in range(MOVES):
        started = time.perf_counter()
        publish(engine, "default", last[(turn + 1) % 2], by="benchmark", reason="to measure")
        took.append(time.perf_counter() - started)
    done.set()
    service.join()
    return took


def serve(url: str, users: list[str], begun: Event, done: Event) -> None:
    """Read lists in some threads without a pause.

    The process is one of its own, so that no reader holds up the mover.

    It has begun when each thread is past the reads that cost a young connection more: its plans,
    its caches.
    """
    engine = connect(StorageSettings(url=url), migrate=True)
    ready = threading.Barrier(READERS, action=begun.set)

    def read() -> None:
        chance = np.random.default_rng()
        with engine.connect() as connection:
            for turn in count():
                if turn == WARM:
                    ready.wait()
                if done.is_set():
                    return
                connection.execute(text(VIEW), {"user": users[chance.integers(len(users))]}).all()
                connection.rollback()

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    engine.dispose()
