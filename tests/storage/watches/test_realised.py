"""Realised figures: one set a run and horizon, read by run, aged by their watch."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from storage.runs.aging import age_realised
from storage.schema.watch_tables import realised
from storage.watches.realised import RealisedRow, add_realised, first_screens, realised_of
from storage.watches.watches import add_watch
from tests.storage.making import begin, end

NOW = datetime(2026, 11, 9, tzinfo=UTC)


@pytest.fixture
def numbers(engine):
    """Two runs of one placement and one of another."""
    made = [begin(engine, "a"), begin(engine, "b"), begin(engine, "c", "mail")]
    for run_no in made:
        end(engine, run_no)
    return made


def watch(engine, at=NOW, placement="default"):
    """A watch, as rows need one."""
    return add_watch(engine, placement, as_of=NOW, run_no=None, layout={}, facts={}, at=at)


def row(run_no, **more) -> RealisedRow:
    """A figure of a run."""
    plain = RealisedRow(run_no, "day", "all", "ndcg", 10, 0.2, 0.1, 0.3, 40, is_early=False)
    return replace(plain, **more)


def test_rows_come_back_by_run_and_of_their_placement_alone(engine, numbers):
    a, b, other = numbers
    day = row(a)
    state = {"n": 3, "total": 0.1 + 0.2, "through": 1_700_000_000_123}
    daily = row(a, horizon="daily", sequence=state)
    add_realised(engine, watch(engine), [daily, day, row(b)])
    add_realised(engine, watch(engine, placement="mail"), [row(other)])
    assert realised_of(engine, "default", a) == [daily, day]
    assert realised_of(engine, "default", other) == []
    assert realised_of(engine, "mail", other) == [row(other)]
    assert realised_of(engine, "default", a)[0].sequence == state


def test_a_later_watch_replaces_a_horizon_and_leaves_the_others(engine, numbers):
    run_no = numbers[0]
    early = [row(run_no, is_early=True), row(run_no, is_early=True, segment="warm")]
    window = row(run_no, horizon="window", is_early=True)
    add_realised(engine, watch(engine), [*early, window])
    closed = row(run_no, value=0.25)
    add_realised(engine, watch(engine), [closed])
    assert realised_of(engine, "default", run_no) == [closed, window]
    add_realised(engine, watch(engine), [])
    assert realised_of(engine, "default", run_no) == [closed, window]


def test_first_screens_are_ndcg_at_10_of_users_with_a_history(engine, numbers):
    a, b, _ = numbers
    others = [
        row(a, k=20),
        row(a, name="recall"),
        row(a, segment="warm"),
        row(a, name="ndcg_over_fallback"),
    ]
    add_realised(engine, watch(engine), [row(b), row(a), row(a, horizon="window"), *others])
    assert first_screens(engine, "default") == [row(a), row(a, horizon="window"), row(b)]


def test_old_rows_go_with_the_time_of_their_watch(engine, numbers):
    a, b, other = numbers
    old = datetime(2026, 1, 1, tzinfo=UTC)
    add_realised(engine, watch(engine, old), [row(a), row(a, segment="warm")])
    add_realised(engine, watch(engine), [row(b)])
    add_realised(engine, watch(engine, old, "mail"), [row(other)])
    border = datetime(2026, 6, 1, tzinfo=UTC)
    assert age_realised(engine, "default", border, dry_run=True) == 2
    assert len(realised_of(engine, "default", a)) == 2
    assert age_realised(engine, "default", border) == 2
    with engine.connect() as connection:
        left = connection.execute(select(realised.c.run_no).order_by("run_no")).scalars().all()
    assert left == [b, other]
