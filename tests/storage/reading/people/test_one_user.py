"""One user in SQL: how they are served, ranks in several runs, blocks that concern them."""

from datetime import timedelta

from sqlalchemy import insert

from storage.database.engine import writing
from storage.reading.people.one_user import (
    blocks_touching,
    example_users,
    ranks_in_runs,
    retained_runs,
    served_as,
)
from storage.reading.recommendations import fallback_for
from storage.schema.tables import blocked_item
from storage.schema.types import utc_now
from storage.slots.publish import publish
from tests.storage.making import begin, end, make_run


def test_a_user_is_known_by_their_run_alone(engine):
    first, second = make_run(engine, "r1", ["u1", "u2"]), make_run(engine, "r2", ["u2", "u3"])
    served = served_as(engine, first, "u1")
    assert served is not None
    assert (served.route, served.segment) == ("warm", "old")
    assert served_as(engine, second, "u1") is None
    assert example_users(engine, second, "warm", 1) == ["u2"]
    assert example_users(engine, second, "cold", 9) == []


def test_ranks_of_several_runs_stand_together(engine):
    numbers = [make_run(engine, name) for name in ("r1", "r2", "r3")]
    ranks = ranks_in_runs(engine, numbers[1:], "u1", 2)
    assert ranks.rows() == [
        (numbers[1], "r2-1", 1),
        (numbers[1], "r2-2", 2),
        (numbers[2], "r3-1", 1),
        (numbers[2], "r3-2", 2),
    ]
    assert ranks_in_runs(engine, [], "u1", 2).is_empty()


def test_runs_that_hold_lists_come_newest_first(engine):
    for name in ("r1", "r2", "r3"):
        make_run(engine, name)
    make_run(engine, "m1", placement="mail")
    end(engine, begin(engine, "r4"), "failed")
    end(engine, begin(engine, "r5"), "rejected")
    begin(engine, "r6")
    assert [one.run_id for one in retained_runs(engine, "default", 3)] == ["r5", "r3", "r2"]


def test_what_is_live_is_one_of_them_however_old_it_is(engine):
    numbers = [make_run(engine, name) for name in ("r1", "r2", "r3")]
    runs = retained_runs(engine, "default", 2, numbers[0])
    assert [one.run_id for one in runs] == ["r3", "r1"]
    assert [one.n_lists for one in runs] == [None, None]  # their manifests do not say


def test_blocks_of_a_user_and_of_everyone_on_their_items_are_found(engine):
    ended = utc_now() - timedelta(days=1)
    rows = [
        {"item_id": "mine", "user_id": "u1", "reason": "asked"},
        {"item_id": "theirs", "user_id": "u2"},
        {"item_id": "listed", "until": ended},
        {"item_id": "elsewhere"},
        {"item_id": "listed", "placement": "mail"},
    ]
    with writing(engine) as connection:
        for row in rows:
            connection.execute(insert(blocked_item).values({"placement": "default", **row}))
    found = blocks_touching(engine, "default", "u1", ["listed"], 9)
    assert [(one.item_id, one.is_personal, one.is_active) for one in found] == [
        ("listed", False, False),
        ("mine", True, True),
    ]
    assert found[1].reason == "asked"
    assert str(found[0].until)[:10] == f"{ended:%Y-%m-%d}"
    assert len(blocks_touching(engine, "default", "u1", ["listed"], 1)) == 1
    assert [one.item_id for one in blocks_touching(engine, "default", "u1", [], 9)] == ["mine"]


def test_the_fallback_of_a_segment_without_one_is_that_of_everyone(engine):
    run_no = make_run(engine, "r1")
    assert fallback_for(engine, "default", None).rows.is_empty()
    publish(engine, "default", run_no, by="ann", reason="test")
    for segment in (None, "old"):
        shown = fallback_for(engine, "default", segment)
        assert (shown.served_by, shown.rows["item_id"][0]) == ("all", "r1-1")
