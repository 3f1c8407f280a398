"""Thinning: one row a day stays of old days, and whatever was acted on."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from fusion.core.clocks import clock_at
from storage.database.engine import writing
from storage.runs.past.kinds import BACKFILL
from storage.runs.past.thinning import AT_ONCE, thin
from storage.runs.records import add_decision
from storage.schema.tables import metric, run
from storage.schema.watch_tables import decision, watch
from storage.slots.publish import publish
from storage.watches.watches import FigureRow, add_watch
from tests.storage.making import make_run, note_alert

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEFORE = MIDNIGHT + 2 * DAY


def column(engine, wanted) -> list:
    with engine.connect() as connection:
        return list(connection.execute(select(wanted).order_by(wanted)).scalars())


def watched(engine, at, placement="default", figures=()) -> int:
    return add_watch(
        engine, placement, as_of=at, run_no=None, layout={}, facts={}, figures=figures, at=at
    )


def test_of_each_old_day_the_last_watch_stays_and_those_that_are_referred_to(engine):
    figure = FigureRow("day", "2026-03-01", "events", 1.0, 1, None)
    hourly = []
    for hour in range(72):
        closes = [figure] if hour == 3 else []
        hourly.append(watched(engine, MIDNIGHT + hour * HOUR, figures=closes))
    other = watched(engine, MIDNIGHT, placement="other")
    stays = {hourly[3], hourly[23], hourly[47], *hourly[48:], other}
    n_rows = thin(engine, "default", BEFORE, dry_run=True)
    assert len(column(engine, watch.c.watch_no)) == 73
    assert thin(engine, "default", BEFORE) == n_rows == 73 - len(stays)
    assert set(column(engine, watch.c.watch_no)) == stays
    assert thin(engine, "default", BEFORE) == 0


def test_answers_that_a_training_was_due_stay(engine):
    kept = []
    for hour in range(72):
        is_due = hour in (5, 30)
        at = MIDNIGHT + hour * HOUR
        answer = add_decision(engine, "default", is_due, reason="", trigger="age", at=at)
        if is_due or hour in (23, 47) or hour >= 48:
            kept.append(answer)
    assert thin(engine, "default", BEFORE) == 72 - len(kept)
    assert column(engine, decision.c.id) == kept


@pytest.fixture
def days(engine):
    """Three runs a day of which the second was shown, a backfilled one, all gone, with figures."""
    numbers = []
    for day in range(3):
        for turn in range(3):
            with clock_at(MIDNIGHT + day * DAY + turn * HOUR):
                numbers.append(make_run(engine, f"{day}-{turn}"))
                if turn == 1:
                    publish(engine, "default", numbers[-1], by="ann", reason="")
    with clock_at(MIDNIGHT):
        numbers.append(make_run(engine, "past", kind=BACKFILL))
    rows = [
        {"run_no": run_no, "subject": "ranker", "segment": "", "name": name, "k": 10}
        for run_no in numbers
        for name in ("ndcg", "recall")
    ]
    with writing(engine) as connection:
        connection.execute(insert(metric), rows)
        connection.execute(update(run).where(run.c.run_id != "1-0").values(status="deleted"))
    return numbers


def test_of_each_old_day_the_run_that_was_shown_keeps_its_figures(engine, days):
    # The runs that lose them: of the first two days all but the second, and that which is there.
    gone = {days[0], days[2], days[5]}
    assert thin(engine, "default", BEFORE, dry_run=True) == 2 * len(gone)
    assert thin(engine, "default", BEFORE) == 2 * len(gone)
    assert set(column(engine, metric.c.run_no)) == set(days) - gone
    assert len(column(engine, run.c.run_no)) == len(days)


def test_nightly_rows_all_stay(engine):
    for day in range(5):
        at = MIDNIGHT + day * DAY
        watched(engine, at)
        add_decision(engine, "default", False, reason="", trigger="age", at=at)
        with clock_at(at):
            run_no = make_run(engine, f"night {day}")
        note_alert(engine, run_no, "items", "drifted_share", message="", severity="look")
    assert thin(engine, "default", MIDNIGHT + 9 * DAY) == 0


def test_more_keys_than_a_statement_takes(engine):
    rows = [
        {"placement": "default", "due": False, "reason": "", "trigger": "age", "at": MIDNIGHT}
        for _ in range(2 * AT_ONCE + 2)
    ]
    with writing(engine) as connection:
        connection.execute(insert(decision), rows)
    assert thin(engine, "default", BEFORE) == 2 * AT_ONCE + 1
