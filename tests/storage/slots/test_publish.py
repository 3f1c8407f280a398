from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from fusion.errors import ConfigError, Refused, UnknownName
from storage.reading.live_run import live
from storage.reading.read import history
from storage.runs.runs import find_run
from storage.schema.row_objects import Move
from storage.schema.tables import run
from storage.slots.history import rollback_path
from storage.slots.publish import publish, rollback, unfreeze
from tests.storage.making import begin, end, list_for, make_run

WHO = {"by": "ann", "reason": "because"}


def shown(engine, placement="default"):
    now = live(engine, placement)
    return now.run.run_id if now else None


def test_nothing_is_live_before_the_first_publish(engine):
    make_run(engine, "a")
    assert live(engine, "default") is None
    assert len(list_for(engine, "default", "u1")) == 0
    with pytest.raises(Refused, match="nothing to go back to"):
        rollback(engine, "default", **WHO)
    assert history(engine, "default") == []


def test_publish_moves_the_slot_and_writes_history(engine):
    a, b = make_run(engine, "a"), make_run(engine, "b")
    at = datetime(2026, 11, 2, 3, 4, 5, 678, tzinfo=UTC)
    publish(engine, "default", a, **WHO)
    move = publish(engine, "default", b, by="bob", reason="better", at=at)
    assert (move.from_run_id, move.to_run_id, move.action, move.at, move.by) == (
        "a",
        "b",
        "publish",
        at,
        "bob",
    )
    now = live(engine, "default")
    assert (now.run.run_id, now.since, now.by, now.reason, now.frozen_until) == (
        "b",
        at,
        "bob",
        "better",
        None,
    )
    assert history(engine, "default")[1] == move
    rows = list_for(engine, "default", "u1")
    assert rows["item_id"].to_list() == ["b-1", "b-2", "b-3", "b-4"]
    assert rows["published_at"].unique().to_list() == [at]
    assert rows["route"].unique().to_list() == ["warm"]


def test_publishing_what_is_live_changes_nothing(engine):
    a = make_run(engine, "a")
    first = publish(engine, "default", a, **WHO)
    again = publish(engine, "default", a, by="retry", reason="again")
    assert (again, first.is_new, again.is_new) == (first, True, False)
    assert len(history(engine, "default")) == 1


def test_an_empty_slot_is_named_with_what_fills_it(engine):
    a = make_run(engine, "a")
    with pytest.raises(ConfigError, match=r"newest runs: a\. `fusion publish RUN` shows one"):
        find_run(engine, "default", "live")
    publish(engine, "default", a, **WHO)
    with pytest.raises(ConfigError, match=r"None waits for approval: `fusion run --hold`"):
        find_run(engine, "default", "challenger")


def test_challenger_stands_beside(engine):
    a, b = make_run(engine, "a"), make_run(engine, "b")
    publish(engine, "default", a, **WHO)
    publish(engine, "default", b, slot="challenger", **WHO)
    assert shown(engine) == "a"
    assert find_run(engine, "default", "challenger").run_id == "b"
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT DISTINCT slot, run_id FROM slot_recommendations ORDER BY slot")
        ).all()
    assert rows == [("challenger", "b"), ("live", "a")]
    publish(engine, "default", b, **WHO)  # now both slots show one run
    assert list_for(engine, "default", "u1")["rank"].to_list() == [1, 2, 3, 4]


@pytest.mark.parametrize("status", ["rejected", "failed"])
def test_only_ready_runs_are_shown(engine, status):
    run_no = begin(engine, "a")
    with pytest.raises(Refused, match="training"):
        publish(engine, "default", run_no, **WHO)
    end(engine, run_no, status)
    with pytest.raises(Refused, match=status):
        publish(engine, "default", run_no, **WHO)
    with pytest.raises(Refused, match="99 does not exist"):
        publish(engine, "default", 99, **WHO)
    assert shown(engine) is None


def test_placements_do_not_touch(engine):
    home, mail = make_run(engine, "h", placement="home"), make_run(engine, "m", placement="mail")
    publish(engine, "home", home, **WHO)
    publish(engine, "mail", mail, **WHO)
    with pytest.raises(Refused, match="placement 'home', not for 'mail'"):
        publish(engine, "mail", home, **WHO)
    assert (shown(engine, "home"), shown(engine, "mail")) == ("h", "m")
    assert list_for(engine, "mail", "u1")["run_id"].unique().to_list() == ["m"]


