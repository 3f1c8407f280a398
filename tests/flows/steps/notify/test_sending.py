"""Receivers that are down, slow or away: told later, once, and no verb waits for them."""

import subprocess
import sys
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from flows.steps.notify.sending import FIRST_WAIT, LONGEST_WAIT, next_try
from storage.notifications.deliveries import Delivery, claim, waiting
from storage.schema.outbox_tables import delivery, notification
from storage.schema.types import utc_now
from storage.watches.alerts import raise_alert
from tests.flows.steps.notify.receiver import receiving
from tests.flows.steps.notify.test_telling import SHIFTED, STALE, config_of, tell
from tests.flows.world import environment, query

TELLING = """\
import sys
from pathlib import Path
from flows.steps.notify.telling import tell_safely
from storage.schema.types import utc_now
tell_safely(Path(sys.argv[1]), "watch", utc_now())
"""


def make_due(session) -> None:
    """As if the wait before the next try were over."""
    with session.engine.begin() as connection:
        connection.execute(update(delivery).values(due_at=utc_now() - timedelta(seconds=1)))


def states(session) -> list[tuple]:
    return query(
        session.storage.url, "select state, tries from delivery order by notification_id, receiver"
    )


def test_a_receiver_that_was_down_gets_it_later_and_once(placement, receiver, caplog):
    session = placement()
    receiver.status = 503
    raise_alert(session.engine, "default", STALE)
    tell(session)
    assert receiver.bodies == []
    assert "it answered 503" in caplog.text
    receiver.status = 204
    tell(session)
    # The wait before the next try is not over.
    assert (receiver.bodies, states(session)) == ([], [("waiting", 1)])
    make_due(session)
    for _ in range(3):
        tell(session)
    assert (receiver.events, states(session)) == (["raised"], [("sent", 2)])


def pass_minutes(session, minutes: float) -> None:
    """As if time had passed since all that is stored of messages."""
    ago = timedelta(minutes=minutes)
    with session.engine.begin() as connection:
        for column in (delivery.c.due_at, notification.c.at):
            # In Python: the two databases subtract times in words of their own.
            rows = connection.execute(select(column).distinct()).scalars().all()
            for at in sorted(rows):
                earlier = {column.name: at - ago}
                connection.execute(update(column.table).where(column == at).values(earlier))


def test_a_receiver_that_is_away_for_an_hour_is_tried_seldom_and_hears_all_of_it_once(
    placement, receiver
):
    session = placement()
    receiver.status = 503
    raise_alert(session.engine, "default", STALE)
    for minute in range(0, 60, 5):
        if minute == 30:
            raise_alert(session.engine, "default", SHIFTED)
        tell(session)
        pass_minutes(session, 5)
    # After waits of 1, 2, 4, 8 and 16 minutes, each until the next watch. The second came at 30
    # and was not sent at 45, when the first was not taken either.
    assert states(session) == [("waiting", 6), ("waiting", 4)]
    receiver.status = 204
    for _ in range(13):
        tell(session)
        pass_minutes(session, 5)
    assert [state for state, _ in states(session)] == ["sent", "sent"]
    assert sorted(receiver.events) == ["raised", "raised"]


def test_a_receiver_that_nobody_answers_for_is_tried_again(placement, receiver):
    with receiving() as gone:
        port = gone.url.split(":")[2].split("/")[0]
    session = placement(urls=f"'{gone.url}', '{receiver.url}'")
    raise_alert(session.engine, "default", STALE)
    tell(session)
    # The others are told all the same.
    assert receiver.events == ["raised"]
    assert sorted(states(session)) == [("sent", 1), ("waiting", 1)]
    with receiving(int(port)) as back:
        make_due(session)
        tell(session)
        assert back.events == ["raised"]
    assert receiver.events == ["raised"]


def test_a_slow_receiver_holds_no_verb_up(placement, receiver):
    session = placement("seconds = 0.3")
    receiver.delay = 8
    raise_alert(session.engine, "default", STALE)
    began = time.monotonic()
    tell(session)
    assert time.monotonic() - began < 7
    assert states(session)[0][0] == "waiting"


def test_waits_grow_to_an_hour_and_end_with_giving_up():
    now = utc_now()

    def wait(tries: int, age: timedelta = timedelta(0)):
        one = Delivery(1, "mark", now - age, tries, {}, None)
        at = next_try(one, now, timedelta(hours=72))
        return at and (at - now).total_seconds()

    assert [wait(tries) for tries in (0, 1, 2, 50)] == [
        FIRST_WAIT,
        2 * FIRST_WAIT,
        4 * FIRST_WAIT,
        LONGEST_WAIT,
    ]
    assert wait(9, timedelta(hours=71.5)) is None


def test_a_message_that_nobody_takes_is_given_up(placement, receiver):
    session = placement()
    receiver.status = 500
    raise_alert(session.engine, "default", STALE)
    tell(session)
    with session.engine.begin() as connection:
        connection.execute(update(notification).values(at=utc_now() - timedelta(hours=80)))
    make_due(session)
    tell(session)
    assert states(session) == [("given_up", 2)]


def test_a_claim_is_of_one_process_until_it_is_over(placement, receiver):
    session = placement()
    receiver.status = 500
    raise_alert(session.engine, "default", STALE)
    tell(session)
    make_due(session)
    now = utc_now()
    marks = {row[0] for row in query(session.storage.url, "select receiver from delivery")}
    (one,) = waiting(session.engine, "default", marks, now)
    assert claim(session.engine, one, now, now + timedelta(minutes=1))
    assert not claim(session.engine, one, now, now + timedelta(minutes=1))
    assert waiting(session.engine, "default", marks, now) == []
    later = now + timedelta(minutes=2)
    assert claim(session.engine, one, later, later + timedelta(minutes=1))


def test_processes_that_tell_at_once_tell_once(placement, receiver):
    session = placement()
    for new in (STALE, SHIFTED):
        raise_alert(session.engine, "default", new)
    words = [sys.executable, "-c", TELLING, str(config_of(session))]
    processes = [
        subprocess.Popen(words, env=environment(), stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert sorted(message["cause"] for message in receiver.messages) == ["shifted", "stale"]


def test_no_log_and_no_table_shows_a_part_of_a_url(placement, receiver, caplog):
    session = placement()
    receiver.status = 403
    raise_alert(session.engine, "default", STALE)
    tell(session)
    stored = str(query(session.storage.url, "select * from delivery"))
    stored += str(query(session.storage.url, "select * from notification"))
    for secret in ("T0K3NPART", "QUERYSECRET", "a secret of webhooks"):
        assert secret in config_of(session).read_text()
        assert secret not in caplog.text + stored


@pytest.mark.parametrize("status", [301, 404])
def test_other_answers_are_no_delivery(placement, receiver, status):
    session = placement()
    receiver.status = status
    raise_alert(session.engine, "default", STALE)
    tell(session)
    assert states(session) == [("waiting", 1)]
