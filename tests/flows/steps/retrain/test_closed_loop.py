"""From data to a decision to a published run, and what the next watches say: on real trainings."""

import shutil
from datetime import timedelta

import pytest
from sqlalchemy import update

from benchmarks.watching.data_faults import another_taste
from benchmarks.watching.watched_shop import WEEKS
from flows.session import Session
from flows.steps.arrivals.watch import watch_placement
from flows.steps.retrain.loop import run_loop
from flows.steps.retrain.retrain import decide
from storage.reading.live_run import live
from storage.runs.runs import runs
from storage.schema.tables import run
from storage.watches.alerts import alerts_of
from tests.flows.calling import call
from tests.flows.steps.retrain.living_shop import (
    CONFIG,
    TODAY,
    moment,
    without_half_of_the_week,
    world,
    write,
)
from tests.flows.world import database, query

DECISIONS = "select trigger, due, code from decision order by id"


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """A shop with a run of two weeks ago, watched then and a week ago."""
    folder = tmp_path_factory.mktemp("living")
    (folder / "fusion.toml").write_text(CONFIG)
    shop = world()
    write(folder, shop, WEEKS - 1)
    session = Session.open(folder / "fusion.toml", by="ann")
    assert run_loop(session).published is not None
    then = {"created_at": moment(WEEKS - 1), "finished_at": moment(WEEKS - 1)}
    with session.engine.begin() as connection:
        connection.execute(update(run).values(then))
    assert watch_placement(session, moment(WEEKS - 1)).alerts == ()
    write(folder, shop, WEEKS)
    answer = decide(session, now=moment(WEEKS))
    session.engine.dispose()
    return folder, shop, answer


@pytest.fixture
def shop(healthy, tmp_path):
    """A copy of it that a test may change."""
    return shutil.copytree(healthy[0], tmp_path / "shop")


@pytest.fixture
def session(shop):
    session = Session.open(shop / "fusion.toml", by="bea")
    yield session
    session.engine.dispose()


def test_healthy_data_is_no_reason(healthy):
    _, _, answer = healthy
    assert (answer.due, answer.trigger, answer.code) == (False, "age", "age_within")
    values = {row.fact: row.value for row in answer.rows}
    assert values["age_days"] == 7.0
    assert values["drift"] == 0
    assert values["min_new_events"] > 100
    assert 0 < values["new_events"] < 0.1
    assert 0 < values["coverage"] < 0.5
    assert 0 < values["catalogue_turnover"] < 0.2


def test_one_drift_is_one_training(healthy, shop, session):
    drifted = another_taste(0.6)(healthy[1])
    write(shop, drifted, TODAY)
    before = live(session.engine, "default").run
    ended = call(shop, "retrain", "--json")
    assert (ended.json["due"]["trigger"], ended.json["due"]["due"]) == ("drift", True)
    assert "the world moved since the data of live run" in ended.json["due"]["reason"]
    assert ended.json["published"], ended.json["refusals"]
    now_live = live(session.engine, "default").run
    assert now_live.run_no > before.run_no
    (answered,) = alerts_of(session.engine, "default", ["resolved"])
    assert answered.resolved_why == f"answered by run {now_live.run_id}"
    assert (answered.kind, answered.parameters["answered_by"]) == ("change", now_live.run_id)
    # Trained when today began, whatever the hour is: no cool-down reaches into tomorrow.
    with session.engine.begin() as connection:
        of_now = update(run).where(run.c.run_no == now_live.run_no)
        connection.execute(of_now.values(created_at=moment(TODAY), finished_at=moment(TODAY)))
    # The next ten days, in which the world stays as it is now, ask for nothing.
    later = []
    for days in range(1, 11):
        write(shop, drifted, TODAY + days / 7)
        later.append(decide(session, now=moment(TODAY + days / 7)))
    assert {(one.due, one.code) for one in later} == {(False, "age_within")}
    assert query(database(shop), "select count(*) from watch where run_no = 2") == [(10,)]
    assert len(runs(session.engine, "default")) == 2


def test_half_of_a_week_missing_holds_until_somebody_knows(healthy, shop, session):
    write(shop, without_half_of_the_week(healthy[1]), TODAY)
    with session.engine.begin() as connection:
        connection.execute(update(run).values(created_at=moment(WEEKS - 60)))
    held = call(shop, "retrain", "--json")
    assert (held.code, held.json["due"]["trigger"], held.json["run"]) == (4, "data", None)
    assert "and a training would learn from it" in held.json["due"]["reason"]
    assert len(runs(session.engine, "default")) == 1
    alert = held.json["due"]["parameters"]["alert"]
    ack = call(shop, "alerts", "ack", str(alert), "--why", "the till was broken", "--json")
    assert ack.code == 0
    goes_on = decide(session)
    assert (goes_on.due, goes_on.trigger) == (True, "age")
    assert query(database(shop), DECISIONS)[-2:] == [
        ("data", 0, "fault"),
        ("age", 1, "age_passed"),
    ]


def test_what_the_gate_refuses_waits_longer_each_time(healthy, shop, session):
    write(shop, another_taste(0.6)(healthy[1]), TODAY)
    refused = call(shop, "retrain", "--json", FUSION_GATE__MAX_CHURN="0")
    assert (refused.code, refused.json["due"]["trigger"]) == (1, "drift")
    assert live(session.engine, "default").run.run_no == 1
    again = call(shop, "retrain", "--json", FUSION_RETRAIN__COOLDOWN="0")
    assert (again.code, again.json["due"]["trigger"]) == (0, "backoff")
    assert again.json["due"]["parameters"]["failed"] == 1
    # The run moves into the past, not the clock into the future: past midnight no data would come.
    _move_back(session, hours=1.01)
    later = Session.open(shop / "fusion.toml", by="bea")
    # The cool-down of six hours is longer; then the drift, which nobody has answered, asks again.
    assert decide(later).trigger == "cooldown"
    _move_back(session, hours=5)
    due = decide(later)
    assert (due.due, due.trigger) == (True, "drift")
    later.engine.dispose()


def _move_back(session, hours):
    """The newest run was trained, and ended, so much earlier."""
    newest = runs(session.engine, "default", 1)[0]
    moved = timedelta(hours=hours)
    times = {"created_at": newest.created_at - moved, "finished_at": newest.finished_at - moved}
    with session.engine.begin() as connection:
        connection.execute(update(run).where(run.c.run_no == newest.run_no).values(**times))


def test_explaining_writes_nothing_and_says_what_would_come_first(healthy, shop):
    tables = ("decision", "watch", "alert", "run")
    counted = [query(database(shop), f"select count(*) from {table}") for table in tables]
    explained = call(shop, "retrain", "--explain", "--json")
    assert (explained.code, explained.json["due"]) == (0, False)
    assert "`fusion retrain` watches first" in explained.json["reason"]
    shown = call(shop, "retrain", "--explain").out
    assert "What would hold a training back" in shown
    assert "days since the live run was trained" in shown
    assert [query(database(shop), f"select count(*) from {table}") for table in tables] == counted


def test_explain_and_force_are_told_apart(shop):
    ended = call(shop, "retrain", "--explain", "--force")
    assert ended.code == 2
    assert "give one of them" in ended.message
