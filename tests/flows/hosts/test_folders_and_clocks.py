"""Two hosts with folders of their own on one placement, and clocks that were ahead."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from flows.session import Session
from flows.steps.keep.prune import prune
from flows.steps.publish.publish import publish_run
from flows.steps.publish.publish_checks import publish_checks
from flows.steps.retrain.retrain import decide
from flows.steps.watch.monitor import monitor_run
from fusion.errors import Refused
from storage.database.engine import writing
from storage.runs.retention import run_retention
from storage.runs.runs import find_run, runs
from storage.schema.tables import run, slot_move
from storage.slots import publish as slots
from storage.slots.publish import rollback
from tests.flows.archive import know_of_its_end, train_without_new_events
from tests.flows.calling import call_main

AHEAD = datetime(2099, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2020, 12, 31, tzinfo=UTC)


@pytest.fixture
def session(own_shop):
    train_without_new_events(own_shop / "fusion.toml")
    opened = Session.open(own_shop / "fusion.toml", by="bea")
    yield opened
    opened.engine.dispose()


def set_times(session, table, **values):
    with writing(session.engine) as connection:
        connection.execute(update(table).values(**values))


def test_what_cannot_be_compared_on_this_host_is_said(session):
    newest, oldest = runs(session.engine, "default")
    assert monitor_run(session, newest.run_id).note == ""
    shutil.move(session.runs / oldest.run_id, session.base / "on-another-host")
    monitored = monitor_run(session, newest.run_id)
    assert f"could not be compared with run {oldest.run_id}" in monitored.note
    assert f"folder {session.runs / oldest.run_id} is not here" in monitored.note
    assert monitored.stability is not None, "lists are in SQL"
    shown = call_main(session.base, "monitor", newest.run_id)
    assert "another host may keep it" in " ".join(shown.out.split())


def test_what_the_folder_would_tell_is_not_judged_without_it(session):
    newest, oldest = runs(session.engine, "default")
    shutil.move(session.runs / newest.run_id, session.base / "on-another-host")
    found = {check.name: check for check in publish_checks(session, newest, oldest)}
    check = found["nothing became unavailable"]
    assert check.holds
    assert "not judged" in check.message
    assert "another host may keep it" in check.message


def test_a_live_run_of_a_moment_to_come_refuses_no_other(session):
    newest, oldest = runs(session.engine, "default")
    with writing(session.engine) as connection:
        future = update(run).where(run.c.run_no == newest.run_no).values(as_of=AHEAD)
        connection.execute(future)
    assert publish_run(session, oldest.run_id).move.to_run_id == oldest.run_id


def test_a_clock_that_was_ahead_holds_up_no_training(session):
    set_times(session, run, created_at=AHEAD)
    know_of_its_end(session)
    now = datetime.now(UTC)
    answer = decide(session)
    assert (answer.due, answer.trigger) == (True, "age")
    assert "trained at 2099-01-01 00:00 UTC" in answer.reason
    assert f"it is {now:%Y-%m-%d}" in answer.reason
    assert "-" not in answer.reason.split("ago")[0].split("UTC")[-1]


def test_a_refused_run_of_a_clock_that_was_ahead_holds_no_cool_down(session, caplog):
    newest, oldest = runs(session.engine, "default")
    rollback(session.engine, "default", by="bea", reason="back")
    with writing(session.engine) as connection:
        for run_no, at in ((newest.run_no, AHEAD), (oldest.run_no, LONG_AGO)):
            changed = update(run).where(run.c.run_no == run_no).values(created_at=at)
            connection.execute(changed)
    know_of_its_end(session)
    assert decide(session).due
    assert f"run {newest.run_id} was trained at 2099-01-01 00:00 UTC" in caplog.text


def test_clocks_of_hosts_may_differ_by_minutes(session):
    now = datetime.now(UTC)
    set_times(session, run, created_at=now + timedelta(minutes=5))
    answer = decide(session, now=now)
    assert (answer.due, answer.trigger) == (False, "cooldown")
    assert "0 min ago" in answer.reason


def test_a_prune_counts_a_run_as_no_younger_than_a_later_one(session):
    """Moves of a clock that was ahead keep no run for decades, and what ages goes."""
    newest, oldest = runs(session.engine, "default")
    with writing(session.engine) as connection:
        of_oldest = run.c.run_no == oldest.run_no
        connection.execute(update(run).where(of_oldest).values(created_at=AHEAD))
        first = slot_move.c.to_run_no == oldest.run_no
        connection.execute(update(slot_move).where(first).values(at=AHEAD))
        last = slot_move.c.to_run_no == newest.run_no
        connection.execute(update(slot_move).where(last).values(at=LONG_AGO))
    kept = run_retention(session.engine, "default", 1, datetime.now(UTC) - timedelta(days=30))
    by_no = {one.run_no: one for one in kept}
    assert by_no[oldest.run_no].settled_at == newest.created_at
    assert "lately" not in (by_no[oldest.run_no].why or "")
    assert prune(session, dry_run=True).runs == (), "one rollback away"


def test_a_freeze_by_a_clock_that_was_ahead_says_so_and_stays(session, monkeypatch):
    newest = runs(session.engine, "default")[0]
    monkeypatch.setattr(slots, "utc_now", lambda: AHEAD)
    rollback(session.engine, "default", freeze=timedelta(hours=1), by="bea", reason="odd")
    monkeypatch.undo()
    with pytest.raises(Refused, match="frozen until 2099") as refused:
        publish_run(session, newest.run_id)
    assert "it was frozen at 2099-01-01 00:00 UTC, but it is 20" in str(refused.value)
    assert "`fusion unfreeze` ends it" in str(refused.value)
    assert find_run(session.engine, "default", "live").run_id != newest.run_id
