"""Many at once: readers, publishes and first connects beside each other."""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from sqlalchemy import text

from storage import StorageSettings, connect
from storage.loading.bulk import load_lists
from storage.reading.live_run import live
from storage.reading.read import history, lists_of
from storage.runs.partitions import remove_lists
from storage.slots.publish import publish, rollback
from tests.storage.making import SIZE, begin, end, lists, make_run

USERS = [f"u{n}" for n in range(20)]
READ = text(
    "SELECT user_id, run_id, item_id FROM current_recommendations WHERE placement = 'default'"
)


def poll(url: str, stop: Event) -> int:
    """Read the whole view again and again; fail on any list mixed or short; count the reads."""
    engine, reads = connect(StorageSettings(url=url), migrate=True), 0
    while not stop.is_set():
        with engine.connect() as connection:
            rows = connection.execute(READ).all()
        assert len({row.run_id for row in rows}) == 1
        assert all(row.item_id.startswith(f"{row.run_id}-") for row in rows)
        assert Counter(row.user_id for row in rows) == dict.fromkeys(USERS, SIZE)
        reads += 1
    engine.dispose()
    return reads


def test_readers_never_see_a_mixed_or_short_list(url, engine):
    runs = [make_run(engine, name, USERS) for name in "ab"]
    publish(engine, "default", runs[0], by="test", reason="first")
    stop = Event()
    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(poll, url, stop) for _ in range(3)]
        try:
            for turn in range(12):
                publish(engine, "default", runs[1], by="test", reason=f"turn {turn}")
                extra = begin(engine, f"extra{turn}")
                load_lists(engine, extra, [lists(f"extra{turn}", USERS)])
                rollback(engine, "default", by="test", reason=f"turn {turn}")
                end(engine, extra, "rejected")
                remove_lists(engine, extra)
        finally:
            stop.set()
        assert min(reader.result() for reader in readers) > 5
    assert live(engine, "default").run.run_id == "a"


def test_publishes_at_once_make_one_chain(url, engine):
    runs = [make_run(engine, name) for name in "abcd"]
    start = Barrier(len(runs))

    def one(run_no: int) -> None:
        mine = connect(StorageSettings(url=url), migrate=True)
        start.wait()
        publish(mine, "default", run_no, by=f"{run_no}", reason="all at once")
        mine.dispose()

    with ThreadPoolExecutor(len(runs)) as pool:
        list(pool.map(one, runs))
    moves = history(engine, "default")
    assert {move.to_run_no for move in moves} == set(runs)
    assert [move.from_run_no for move in moves] == [None, *(move.to_run_no for move in moves[:-1])]
    assert live(engine, "default").run.run_no == moves[-1].to_run_no


def test_first_connects_at_once(url):
    code = (
        "import sys; from storage import *; "
        "connect(StorageSettings(url=sys.argv[1]), migrate=True).dispose()"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, url], stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in processes:
        assert (process.communicate()[1], process.returncode) == (b"", 0)
    engine = connect(StorageSettings(url=url), migrate=True)
    assert len(lists_of(engine, make_run(engine, "a"))) == 21
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_writer_that_waits_too_long_says_so(engine):
    from fusion.errors import Temporary
    from storage.database.engine import writing

    run_no = make_run(engine, "a")
    impatient = connect(StorageSettings(url=str(engine.url)))
    with impatient.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    with writing(engine), pytest.raises(Temporary, match="another process writes to it"):
        publish(impatient, "default", run_no, by="test", reason="test")
    impatient.dispose()
