"""The year in fast motion: that it goes on where it stopped, and that it sees what is wrong."""

import json
from argparse import Namespace

import numpy as np
import pytest
from sqlalchemy import NullPool, create_engine, text

from benchmarks.night import year
from benchmarks.night.fast_motion import log
from benchmarks.night.fast_motion.faults import FAULTS, drawn
from benchmarks.night.fast_motion.flatness import flatness
from benchmarks.night.fast_motion.reading import live_users, read_lists
from benchmarks.night.fast_motion.report import report
from benchmarks.night.fast_motion.servers import Sqlite

DRAWN = {
    0: ("nothing", 9),
    1: ("the export cut", 1),
    2: ("the database away as lists are loaded", 2),
    3: ("the export doubled", 3),
}


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """Four nights with three faults, in two goes, the first of which ended in its third line."""
    folder = tmp_path_factory.mktemp("year")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(year, "FIRST_FAULT", 0)
        patch.setattr(year, "drawn", lambda week, seed: DRAWN[next(numbers)])
        given = Namespace(nights=2, users=60, seed=1, sqlite=True)
        numbers = iter(range(2))
        year.go_on(folder, given)
        with (folder / log.FILE).open("a") as file:
            file.write('{"night": 2, "da')
        given.nights, numbers = 4, iter(range(2, 4))
        year.go_on(folder, given)
    return folder


def test_it_goes_on_where_it_stopped(nights):
    lines = log.read(nights)
    assert [line.night for line in lines] == [0, 1, 2, 3]
    assert [line.fault for line in lines] == [None, *(DRAWN[night][0] for night in (1, 2, 3))]
    assert [line.day for line in lines] == ["2020-05-01", "2020-05-02", "2020-05-03", "2020-05-04"]


def test_lists_are_served_all_the_while(nights):
    lines = log.read(nights)
    assert {line.served for line in lines} == {""}
    assert [line.reads["wrong"] for line in lines] == [[], [], [], []]
    assert lines[2].reads["whole"] > 0
    # The cut export trains nothing; a database that comes back costs no run.
    assert [line.trained for line in lines[:3]] == [True, False, True]
    assert lines[1].live == lines[0].live != lines[2].live


def test_every_fault_has_its_record_in_the_report(nights):
    lines = log.read(nights)
    shown = report(lines)
    # A file that is held for some seconds is waited for, which nobody needs to know.
    assert shown.count("**no record**") == 1
    assert "exit retrain 2" in shown
    lines[1].records = []
    assert report(lines).count("**no record**") == 2


def test_a_reader_sees_half_a_list_and_two_runs(nights):
    database = Sqlite(nights)
    engine = create_engine(database.url, poolclass=NullPool)
    users = live_users(engine)
    assert users
    assert read_lists(engine, users) == ""
    with engine.begin() as connection:
        gone = "DELETE FROM recommendation WHERE user_id = :user AND rank = 3"
        connection.execute(text(gone), {"user": users[0]})
    assert f"user {users[0]} has ranks [1, 2, 4" in read_lists(engine, users)


def test_every_fault_comes_once_before_any_comes_again():
    weeks = [drawn(week, 5) for week in range(3 * len(FAULTS))]
    names = [name for name, _ in weeks]
    for start in range(0, len(names), len(FAULTS)):
        assert set(names[start : start + len(FAULTS)]) == set(FAULTS)
    assert weeks == [drawn(week, 5) for week in range(len(weeks))]
    assert {night for _, night in weeks} == set(range(7))


def test_a_slope_is_told_with_an_interval_that_holds_it():
    rng = np.random.default_rng(0)
    nights = np.arange(140, 365)
    told = flatness([(int(night), 10 + rng.normal()) for night in nights])
    assert told.low < 0 < told.high
    assert abs(told.slope) < 0.05
    rising = flatness([(int(night), float(night)) for night in nights])
    assert rising.slope == pytest.approx(100 / nights.mean())
    assert rising.low > 0.3
    assert flatness([(night, 1.0) for night in range(140, 180)]) is None


def test_the_log_is_json_a_line(nights):
    for line in (nights / log.FILE).read_text().splitlines():
        assert {"night", "fault", "steps", "disk", "rows", "records"} <= set(json.loads(line))
