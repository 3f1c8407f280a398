"""Who serves a deployment owns it: a schedule that ends pauses nothing that another serves.

`test_ownership` runs this file in a process of its own: Prefect hangs its handlers on our loggers.
"""

import os
from pathlib import Path

import pytest
from prefect import get_client

from flows.prefect_flows import ownership
from flows.prefect_flows.deployments import deployments
from tests.flows.prefect_flows.prefect_server import until

NAME = "fusion retrain/retrain default"


@pytest.fixture
def start(monkeypatch):
    """Start what a schedule is to Prefect, by the mark of its process; gives how to stop it."""
    monkeypatch.setattr(ownership, "LOOK_EVERY", 0.2)
    config = Path(os.environ["CASES_CONFIG"])
    begun = []

    def starting(mark):
        served = deployments(config, served_by=mark)
        for deployment in served:
            deployment.apply()
        owning = ownership.owned(served, mark)
        owning.__enter__()
        begun.append(owning)

        def stop():
            begun.remove(owning)
            owning.__exit__(None, None, None)

        return stop

    yield starting
    for owning in begun:
        owning.__exit__(None, None, None)


def registered():
    with get_client(sync_client=True) as client:
        return client.read_deployment_by_name(NAME)


def test_a_rolling_restart_pauses_nothing(start):
    """The second is started, then the first is stopped: the nightly goes on."""
    stop_first = start("first")
    start("second")
    stop_first()
    assert (registered().version, registered().paused) == ("second", False)


def test_what_is_released_is_taken_over_by_who_still_serves_it(start):
    start("first")
    stop_second = start("second")
    stop_second()
    until(lambda: registered().version == "first", 20)
    assert registered().paused is False


def test_the_last_one_pauses_what_it_served_and_a_later_start_resumes_it(start):
    start("first")()
    assert (registered().version, registered().paused) == (ownership.RELEASED, True)
    start("second")
    assert (registered().version, registered().paused) == ("second", False)


def test_a_pause_by_a_person_holds(start):
    start("first")
    with get_client(sync_client=True) as client:
        client.pause_deployment(registered().id)
    looks = []
    until(lambda: looks.append(registered().paused) or len(looks) > 4, 20)
    assert all(looks)


def test_a_server_that_is_away_stops_nobody_from_ending(start, monkeypatch, caplog):
    stop = start("first")

    def away(deployment):
        raise ConnectionError("away")

    monkeypatch.setattr(ownership, "_registered", away)
    stop()
    assert "deployment not paused" in caplog.text