def test_two_rollbacks_go_two_back_and_not_further(engine):
    for name in "abc":
        publish(engine, "default", make_run(engine, name), **WHO)
    assert rollback(engine, "default", **WHO).to_run_id == "b"
    assert rollback(engine, "default", **WHO).to_run_id == "a"
    with pytest.raises(Refused, match="no run before"):
        rollback(engine, "default", **WHO)
    assert shown(engine) == "a"
    assert [move.action for move in history(engine, "default")] == ["publish"] * 3 + [
        "rollback"
    ] * 2


def test_no_rollback_returns_to_a_run_that_was_taken_back(engine):
    for name in "ab":
        publish(engine, "default", make_run(engine, name), **WHO)
    rollback(engine, "default", **WHO)
    publish(engine, "default", make_run(engine, "c"), **WHO)
    assert rollback(engine, "default", **WHO).to_run_id == "a"  # b was bad


def test_rollback_to_a_named_run(engine):
    for name in "abc":
        publish(engine, "default", make_run(engine, name), **WHO)
    make_run(engine, "never")
    assert rollback(engine, "default", "a", **WHO).to_run_id == "a"
    assert rollback(engine, "default", "c", **WHO).to_run_id == "c"  # forward again
    assert rollback(engine, "default", **WHO).to_run_id == "a"
    with pytest.raises(
        UnknownName, match=r"unknown run that was live in placement 'default' 'never'.*a, b, c"
    ):
        rollback(engine, "default", "never", **WHO)


def test_rollback_is_refused_when_the_run_is_gone(engine):
    for name in "ab":
        publish(engine, "default", make_run(engine, name), **WHO)
    with engine.begin() as connection:
        connection.execute(update(run).where(run.c.run_id == "a").values(status="deleted"))
    with pytest.raises(Refused, match="run 'a' is deleted"):
        rollback(engine, "default", **WHO)
    assert shown(engine) == "b"


def test_freeze_holds_publishes_but_not_rollbacks(engine):
    runs = [make_run(engine, name) for name in "abc"]
    for run_no in runs:
        publish(engine, "default", run_no, **WHO)
    rollback(engine, "default", freeze=timedelta(hours=1), by="ann", reason="odd lists")
    with pytest.raises(Refused, match=r"frozen until .* by ann: odd lists"):
        publish(engine, "default", runs[2], **WHO)
    assert rollback(engine, "default", **WHO).to_run_id == "a"
    assert live(engine, "default").frozen_until > datetime.now(UTC)
    assert unfreeze(engine, "default", "bob").action == "unfreeze"
    assert unfreeze(engine, "default", "bob") is None
    assert publish(engine, "default", runs[2], **WHO).from_run_id == "a"


def test_a_freeze_ends_by_itself(engine):
    a, b = make_run(engine, "a"), make_run(engine, "b")
    publish(engine, "default", a, **WHO)
    publish(engine, "default", b, **WHO)
    rollback(engine, "default", freeze=timedelta(seconds=-1), **WHO)
    assert publish(engine, "default", b, **WHO).to_run_id == "b"


def test_naive_times_are_refused(engine):
    run_no = make_run(engine, "a")
    with pytest.raises(Exception, match="has no zone"):
        publish(engine, "default", run_no, at=datetime(2026, 1, 1), **WHO)
    assert shown(engine) is None


def test_the_way_back():
    def moved(action: str, to: int) -> Move:
        return Move(0, "p", "live", action, None, None, to, str(to), datetime.now(UTC), "x", None)

    assert rollback_path([]) == []
    assert rollback_path([moved("publish", 1), moved("publish", 2), moved("unfreeze", 2)]) == [1, 2]
    steps = [
        ("publish", 1),
        ("publish", 2),
        ("publish", 1),
        ("rollback", 2),
        ("rollback", 1),
        ("publish", 3),
    ]
    ways = [[1], [1, 2], [1, 2, 1], [1, 2], [1], [1, 3]]
    for count, way in enumerate(ways, 1):
        assert rollback_path([moved(*step) for step in steps[:count]]) == way
