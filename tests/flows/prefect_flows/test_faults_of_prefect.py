"""Workers and servers that die in the middle: one live run, and a record of what happened."""

import os
import shutil
import signal
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.prefect_flows.prefect_server import Server, children, until, worker
from tests.flows.world import database, fusion, query

pytestmark = [pytest.mark.prefect, pytest.mark.faults]
POOL = "faulty"
IN_FILES = "prefect.server.concurrency.lease_storage.filesystem"
"""Leases that a restart of the server does not forget, as docs/scheduling.md says."""
LIVE = "select distinct run_no from current_recommendations join run using (run_id)"
REASONS = {"Cancelled": "concurrency limit", "Skipped": "has done the same since"}
STATUS = "select status from run order by run_no"


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """A server that is not running yet, and keeps its leases in files."""
    made = Server(tmp_path_factory.mktemp("lasting"))
    made.env["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"] = IN_FILES
    return made


@dataclass(frozen=True)
class Shop:
    """A shop without a run, of a placement of its own: a flow run that was killed keeps its place
    among those of its deployment for some minutes."""

    folder: Path
    placement: str


@pytest.fixture
def shop(lasting, bare, tmp_path, request):
    name = request.node.name.split("_")[2]
    folder = shutil.copytree(bare, tmp_path / "shop")
    config = folder / "fusion.toml"
    text = config.read_text().replace("[lists]\n", f'[lists]\nplacement = "{name}"\n')
    config.write_text(text + "\n[retrain]\ncooldown = 0\n")
    assert fusion(folder, "db", "upgrade").code == 0
    return Shop(folder, name)


def deploy(lasting, shop):
    ended = fusion(shop.folder, "deploy", "--pool", POOL, **lasting.env)
    assert ended.code == 0, ended.err


def trains(shop):
    """Whether a training is under way."""
    return ("training",) in query(database(shop.folder), STATUS)


def kill_all(process: int) -> None:
    for child in children(process):
        kill_all(child)
    os.kill(process, signal.SIGKILL)


def live(shop):
    return query(database(shop.folder), LIVE)


def test_a_worker_that_is_killed_with_its_training(lasting, shop, moment):
    """As when a machine is lost: the next one trains on, and one run is live."""
    with lasting.serving():
        deploy(lasting, shop)
        with worker(lasting, POOL, shop.folder) as working:
            lasting.start(f"run {shop.placement}")
            until(lambda: trains(shop), 120)
            kill_all(working.pid)
            moment("Prefect's worker killed")
        assert query(database(shop.folder), STATUS) == [("training",)]
        with worker(lasting, POOL, shop.folder):
            lasting.start(f"retrain {shop.placement}", force=True)
            [again] = until(lambda: lasting.ended(f"retrain {shop.placement}"), 180)
        assert again["state"]["name"] in ("Published", "Alerted"), again["state"]
        assert query(database(shop.folder), STATUS) == [("failed",), ("ready",)]
        assert live(shop) == [(2,)]


def test_a_flow_run_whose_process_is_killed_is_said_to_have_crashed(lasting, shop, moment):
    with lasting.serving():
        deploy(lasting, shop)
        with worker(lasting, POOL, shop.folder) as working:
            lasting.start(f"run {shop.placement}")
            until(lambda: trains(shop), 120)
            for process in children(working.pid):
                kill_all(process)
            moment("flow run killed")
            crashed = until(lambda: lasting.ended(f"run {shop.placement}"), 120)[-1]
            assert crashed["state"]["type"] == "CRASHED"
            lasting.start(f"run {shop.placement}")
            ended = until(lambda: lasting.ended(f"run {shop.placement}", 2), 180)[-1]
        assert ended["state"]["name"] in ("Published", "Alerted"), ended["state"]
        assert query(database(shop.folder), STATUS) == [("failed",), ("ready",)]
        assert live(shop) == [(2,)]


def test_a_server_that_restarts_in_the_middle_hears_how_it_ended(lasting, shop, moment):
    with ExitStack() as working:
        with lasting.serving():
            deploy(lasting, shop)
            working.enter_context(worker(lasting, POOL, shop.folder))
            lasting.start(f"run {shop.placement}")
            until(lambda: trains(shop), 120)
        moment("Prefect's server restarted")
        with lasting.serving():
            ended = until(lambda: lasting.ended(f"run {shop.placement}"), 240)[-1]
            assert ended["state"]["name"] in ("Published", "Alerted"), ended["state"]
            limit = lasting.deployment(f"run {shop.placement}")["global_concurrency_limit"]
            assert limit["active_slots"] == 0
    assert query(database(shop.folder), STATUS) == [("ready",)]
    assert live(shop) == [(1,)]


def test_two_trainings_at_once_follow_each_other(lasting, shop):
    with lasting.serving():
        deploy(lasting, shop)
        with worker(lasting, POOL, shop.folder):
            lasting.start(f"run {shop.placement}")
            lasting.start(f"retrain {shop.placement}", force=True)
            ran = until(lambda: lasting.ended(f"run {shop.placement}"), 240)[-1]
            asked = until(lambda: lasting.ended(f"retrain {shop.placement}"), 240)[-1]
        assert ran["state"]["type"] == asked["state"]["type"] == "COMPLETED"
        assert {status for (status,) in query(database(shop.folder), STATUS)} == {"ready"}
        assert len(live(shop)) == 1


def test_late_runs_collapse_into_one(lasting, shop):
    """Three watches asked the policy while no worker was there."""
    with lasting.serving():
        deploy(lasting, shop)
        for _ in range(3):
            fusion(shop.folder, "watch", **lasting.env)
        until(lambda: len(waiting(lasting, shop)) == 3, 60)
        with worker(lasting, POOL, shop.folder, "--limit", "1"):
            ended = until(lambda: lasting.ended(f"retrain {shop.placement}", 3), 240)
        # One that comes while the first is under way is cancelled, a later one has nothing to do.
        said = [run["state"] for run in ended if run["state"]["name"] in REASONS]
        assert len(said) == 2
        for state in said:
            assert REASONS[state["name"]] in state["message"]
        assert query(database(shop.folder), "select count(*) from decision") == [(1,)]


def waiting(lasting, shop):
    """Flow runs of a placement that events started and no worker has begun."""
    wanted = {"state": {"type": {"any_": ["SCHEDULED"]}}, "tags": {"all_": [shop.placement]}}
    rows = lasting.ask("flow_runs", flow_runs=wanted, limit=200)
    return [run for run in rows if run["created_by"] and run["created_by"]["type"] == "AUTOMATION"]
