"""Promises beside what was realised: closed horizons of runs that do not overlap."""

from datetime import UTC, datetime, timedelta

import pytest

from storage.watches.kept_promises import kept_promises
from storage.watches.realised import RealisedRow, add_realised
from storage.watches.watches import add_watch
from tests.storage.making import begin, end

FIRST = datetime(2026, 11, 2, tzinfo=UTC)
DAYS = {"day": 1, "window": 7}


def promise(horizon: str, days: int, value: float, name: str = "ndcg") -> dict:
    return {"horizon": horizon, "days": days, "name": name, "k": 10, "value": value}


@pytest.fixture
def nightly(engine):
    """Runs of ten nights, each of which promised .3 and .2 and scored a hundredth more a night."""
    numbers = []
    verdict = {"promise": [promise("day", 1, 0.3), promise("window", 7, 0.2)]}
    for night in range(10):
        run_no = begin(engine, f"run{night}", as_of=FIRST + timedelta(days=night))
        end(engine, run_no, verdict=verdict)
        numbers.append(run_no)
    watch_no = add_watch(engine, "default", as_of=FIRST, run_no=None, layout={}, facts={}, at=FIRST)
    rows = []
    for night, run_no in enumerate(numbers):
        for horizon in DAYS:
            value = 0.01 * night
            row = RealisedRow(run_no, horizon, "all", "ndcg", 10, value, 0, 1, 40, is_early=False)
            rows.append(row)
    add_realised(engine, watch_no, rows)
    return numbers


def asked(engine, until, days=DAYS, most=16):
    promises = kept_promises(engine, "default", days, until, most)
    return [(one.run_no, one.horizon, one.promised, one.realised) for one in promises]


def test_windows_do_not_overlap_and_days_follow_each_other(engine, nightly):
    promises = asked(engine, FIRST + timedelta(days=16))
    days = [one for one in promises if one[1] == "day"]
    assert days == [
        (run_no, "day", 0.3, pytest.approx(0.01 * night)) for night, run_no in enumerate(nightly)
    ]
    windows = [one for one in promises if one[1] == "window"]
    assert windows == [
        (nightly[night], "window", 0.2, pytest.approx(0.01 * night)) for night in (2, 9)
    ]
    newest = asked(engine, FIRST + timedelta(days=16), {"day": 1}, most=2)
    assert [one[0] for one in newest] == nightly[-2:]


def test_what_closed_later_is_not_known(engine, nightly):
    promises = asked(engine, FIRST + timedelta(days=7, hours=1))
    assert [one[0] for one in promises if one[1] == "window"] == nightly[:1]
    assert [one[0] for one in promises if one[1] == "day"] == nightly[:7]


def test_what_was_promised_for_another_length_is_left_out(engine, nightly):
    assert asked(engine, FIRST + timedelta(days=60), {"window": 14}) == []


def test_early_figures_segments_and_other_placements_are_left_out(engine):
    run_no = begin(engine, "one", as_of=FIRST)
    end(engine, run_no, verdict={"promise": [promise("day", 1, 0.3)]})
    older = begin(engine, "older", as_of=FIRST)
    end(engine, older)
    watch_no = add_watch(engine, "default", as_of=FIRST, run_no=None, layout={}, facts={}, at=FIRST)
    plain = ("ndcg", 10, 0.2, 0.1, 0.3, 40)
    rows = [
        RealisedRow(run_no, "day", "all", *plain, is_early=True),
        RealisedRow(run_no, "window", "warm", *plain, is_early=False),
        # A run of a version that promised nothing.
        RealisedRow(older, "day", "all", *plain, is_early=False),
    ]
    add_realised(engine, watch_no, rows)
    later = FIRST + timedelta(days=60)
    assert asked(engine, later) == []
    assert kept_promises(engine, "mail", DAYS, later, 16) == []
