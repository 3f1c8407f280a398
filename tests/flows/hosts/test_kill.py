"""A training killed at any moment leaves live lists whole; the next run needs no hand work."""

import random
import shutil
import subprocess
import time

import pytest

from tests.flows.faults.test_disk import assert_no_half_files
from tests.flows.steps.test_prune import change
from tests.flows.world import (
    command,
    database,
    environment,
    fusion,
    live_lists,
    query,
    readers,
)


def started(folder, env) -> tuple[subprocess.Popen, float]:
    """Start `fusion run` and wait until it has begun a run; gives the process and when that was."""
    log = folder / "log"
    with log.open("w") as err:
        running = subprocess.Popen(
            command("run"),
            cwd=folder,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=err,
        )
    while "run begun" not in log.read_text():
        assert running.poll() is None, log.read_text()
        time.sleep(0.01)
    return running, time.monotonic()


LIVE = "select distinct run_id from current_recommendations"
MOVED = (
    "select r.run_id, r.status from slot s join slot_move m on m.to_run_no = s.run_no "
    "join run r on r.run_no = s.run_no order by m.id desc limit 1"
)


def assert_live_outlasts_kills(folder, url, env, moments, note) -> None:
    """Kill a run at each moment (seconds after it began); what was live is live, whole and alone.

    A kill may come after the pointer moved: then the killed run is live, ready, with its row of
    history.
    """
    with readers(url):
        for seconds in moments:
            before, shown = live_lists(url), query(url, LIVE)
            running, begun = started(folder, env)
            time.sleep(max(0.0, begun + seconds - time.monotonic()))
            running.kill()
            running.wait()
            note("run killed", seconds)
            if query(url, LIVE) == shown:
                assert live_lists(url) == before, seconds
            else:
                assert query(url, LIVE) == query(
                    url, "select run_id from run order by run_no desc limit 1"
                )
            assert query(url, MOVED) == [(*query(url, LIVE)[0], "ready")]


def end_leases(url) -> None:
    """Let the leases of killed trainings be over, which last for minutes yet."""
    if url.startswith("postgresql"):
        change(url, "update lease set until = now()")


def assert_next_run_works(folder, url, env) -> None:
    """See that the next run works by itself, and nothing half-made is left of the killed ones."""
    end_leases(url)
    ended = fusion(folder, "run", "--json", **env)
    assert ended.code in (0, 4), ended.err
    assert_nothing_half_made(folder, url)
    live = query(url, "select distinct run_id from current_recommendations")
    assert live == [(ended.json["run"]["id"],)]


def assert_nothing_half_made(folder, url) -> None:
    """See that all rows are of runs that ended, and there are no drafts and no locks."""
    assert query(url, "select count(*) from run where status = 'training'") == [(0,)]
    half = (
        "select count(*) from recommendation "
        "where run_no not in (select run_no from run where status = 'ready')",
        "select count(*) from served_user "
        "where run_no not in (select run_no from run where status = 'ready')",
    )
    for statement in half:
        assert query(url, statement) == [(0,)], statement
    assert_no_half_files(folder, folder / "runs")


@pytest.mark.faults
def test_a_killed_run_leaves_live_lists_and_the_next_one_works(own_shop, moment):
    """Early on, in the middle of fits, and about where lists are loaded."""
    url = database(own_shop)
    assert_live_outlasts_kills(own_shop, url, environment(), (0.0, 0.6), moment)
    assert_next_run_works(own_shop, url, {})


def test_sigterm_ends_a_training_in_order(own_shop):
    """A process manager gets what Ctrl+C gives: a sentence, its code, and a run that says so."""
    url = database(own_shop)
    before = live_lists(url)
    running, _ = started(own_shop, environment())
    running.terminate()
    assert running.wait(timeout=60) == 130
    assert "interrupted" in (own_shop / "log").read_text()
    newest = "select status from run order by run_no desc limit 1"
    assert query(url, newest) == [("failed",)]
    assert live_lists(url) == before


@pytest.mark.faults
@pytest.mark.parametrize("seed", [1, 2])
def test_kills_at_random_moments(own_runs, seed, moment):
    """On both databases, with an empty store, so that all of training is there to be killed."""
    chance = random.Random(seed)
    folder, url = own_runs.base, own_runs.engine.url.render_as_string(hide_password=False)
    shutil.rmtree(folder / "runs" / "store")
    moments = [chance.uniform(0, 5) for _ in range(3)]
    assert_live_outlasts_kills(folder, url, environment(), moments, moment)
    assert_next_run_works(folder, url, {})
