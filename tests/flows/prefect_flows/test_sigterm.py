"""A schedule or a demo that is ended in the midst of its work, on a real Prefect server."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest

from fusion.core.locks.folder_lock import locked
from tests.flows.prefect_flows.prefect_server import children, until
from tests.flows.world import command, database, environment, live_lists, query

pytestmark = pytest.mark.prefect
PLACEMENT = "sigterm"
ENDED = ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]


@pytest.fixture
def shop(bare, tmp_path):
    """A shop of a placement of its own."""
    folder = shutil.copytree(bare, tmp_path / "shop")
    config = folder / "fusion.toml"
    text = config.read_text().replace("[lists]\n", f'[lists]\nplacement = "{PLACEMENT}"\n')
    config.write_text(text)
    return folder


def ask_every_minute(folder):
    with (folder / "fusion.toml").open("a") as config:
        config.write('\n[retrain]\ncron = "* * * * *"\n')


@contextmanager
def scheduled(folder, server):
    """A running `fusion schedule`, ended by SIGTERM."""
    with (folder / "schedule.log").open("a") as log:
        serving = subprocess.Popen(
            command("schedule"), cwd=folder, env=environment(**server.env), stdout=log, stderr=log
        )
    try:
        yield serving
    finally:
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(timeout=90) == 0, (folder / "schedule.log").read_text()


def flow_runs(server, *types):
    """Flow runs of the retraining of this placement, in some states, the oldest first."""
    wanted = {
        "tags": {"all_": [PLACEMENT]},
        "name": {"like_": "retrain"},
        "state": {"type": {"any_": list(types)}},
    }
    return server.ask("flow_runs", flow_runs=wanted, sort="START_TIME_ASC")


def slots_taken(server):
    """Places that the deployments of this placement hold among those that may run at a time."""
    rows = server.ask("deployments", deployments={"tags": {"all_": [PLACEMENT]}})
    return [row["global_concurrency_limit"]["active_slots"] for row in rows]


@pytest.mark.parametrize("seconds", [0, 0.5, 1])
def test_sigterm_as_it_begins_ends_it_too(server, shop, seconds):
    """Prefect's runner takes no end before it has started, and would serve for ever."""
    log = shop / "schedule.log"
    log.touch()
    with scheduled(shop, server):
        while "are being served" not in log.read_text():
            time.sleep(0.005)
        time.sleep(seconds)
    rows = server.ask("deployments", deployments={"tags": {"all_": [PLACEMENT]}})
    assert {row["paused"] for row in rows} == {True}


def test_sigterm_cancels_the_night_under_way_and_no_later_one(server, shop):
    """It stayed `Running`, kept its place, and each later night was cancelled, grey."""
    (shop / "runs").mkdir()
    log = shop / "schedule.log"
    # The night waits for this lock, for as long as the test wants it to be under way.
    with locked(shop / "runs", "a test"):
        with scheduled(shop, server):
            until(lambda: "are being served" in log.read_text(), 60)
            # By hand: a cron's minute would be a minute of waiting.
            server.start(f"retrain {PLACEMENT}")
            (running,) = until(lambda: flow_runs(server, "RUNNING"), 120)
            until(lambda: "is in use by" in log.read_text(), 60)
            assert 1 in slots_taken(server)
        first = until(lambda: flow_runs(server, *ENDED), 30)
        assert [(run["id"], run["state"]["name"]) for run in first] == [
            (running["id"], "Cancelled")
        ]
        assert set(slots_taken(server)) == {0}
    assert not flow_runs(server, "RUNNING", "CANCELLING")
    # The next one that comes is neither cancelled nor late for want of a place.
    ask_every_minute(shop)
    with scheduled(shop, server) as serving:
        done = until(lambda: flow_runs(server, "COMPLETED", "FAILED", "CRASHED"), 150)
        # It has said how it ended, and its process ends a moment later.
        until(lambda: not children(serving.pid), 40)
    assert (done[0]["auto_scheduled"], done[0]["state"]["type"]) == (True, "COMPLETED")
    assert done[0]["state"]["name"] in ("Published", "Alerted")
    before = [run for run in flow_runs(server, "CANCELLED") if not _is_after(run, done[0])]
    assert [run["id"] for run in before] == [running["id"]]
    assert query(database(shop), "select count(*) from run where status = 'ready'")[0][0] >= 1
    assert live_lists(database(shop))


def _is_after(run, other):
    return run["expected_start_time"] > other["expected_start_time"]


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_its_terminal_ends_says_so_and_leaves_no_server(tmp_path, signal_number):
    """Ctrl+C reaches all processes of a terminal: Prefect's server was gone before the run was."""
    said = tmp_path / "said.log"
    with said.open("w") as log:
        demo = subprocess.Popen(
            command("demo"),
            cwd=tmp_path,
            env=environment(PREFECT_HOME=str(tmp_path / "prefect")),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    until(lambda: "fit als on label-2" in said.read_text() or demo.poll() is not None, 180)
    started = children(demo.pid)
    os.killpg(demo.pid, signal_number)
    assert demo.wait(timeout=90) == 130, said.read_text()
    assert "Traceback" not in said.read_text()
    assert started
    until(lambda: not any(map(is_alive, started)), 20)


def is_alive(process):
    return os.path.exists(f"/proc/{process}")
