"""Clocks on the wall go forward and back: a schedule trains in order, and data is not taken amiss.

The data says in local time when things happened, and the policy's hours are those on the wall.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flows.session import Session
from flows.steps.past.policies import ReplayedPolicy
from flows.steps.past.turn import take_turn
from tests.flows.world import DAY, START, database, events, make_shop, query

pytestmark = pytest.mark.faults
ZONE = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = datetime(2021, 3, 28, tzinfo=UTC), datetime(2021, 10, 31, tzinfo=UTC)
"""Midnights before the clock goes from 2 to 3, and from 3 to 2."""
DAYS_BEFORE = 110
"""Of data before the change."""
HOUR = timedelta(hours=1)
POLICY = """
[retrain]
timezone = "Europe/Berlin"
max_age = 0.25
cooldown = 1
quiet_hours = ["01:00-04:00"]
min_new_events = 0
"""
STEPS = {
    "trained": "select as_of from run where status = 'ready' order by run_no",
    "asked": "select at from decision order by id",
    "watched": "select as_of from watch order by watch_no",
    "shown": "select at from slot_move where name = 'live' order by id",
}


def shop_over(folder, change):
    """A shop whose events go on over a change of the clock, with times as the wall showed them."""
    config = make_shop(folder, more=POLICY)
    shift = change.timestamp() - START - DAYS_BEFORE * DAY
    lines = ["userId,movieId,timestamp,rating"]
    for user, item, moment, rating in events():
        local = datetime.fromtimestamp(moment + shift, ZONE)
        lines.append(f"{user},{item},{local:%Y-%m-%d %H:%M:%S},{rating}")
    (folder / "ratings.csv").write_text("\n".join(lines) + "\n")
    text = config.read_text().replace("[data]\n", '[data]\ntimezone = "Europe/Berlin"\n')
    config.write_text(text)
    return Session.open(config, by="ann")


def wanted(moments):
    """When trainings are due: six hours after the last one, and not from 1 to 4 on the wall."""
    due = [moments[0]]
    for moment in moments[1:]:
        is_quiet = 1 <= moment.astimezone(ZONE).hour < 4
        if moment - due[-1] >= 6 * HOUR and not is_quiet:
            due.append(moment)
    return due


@pytest.mark.parametrize(("change", "n_quiet"), [(SPRING, 2), (AUTUMN, 4)])
def test_a_schedule_goes_on_over_a_change_of_the_clock(change, n_quiet, tmp_path):
    session = shop_over(tmp_path, change)
    policy = ReplayedPolicy(session.placement, "asked", session.config.retrain)
    moments = [change + hours * HOUR for hours in range(-5, 12)]
    quiet = [moment for moment in moments if 1 <= moment.astimezone(ZONE).hour < 4]
    assert len(quiet) == n_quiet
    turns = [take_turn(session, policy, moment) for moment in moments]
    session.engine.dispose()
    trained = [turn.at for turn in turns if turn.due]
    assert trained == wanted(moments)
    assert {turn.status for turn in turns if turn.due} == {"ready"}
    url = database(tmp_path)
    times = {step: [at for (at,) in query(url, ask)] for step, ask in STEPS.items()}
    for step, stored in times.items():
        assert stored == sorted(set(stored)), step
    assert len(times["trained"]) == len(times["shown"]) == len(trained)
    assert len(times["asked"]) == len(moments)
    # A day of 23 or 25 hours is no fault of the data.
    assert query(url, "select count(*) from alert where kind = 'fault'") == [(0,)]
    newest = "select run_no from slot where name = 'live'"
    assert query(url, newest) == [(len(trained),)]
