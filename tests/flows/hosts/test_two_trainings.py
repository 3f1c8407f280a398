"""Two trainings in one artifacts folder: one at a time, and each says whom it waits for."""

import os
import signal
import subprocess
import time
from datetime import UTC, datetime
from threading import Event, Thread

import pytest
from sqlalchemy import update

from flows.session import Session
from flows.steps.retrain.loop import retrain_loop
from fusion.core.locks.folder_lock import locked
from storage.database.engine import writing
from storage.reading.live_run import live
from storage.schema.tables import run
from tests.flows.archive import know_of_its_end, train_without_new_events
from tests.flows.world import command, environment, fusion, live_lists, make_shop, query
from tests.storage.making import begin, end_lives


@pytest.fixture
def bare_shop(tmp_path):
    make_shop(tmp_path)
    return tmp_path


def start(folder, *words):
    pipe = subprocess.PIPE
    env = environment()
    return subprocess.Popen(
        command(*words), cwd=folder, env=env, stdout=pipe, stderr=pipe, text=True
    )


@pytest.mark.faults
def test_both_end_well_with_all_their_sources(bare_shop):
    """One ended 3 with a traceback, and the other left out the sources that both had made."""
    both = [start(bare_shop, "train", "--json") for _ in range(2)]
    said = []
    for training in both:
        out, err = training.communicate(timeout=120)
        assert training.returncode == 0, err
        assert '"status": "failed"' not in out
        said.append(err)
    waiting = [text for text in said if "is in use by process" in text]
    assert len(waiting) == 1
    pids = [training.pid for training in both]
    assert any(f"process {pid} on host" in waiting[0] for pid in pids)


@pytest.mark.faults
def test_a_killed_training_is_taken_over(bare_shop, moment):
    killed = start(bare_shop, "train")
    records = bare_shop / "runs" / ".lock"
    while not list(records.glob("*.json")):
        assert killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    moment("train killed")
    again = fusion(bare_shop, "train")
    assert again.code == 0, again.err
    assert "waiting" not in again.err


def test_who_waited_in_vain_ends_with_75_and_says_for_whom(shop):
    before = live_lists(f"sqlite:///{shop / 'fusion.db'}")
    with locked(shop / "runs", "training of placement 'mail'"):
        ended = fusion(shop, "run", FUSION_ARTIFACTS__WAIT="0.02")
    assert ended.code == 75, ended.err
    assert f"process {os.getpid()} on host" in ended.err
    assert "(training of placement 'mail'; since" in ended.err
    assert live_lists(f"sqlite:///{shop / 'fusion.db'}") == before


def test_a_retraining_that_waited_asks_the_policy_again(own_shop):
    """Else each of two schedules would train what one of them has trained."""
    train_without_new_events(own_shop / "fusion.toml")
    session = Session.open(own_shop / "fusion.toml")
    know_of_its_end(session)
    with writing(session.engine) as connection:
        connection.execute(update(run).values(created_at=datetime(2020, 1, 1, tzinfo=UTC)))
    live_before = live(session.engine, "default").run.run_id
    taken = Event()

    def train_elsewhere():
        with locked(session.runs, "training of placement 'default'"):
            taken.set()
            time.sleep(1)  # the policy is asked meanwhile, and finds the live run too old
            begin(session.engine, "20261129-120000-abcdef", "default")

    other = Thread(target=train_elsewhere)
    other.start()
    assert taken.wait(10)
    done = retrain_loop(session)
    other.join()
    asked = [row[0] for row in query(str(session.engine.url), "select trigger from decision")]
    assert asked == ["age", "cooldown"]
    assert (done.due.trigger, done.trained) == ("cooldown", None)
    assert live(session.engine, "default").run.run_id == live_before
    end_lives(session.engine)
    session.engine.dispose()
