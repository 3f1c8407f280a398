"""The timeline: everything that happened, by whom, newest first, page by page."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from fusion.core.clocks import clock_at
from storage.database.engine import writing
from storage.reading.over_time.timeline import READERS, timeline
from storage.schema.tables import blocked_item
from storage.slots.blocks import block_item, end_blocks
from tests.storage.reading.over_time.world import BEGIN, DAY, add_past


@pytest.fixture
def past(engine):
    return add_past(engine)


def happened(engine, *kinds, placement="home"):
    lines, older = timeline(engine, placement, kinds or list(READERS), None, 100)
    assert older is None
    return lines


def test_every_kind_is_told_with_who_did_it_and_why(engine, past):
    assert [
        (one.what, one.run_id, one.other, one.by, one.why)
        for one in happened(engine, "publish", "approval", "rollback")
    ] == [
        ("reject", "r2", None, "bea", "still worse"),
        ("hold", "r2", None, "ann", "again"),
        ("rollback", "r1", "r2", "cy", "worse"),
        ("approve", "r2", "r1", "bea", "good"),
        ("hold", "r2", None, "ann", "second"),
        ("publish", "r1", None, "ann", "first"),
    ]


def test_trainings_are_told_by_their_end_and_refused_ones_as_refusals(engine, past):
    trained = [(one.what, one.run_id, one.why) for one in happened(engine, "training")]
    assert trained == [
        ("failed", "r4", "DataError: no file"),
        ("ready", "r2", None),
        ("ready", "r1", None),
    ]
    refused = [(one.run_id, one.by, one.why) for one in happened(engine, "refusal")]
    # The refusal to publish was made now, that of the training when it ended.
    assert sorted(refused) == [
        ("r2", "dan", "12 users have lists, 50 must"),
        ("r3", None, "12 users have lists, 50 must"),
    ]


def test_decisions_watches_and_alerts_are_told(engine, past):
    said = [(one.what, one.why) for one in happened(engine, "decision")]
    assert said == [("due", "too old"), ("not_due", "too young")]
    (watched,) = happened(engine, "watch")
    assert (watched.number, watched.run_id) == (past["watch"], "r1")
    assert [(one.what, one.by, one.why, one.number) for one in happened(engine, "alert")] == [
        ("resolved", None, "all is well", past["alert"]),
        ("acknowledged", "eve", "known", past["alert"]),
        ("raised", None, "rows are missing", past["alert"]),
    ]


def test_blocks_are_told_as_they_began_and_as_somebody_ended_them(engine, past):
    begin = datetime.now(UTC).replace(microsecond=0)
    by_hand = [
        {"item_id": "over", "until": BEGIN + DAY, "reason": "a week", "by": "ann"},
        {"item_id": "planned", "starts_at": begin + 9 * DAY, "reason": "premiere", "by": "ann"},
        {"item_id": "own", "starts_at": BEGIN, "user_id": "u1", "reason": "bought", "by": "shop"},
    ]
    empty = dict.fromkeys(("starts_at", "until", "user_id"))
    with writing(engine) as connection:
        for row in by_hand:
            connection.execute(insert(blocked_item).values(empty | row | {"placement": "home"}))
    block_item(engine, "home", "i7", by="bea", reason="recalled; see mail")
    end_blocks(engine, [4], by="cy", reason="sold: again")
    lines = happened(engine, "block")
    assert [(one.what, one.item, one.by, one.why) for one in lines] == [
        ("end", "i7", "cy", "sold: again"),
        ("block", "i7", "bea", "recalled; see mail"),
        ("end", "over", None, None),
    ]
    assert lines[0].at >= lines[1].at >= begin
    assert lines[2].at == BEGIN + DAY
    older, _ = timeline(engine, "home", ["block"], begin, 100)
    assert [one.item for one in older] == ["over"]


def test_what_ended_in_this_very_millisecond_has_happened(engine, past):
    with clock_at(BEGIN + 2 * DAY):
        block_item(engine, "home", "i7", by="bea", reason="recalled")
        end_blocks(engine, [1], by="cy", reason="sold")
        told = [(one.what, one.item) for one in happened(engine, "block")]
    assert told == [("end", "i7"), ("block", "i7")]


def test_other_placements_are_not_told(engine, past):
    assert [one.run_id for one in happened(engine, placement="mail")] == ["elsewhere"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_tell_everything_once(engine, past, limit):
    everything = happened(engine)
    told, before = [], None
    for _ in range(len(everything)):
        page, before = timeline(engine, "home", list(READERS), before, limit)
        told += page
        assert len({one.at for one in page}) <= limit
        if before is None:
            break
    assert told == everything
    assert [one.at for one in told] == sorted((one.at for one in told), reverse=True)


def test_what_happened_at_one_moment_stays_on_one_page(engine, past):
    # The watch and its alert are of the same moment.
    page, older = timeline(engine, "home", ["watch", "alert"], BEGIN + 4.5 * DAY, 1)
    assert [one.kind for one in page] == ["watch", "alert"]
    assert older is None
