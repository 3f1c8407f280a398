"""What days and windows are compared with, before and after a change that is health by now."""

from datetime import date, timedelta

import pytest

from fusion.watching import causes
from fusion.watching.closing import Closing
from fusion.watching.figure import DAY, WINDOW, Figure, Measurement
from fusion.watching.figures.event_figures import ACTIVE_USERS
from fusion.watching.figures.measuring import DAY_ROWS, DAY_USERS
from fusion.watching.past import Past
from fusion.watching.scales import SHARE
from fusion.watching.statistics.false_alarms import FalseAlarmBudget

NEW = Figure("users", "new", SHARE, "new users", high=causes.NEWCOMERS, far_high=causes.REKEYED)
FIRST = date(2024, 1, 1)


def measured(place: int, level: float) -> Measurement:
    """A share a hair above or below a level, by the place of its window."""
    return Measurement(level + 0.004 * (place % 3 - 1), 5000)


def past_of(unit: str, days: int, changed: int) -> Past:
    """35 steps at .2, from one of them on at .3, which was taken as expected."""
    past = Past(baselines={NEW.key: FIRST + timedelta(days=changed * days)})
    for place in range(35):
        start = FIRST + timedelta(days=place * days)
        past.of(unit)[start] = {NEW.key: measured(place, 0.2 if place < changed else 0.3)}
    return past


def test_a_baseline_parts_the_level_before_it_from_the_one_after_it():
    past, now = past_of(WINDOW, 7, changed=30), FIRST + timedelta(days=35 * 7)
    assert past.before(WINDOW, NEW, now) == [measured(place, 0.3) for place in range(30, 35)]
    assert past.before_level(WINDOW, NEW, now) == [measured(place, 0.2) for place in range(30)]
    # What is judged is compared with nothing that comes after it.
    early = FIRST + timedelta(days=3 * 7)
    assert past.before_level(WINDOW, NEW, early) == [measured(place, 0.2) for place in range(3)]
    past.baselines.clear()
    assert past.before_level(WINDOW, NEW, now) == []


def test_days_of_either_level_are_of_the_weekday_that_is_judged():
    past, now = past_of(DAY, 1, changed=14), FIRST + timedelta(days=35)
    assert past.before(DAY, NEW, now) == [measured(place, 0.3) for place in (14, 21, 28)]
    assert past.before_level(DAY, NEW, now) == [measured(place, 0.2) for place in (0, 7)]


def test_a_second_change_is_seen_five_windows_after_the_first():
    past, start = past_of(WINDOW, 7, changed=30), FIRST + timedelta(days=35 * 7)
    closing = Closing(WINDOW, past, FalseAlarmBudget(1, 2, 1, 7))
    (closed,) = closing.close({start: {NEW: Measurement(0.38, 5000)}})
    (judged,) = closed.judgements
    assert (judged.state, judged.windows) == ("alarm", 5)
    assert judged.high < 0.38


@pytest.mark.parametrize(("people", "state"), [(9, "short"), (10, "alarm")])
@pytest.mark.parametrize(
    ("unit", "active", "days"), [(DAY, DAY_USERS, 1), (WINDOW, ACTIVE_USERS, 7)]
)
def test_what_a_handful_of_people_do_is_not_judged(people, state, unit, active, days):
    """One of them rates as much in an evening as all others in a month."""
    past = Past()
    for place in range(30 * 7):
        usual = {active: people, DAY_ROWS: 30 + place % 3}
        past.of(unit)[FIRST + timedelta(days=place * days)] = of_figures(usual)
    start = FIRST + timedelta(days=30 * 7 * days)
    (closed,) = Closing(unit, past, FalseAlarmBudget(1, 2, 1, 7)).close(
        {start: {active: Measurement(people, 300), DAY_ROWS: Measurement(300, 300)}}
    )
    assert {one.figure: one.state for one in closed.judgements}[DAY_ROWS] == state
    assert closed.is_kept


def test_of_a_window_of_few_counts_alone_are_judged():
    """Half of what five people take is new to the shop, and no id has changed."""
    past = Past()
    for place in range(30):
        usual = of_figures({ACTIVE_USERS: 40 + place % 3}) | {NEW.key: measured(place, 0.2)}
        past.windows[FIRST + timedelta(days=7 * place)] = usual
    start = FIRST + timedelta(days=7 * 30)
    for people, expected in ((5, ["alarm", "short"]), (20, ["alarm", "alarm"])):
        now = {ACTIVE_USERS: Measurement(people, people), NEW: Measurement(0.6, 300)}
        (closed,) = Closing(WINDOW, past, FalseAlarmBudget(1, 2, 1, 7)).close({start: now})
        assert [one.state for one in closed.judgements] == expected
        past.windows.pop(start, None)


def of_figures(values: dict[Figure, int]) -> dict[str, Measurement]:
    """Counts as they are kept."""
    return {figure.key: Measurement(value, value) for figure, value in values.items()}
