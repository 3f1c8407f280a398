"""Runs as of past dates: they stay ready, move nothing, and are made once, also after a kill."""

import shutil
import subprocess
import time
from datetime import UTC, datetime

import pytest

from flows.retrain_settings import RetrainSettings
from flows.session import Session
from flows.steps.keep.prune import prune
from flows.steps.retrain.retrain import decide
from tests.flows.calling import call
from tests.flows.world import command, database, environment, live_lists, query

DATES = ("--from", "2020-12-10", "--to", "2020-12-18", "--every", "7d")
RUNS = "select run_id, kind, status, as_of from run order by run_no"
SLOTS = "select placement, name, run_no, changed_at from slot order by name"


@pytest.fixture(scope="module")
def filled(shop, tmp_path_factory):
    """A shop with two published runs and two backfilled ones; what it showed before; the answer."""
    folder = shutil.copytree(shop, tmp_path_factory.mktemp("filled") / "shop")
    url = database(folder)
    before = query(url, RUNS), query(url, SLOTS), live_lists(url)
    return folder, before, call(folder, "backfill", *DATES, "--json")


def test_a_run_stands_for_each_date_and_no_slot_moves(filled):
    folder, (runs, slots, lists), answer = filled
    assert answer.code == 0, answer.message
    made = query(database(folder), RUNS)[len(runs) :]
    assert [(kind, status, as_of[:10]) for _, kind, status, as_of in made] == [
        ("backfill", "ready", "2020-12-10"),
        ("backfill", "ready", "2020-12-17"),
    ]
    assert [(run["run_id"], run["is_reused"]) for run in answer.json["runs"]] == [
        (made[0][0], False),
        (made[1][0], False),
    ]
    assert query(database(folder), SLOTS) == slots
    assert live_lists(database(folder)) == lists


def test_the_same_again_makes_nothing_and_a_longer_span_only_what_is_missing(filled, tmp_path):
    folder = shutil.copytree(filled[0], tmp_path / "shop")
    before = query(database(folder), RUNS)
    again = call(folder, "backfill", *DATES)
    assert again.code == 0
    assert "0 runs were trained, 2 were there already" in again.out
    assert query(database(folder), RUNS) == before
    longer = call(folder, "backfill", *DATES[:3], "2020-12-24", *DATES[4:], "--json")
    assert [run["is_reused"] for run in longer.json["runs"]] == [True, True, False]


def test_other_data_is_trained_on_anew(filled, tmp_path):
    folder = shutil.copytree(filled[0], tmp_path / "shop")
    ratings = folder / "ratings.csv"
    lines = ratings.read_text().splitlines(keepends=True)
    ratings.write_text("".join([lines[0], *lines[2:]]))
    first = call(folder, "backfill", *DATES[:3], "2020-12-10", "--json")
    assert [run["is_reused"] for run in first.json["runs"]] == [False]


def test_they_hold_no_cooldown(filled):
    session = Session.open(filled[0] / "fusion.toml")
    retrain = RetrainSettings(max_age=1000, cooldown=1000)
    asking = Session(session.config.model_copy(update={"retrain": retrain}), session.base)
    published = query(database(filled[0]), "select run_id from run where kind = 'full'")
    answer = decide(asking, now=datetime.now(UTC))
    assert answer.trigger == "cooldown"
    assert published[-1][0] in answer.reason
    asking.engine.dispose()


def test_a_prune_leaves_them_while_they_are_young_and_counts_them_not(filled, tmp_path):
    folder = shutil.copytree(filled[0], tmp_path / "shop")
    made = {run["run_id"] for run in filled[2].json["runs"]}
    for days, gone in ((30, set()), (0, made)):
        config = folder / "fusion.toml"
        text = config.read_text().partition("[retention]")[0]
        config.write_text(f"{text}\n[retention]\nruns = 2\ndays = {days}\n")
        session = Session.open(config)
        pruned = prune(session)
        session.engine.dispose()
        assert {run.run_id for run in pruned.runs} == gone
        assert {run_id for run_id in made if (folder / "runs" / run_id).exists()} == made - gone
        assert len(pruned.kept) == len(made - gone) + 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "2020-12-10", "--to", "2020-12-09"), "lies after --to"),
        (("--from", "2020-12-10", "--to", "2030-01-01"), "lies beyond the data"),
        (("--from", "2019-12-10", "--to", "2020-12-09"), "lies before the first event"),
        ((*DATES[:4], "--every", "0d"), "is no length of time"),
        (("--from", "soon", "--to", "2020-12-09"), "--from 'soon' is no time"),
    ],
)
def test_dates_that_make_no_sense_end_with_2_and_leave_nothing(shop, words, says):
    before = query(database(shop), RUNS)
    ended = call(shop, "backfill", *words)
    assert (ended.code, says in ended.message) == (2, True), ended.message
    assert query(database(shop), RUNS) == before


def test_data_without_times_has_no_past(bare, tmp_path):
    folder = shutil.copytree(bare, tmp_path / "shop")
    config = folder / "fusion.toml"
    text = config.read_text().replace('time = "timestamp"\n', "")
    config.write_text(text.replace('kind = "time"\nwindow = 10\n', 'kind = "random"\n'))
    ended = call(folder, "backfill", *DATES)
    assert (ended.code, "no times" in ended.message) == (2, True), ended.message


@pytest.mark.faults
def test_a_backfill_that_is_killed_goes_on(own_shop, moment):
    url = database(own_shop)
    log = own_shop / "log"
    with log.open("w") as err:
        running = subprocess.Popen(
            command("backfill", *DATES),
            cwd=own_shop,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=err,
        )
    while log.read_text().count("run begun") < 2:
        assert running.poll() is None, log.read_text()
        time.sleep(0.01)
    running.kill()
    running.wait()
    moment("backfill killed")
    first = query(url, "select run_id from run where kind = 'backfill' and status = 'ready'")
    assert len(first) == 1
    again = call(own_shop, "backfill", *DATES, "--json")
    assert again.code == 0, again.message
    assert [run["is_reused"] for run in again.json["runs"]] == [True, False]
    assert again.json["runs"][0]["run_id"] == first[0][0]
    statuses = query(url, "select status from run where kind = 'backfill' order by run_no")
    assert statuses == [("ready",), ("failed",), ("ready",)]
