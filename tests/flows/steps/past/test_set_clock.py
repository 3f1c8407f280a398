"""Whatever compares a stored time with the present takes the one that a replay has set."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.session import Session
from flows.steps.arrivals.watch import watch_placement
from flows.steps.keep.prune import prune
from flows.steps.retrain.retrain import decide, explain_due
from flows.steps.run_summaries import frozen_until
from flows.steps.watch.health import read_health
from fusion.core.clocks import clock_at
from storage.reading.live_run import live
from storage.slots.publish import publish, rollback
from storage.watches.watches import newest_watch
from tests.flows.world import make_shop
from tests.storage.making import make_run

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
THEN = datetime(2021, 1, 5, 3, tzinfo=UTC)
"""A night in the midst of the shop's data, years before the clock's own."""
IDS = tuple(f"20210105-00000{night}-abcdef" for night in range(4))
SECTIONS = """
[retention]
runs = 1
days = 1.5
decision_days = 1.5
"""


@pytest.fixture
def nights(tmp_path):
    """A shop with a run shown in each of four nights, and an answer of the policy in each."""
    session = Session.open(make_shop(tmp_path, SECTIONS), by="ann")
    session.make_database()
    for night, run_id in enumerate(IDS):
        with clock_at(THEN + night * DAY):
            decide(session)
            run_no = make_run(session.engine, run_id, as_of=THEN + night * DAY)
            publish(session.engine, "default", run_no, by="ann", reason="")
    yield session
    session.engine.dispose()


def test_a_prune_keeps_what_was_shown_within_days_of_the_set_time(nights):
    with clock_at(THEN + 3 * DAY + HOUR):
        pruned = prune(nights, dry_run=True)
    # The third was replaced an hour ago, the second a day before that.
    assert [run.run_id for run in pruned.runs] == [IDS[0]]
    assert [(one.setting, one.rows) for one in pruned.aged] == [("decision_days", 2)]


def test_a_cool_down_is_counted_from_the_set_time(nights):
    with clock_at(THEN + 3 * DAY + HOUR):
        due = explain_due(nights)
    assert (due.due, due.trigger) == (False, "cooldown"), due
    assert "1.0 hours ago" in due.reason
    with clock_at(THEN + 4 * DAY):
        assert decide(nights).trigger != "cooldown"


def test_a_watch_looks_at_the_set_time(nights):
    with clock_at(THEN + 3 * DAY):
        watch_placement(nights)
    assert newest_watch(nights.engine, "default").as_of == THEN + 3 * DAY


def test_age_and_freeze_are_those_of_the_set_time(nights):
    with clock_at(THEN + 3 * DAY + HOUR):
        rollback(nights.engine, "default", None, HOUR, by="ann", reason="")
    with clock_at(THEN + 3 * DAY + 1.5 * HOUR):
        assert frozen_until(live(nights.engine, "default")) is not None
        assert read_health(nights, 2 * DAY).healthy
    with clock_at(THEN + 3 * DAY + 3 * HOUR):
        assert frozen_until(live(nights.engine, "default")) is None
        assert not read_health(nights, HOUR).healthy
