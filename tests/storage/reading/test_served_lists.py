"""What runs served: lists of some users, fallback lists, blocks with their times."""

from datetime import UTC, datetime

import polars as pl
from sqlalchemy import insert, text

from storage.database.engine import writing
from storage.loading.bulk import load_fallback, load_lists
from storage.reading import served_lists
from storage.reading.published_runs import published_runs
from storage.reading.served_lists import blocks_of, fallback_of, lists_of_users
from storage.schema.tables import blocked_item
from storage.slots.publish import publish
from tests.storage.making import AS_OF, begin, end, lists


def run_of(engine, run_id, users):
    """A finished run with lists of some users, and a fallback."""
    run_no = begin(engine, run_id)
    load_lists(engine, run_no, [lists(run_id, users)])
    fallback = lists(run_id, ["all"], rows=2).rename({"user_id": "segment"})
    load_fallback(engine, run_no, fallback)
    end(engine, run_no)
    return run_no


def test_lists_are_those_of_the_asked_users_with_their_reserve(engine, monkeypatch):
    monkeypatch.setattr(served_lists, "USERS_AT_ONCE", 2)
    users = [f"u{number}" for number in range(5)]
    run_no = run_of(engine, "a", users)
    run_of(engine, "b", users)
    asked = lists_of_users(engine, run_no, ["u4", "u0", "u2", "nobody"])
    assert set(asked["user"]) == {"u0", "u2", "u4"}
    assert len(asked) == 3 * 7
    first = asked.filter(pl.col("user") == "u2").sort("rank")
    assert first["item"].to_list() == [f"a-{rank}" for rank in range(1, 8)]
    assert lists_of_users(engine, run_no, []).is_empty()
    assert fallback_of(engine, run_no).sort("rank").rows() == [
        ("all", "a-1", 1),
        ("all", "a-2", 2),
    ]


def test_published_runs_are_those_that_were_live_once(engine):
    first, second, _never = (run_of(engine, name, ["u"]) for name in ("a", "b", "c"))
    for run_no in (first, second, first):
        publish(engine, "default", run_no, by="test", reason="test")
    found = published_runs(engine, "default")
    assert [one.run_no for one in found] == [first, second]
    assert {(one.as_of, one.status) for one in found} == {(AS_OF, "ready")}
    assert found[0].live_at < found[1].live_at
    assert published_runs(engine, "mail") == []


def test_blocks_come_with_their_times_in_ms(engine):
    moment = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    rows = [
        {"item_id": "i1", "starts_at": moment, "placement": "default"},
        {"item_id": "i2", "user_id": "u", "until": moment, "placement": "default"},
        {"item_id": "i3", "placement": "mail"},
    ]
    with writing(engine) as connection:
        for values in rows:
            connection.execute(insert(blocked_item).values(values))
        by_hand = "INSERT INTO blocked_item (placement, item_id, until) VALUES (:p, 'i4', :day)"
        connection.execute(text(by_hand), {"p": "default", "day": "2026-03-05"})
    ms = round(moment.timestamp() * 1000)
    day = round(datetime(2026, 3, 5, tzinfo=UTC).timestamp() * 1000)
    assert blocks_of(engine, "default").rows() == [
        ("i1", None, ms, None),
        ("i2", "u", None, ms),
        ("i4", None, None, day),
    ]
    assert blocks_of(engine, "none").is_empty()
