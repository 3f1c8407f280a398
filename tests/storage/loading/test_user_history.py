"""Histories of users in SQL: packed, replaced by the next run, gone with their run."""

from datetime import UTC, datetime

import polars as pl
import pytest
from sqlalchemy import select

from fusion.errors import DataError
from storage.loading.user_history import pack_events, replace_histories
from storage.reading.people.histories import Event, history_of
from storage.runs.erasure import forget_rows
from storage.runs.histories import count_histories, drop_histories
from storage.runs.retention import delete_run, remove_rows
from storage.schema.tables import user_history
from tests.storage.making import AS_OF, make_run

AT = datetime(2026, 10, 5, 3, 4, 5, tzinfo=UTC)
SCHEMA = {
    "user_id": pl.String,
    "item_id": pl.String,
    "time": pl.Datetime("ms", "UTC"),
    "weight": pl.Float32,
}


def block(*rows) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row")


def load(engine, run_no: int, *blocks: pl.DataFrame, placement: str = "default") -> int:
    return replace_histories(engine, placement, run_no, blocks, "ann")


def test_events_come_back_as_they_were(engine):
    run_no = make_run(engine, "r1")
    hostile = 'i"\\\n\u2028{{1}}</script>'
    rows = [("u1", hostile, AT, 4.5), ("u1", "i2", None, None), ("u2", "i3", AT, 0.1)]
    assert load(engine, run_no, block(*rows[:2]), block(rows[2])) == 2
    stored = history_of(engine, "default", "u1")
    assert (stored.run_id, stored.as_of) == ("r1", AS_OF)
    assert stored.events == (Event(hostile, AT, 4.5), Event("i2", None, None))
    assert history_of(engine, "default", "u2").events[0].weight == 0.1
    assert history_of(engine, "default", "u3") is None
    assert history_of(engine, "mail", "u1") is None


def test_the_next_run_takes_the_place_of_the_one_before_in_its_placement_alone(engine):
    first, second = make_run(engine, "r1"), make_run(engine, "r2")
    mail = make_run(engine, "m1", placement="mail")
    load(engine, first, block(("u1", "i1", AT, None), ("u2", "i1", AT, None)))
    load(engine, mail, block(("u1", "i7", AT, None)), placement="mail")
    load(engine, second, block(("u1", "i2", AT, None)))
    assert history_of(engine, "default", "u1").events[0].item_id == "i2"
    assert history_of(engine, "default", "u2") is None
    assert history_of(engine, "mail", "u1").events[0].item_id == "i7"
    load(engine, second, block(("u1", "i3", AT, None)))  # the same run once more
    assert count_histories(engine, "default") == 1
    assert load(engine, second) == 0
    assert count_histories(engine, "default") == 0


def test_they_go_with_the_setting_the_person_and_the_run(engine):
    run_no = make_run(engine, "r1")
    rows = [(user, "i1", AT, None) for user in ("u1", "u2")]
    load(engine, run_no, block(*rows))
    counts, present = forget_rows(engine, ["u1"])
    assert (counts["user_history"], present) == (1, {"u1"})
    assert history_of(engine, "default", "u1") is None
    assert drop_histories(engine, "default") == 1
    assert drop_histories(engine, "default") == 0
    load(engine, run_no, block(*rows))
    assert delete_run(engine, run_no)
    assert history_of(engine, "default", "u2") is None  # hidden at once
    remove_rows(engine, run_no)
    with engine.connect() as connection:
        assert connection.execute(select(user_history)).first() is None


def test_a_user_in_two_blocks_is_refused_and_nothing_changes(engine):
    run_no = make_run(engine, "r1")
    load(engine, run_no, block(("u1", "i1", AT, None)))
    again = block(("u1", "i2", AT, None))
    with pytest.raises(DataError):
        load(engine, run_no, again, again)
    assert history_of(engine, "default", "u1").events[0].item_id == "i1"


def test_a_row_is_compact():
    (events,) = pack_events(block(("u1", "i1", AT, 4.0), ("u1", "i2", AT, 3.5)))["events"]
    assert events == '{"rows":[["i1",1791169445000,4.0],["i2",1791169445000,3.5]]}'
