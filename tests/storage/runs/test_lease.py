"""Leases of trainings on PostgreSQL, whose sessions a pooler may share."""

import os
import time

import pytest
from alembic import command
from sqlalchemy import insert, text

from fusion.errors import Overtaken, Temporary
from storage import StorageSettings, connect
from storage.database.engine import make_engine, writing
from storage.database.urls import storage_url
from storage.loading.bulk import load_lists
from storage.reading.read import served_of
from storage.runs import lease, liveness
from storage.runs.reopen import reopen_run, resume_run
from storage.runs.runs import find_run
from storage.runs.sweep import sweep
from storage.schema.tables import run
from storage.schema.types import utc_now
from storage.schema.upgrade import alembic_config, upgrade
from tests.storage.making import begin, end, lists
from tests.storage.runs.test_sweep import swept, training

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("url", ["postgresql"], indirect=True),
]


@pytest.fixture
def quick(monkeypatch):
    """Leases of this process last for half a second, once the database is not waited for."""
    monkeypatch.setattr(lease, "SPARE_SECONDS", 0.5)
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.05)


def until(engine, run_no: int):
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT until, until > now() AS lasts FROM lease WHERE run_no = :no"),
            {"no": run_no},
        )
        return found.one_or_none()


@pytest.mark.parametrize("has_pooler", [True, False])
def test_a_sweep_of_another_process_leaves_a_living_training_alone(url, engine, pooled, has_pooler):
    """The other process trains through a pooler for longer than its lease of a second."""
    with training(pooled(url) if has_pooler else url, "before") as process:
        run_no = find_run(engine, "default", "killed").run_no
        for _ in range(15):
            assert sweep(engine, "default") == []
            time.sleep(0.1)
        assert len(served_of(engine, run_no)) == 1
        process.kill()
        process.wait()
        assert sweep(engine, "default") == []  # the lease lasts a little longer
        assert swept(engine) == ["killed"]
    assert len(served_of(engine, run_no)) == 0
    assert until(engine, run_no) is None


def test_a_lease_lasts_longer_than_a_database_may_be_away(engine):
    run_no = begin(engine, "a")
    with engine.connect() as connection:
        seconds = connection.scalar(text("SELECT extract(epoch FROM until - now()) FROM lease"))
        assert 655 < seconds <= 660
        holder = connection.execute(text("SELECT host, pid FROM lease")).one()
    assert holder.host
    assert holder.pid
    end(engine, run_no)
    assert until(engine, run_no) is None


def test_a_training_that_was_taken_for_dead_ends_with_a_sentence(url, quick, monkeypatch):
    engine = connect(StorageSettings(url=url, patience=0), migrate=True)
    monkeypatch.setattr(lease, "BEAT_SECONDS", 60)  # it says nothing for longer than its lease
    run_no = begin(engine, "a")
    own = {key: sign for key, sign in liveness._own_signs.items() if key[0] == str(engine.url)}
    time.sleep(0.6)
    with monkeypatch.context() as patch:
        patch.setattr(liveness, "_own_signs", {})  # as another process does
        assert sweep(engine, "default") == ["a"]
    with pytest.raises(Temporary, match="failed, not in training"):
        load_lists(engine, run_no, [lists("a", ["u"])])
    # Another process loads the run again, whose status is that of a training then.
    with monkeypatch.context() as patch:
        patch.setattr(liveness, "_own_signs", {})
        reopen_run(engine, run_no)
        others = dict(liveness._own_signs)
    monkeypatch.setattr(liveness, "_own_signs", own)
    for work in (
        lambda: load_lists(engine, run_no, [lists("a", ["u"])]),
        lambda: resume_run(engine, run_no),
        lambda: end(engine, run_no),
    ):
        with pytest.raises(Temporary, match="another process took it over: start a new run"):
            work()
    monkeypatch.setattr(liveness, "_own_signs", others)
    load_lists(engine, run_no, [lists("a", ["u"])])
    end(engine, run_no)
    assert find_run(engine, "default", "a").status == "ready"
    for sign in own.values():
        sign.end()
    engine.dispose()


def test_a_renewal_comes_before_a_sweep_that_looks_already(url, quick, monkeypatch):
    """It was found dead, and says that it lives before the sweep marks it."""
    engine = connect(StorageSettings(url=url, patience=0), migrate=True)
    run_no = begin(engine, "a")
    monkeypatch.setattr(liveness, "_own_signs", {})
    monkeypatch.setattr("storage.runs.sweep._is_alive", lambda *_: False)
    assert sweep(engine, "default") == []
    assert find_run(engine, "default", "a").status == "training"
    held = f"in training by process {os.getpid()} on .*, whose lease lasts until 20.* UTC or longer"
    with pytest.raises(Overtaken, match=f"{held}: wait until it has ended"):
        reopen_run(engine, run_no)
    monkeypatch.undo()
    end(engine, run_no)
    engine.dispose()


def test_a_database_that_is_away_for_a_while_ends_no_lease(url, quick, monkeypatch, caplog):
    engine = connect(StorageSettings(url=url, patience=0.05), migrate=True)
    run_no = begin(engine, "a")
    monkeypatch.setattr(lease, "_RENEW", text("SELECT * FROM away WHERE :run_no = :run_no"))
    time.sleep(1)
    assert "lease not renewed" in caplog.text
    assert until(engine, run_no).lasts
    monkeypatch.undo()
    before = until(engine, run_no).until
    time.sleep(0.3)
    assert until(engine, run_no).until > before
    end(engine, run_no)
    engine.dispose()


def test_a_training_of_the_version_before_has_a_day_to_end(url):
    """It holds a lock that nobody looks at any more."""
    engine = make_engine(storage_url(url))
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), "0006")
    own = {"run_id": "a", "placement": "default", "kind": "full", "status": "training"}
    with engine.begin() as connection:
        added = insert(run).values(created_at=utc_now(), **own).returning(run.c.run_no)
        run_no = connection.execute(added).scalar_one()
    upgrade(engine)
    assert sweep(engine, "default") == []
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT until - now() > interval '23 hours' FROM lease"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE run SET status = 'failed'"))
    sweep(engine, "default")
    assert until(engine, run_no) is None
    engine.dispose()
