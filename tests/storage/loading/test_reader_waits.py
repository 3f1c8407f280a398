"""A load waits for reads that were planned before its lists were attached, but not forever."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from storage.loading import reader_waits
from storage.loading.reader_waits import wait_for_readers
from storage.slots.publish import publish
from tests.storage.making import make_run

pytestmark = pytest.mark.postgres
READ = text("SELECT count(*) FROM current_recommendations")


@pytest.fixture
def live(request):
    """A PostgreSQL database in which a run is live."""
    from storage import StorageSettings, connect

    engine = connect(StorageSettings(url=request.getfixturevalue("postgres_url")), migrate=True)
    publish(engine, "default", make_run(engine, "r1"), by="test", reason="test")
    yield engine
    engine.dispose()


def test_a_load_waits_for_a_read_that_is_going_on_and_no_longer(live):
    with ThreadPoolExecutor(1) as pool, live.connect() as reader:
        assert reader.scalar(READ)
        loading = pool.submit(make_run, live, "r2")
        time.sleep(0.5)
        assert not loading.done()
        with live.connect() as later:
            assert later.scalar(READ)  # who begins now is not held up
        reader.rollback()
        assert loading.result(timeout=2)


def test_a_read_by_a_plan_that_was_thrown_away_is_waited_for_too(live):
    with ThreadPoolExecutor(1) as pool, live.connect() as reader, live.connect() as later:
        assert reader.scalar(READ)
        settling = pool.submit(wait_for_readers, live)
        time.sleep(0.3)
        assert later.scalar(READ)
        reader.rollback()
        time.sleep(0.3)
        assert not settling.done()
        later.rollback()
        assert settling.result(timeout=2)


def test_patience_ends(live, monkeypatch):
    monkeypatch.setattr(reader_waits, "PATIENCE", 0.2)
    with live.connect() as reader:
        assert reader.scalar(READ)
        began = time.monotonic()
        assert not wait_for_readers(live)
        assert time.monotonic() - began < 2
    assert wait_for_readers(live)
