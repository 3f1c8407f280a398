"""Old messages go, and nobody is told a second time because of it."""

from datetime import timedelta

from sqlalchemy import text

from storage.notifications.aging import age_notifications
from storage.schema.types import utc_now
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import raise_alert, resolve_alerts
from tests.flows.steps.notify.test_telling import STALE, failed_run, tell

OTHER = NewAlert("stale", "items", "rows_of_day", "fault", "No items.", 0.0, 40.0, {})
LATER = timedelta(seconds=1)


def stored(session) -> list[str]:
    with session.engine.connect() as connection:
        rows = connection.execute(text("SELECT event FROM notification ORDER BY id"))
        return list(rows.scalars())


def test_what_was_told_goes_and_is_not_told_again(placement, receiver):
    session = placement()
    tell(session)
    number, _ = raise_alert(session.engine, "default", STALE)
    failed_run(session, "run-1", "no memory")
    tell(session)
    told = list(receiver.events)
    assert sorted(told) == ["failed", "raised"]
    before = utc_now() + LATER
    assert age_notifications(session.engine, "default", before, dry_run=True) == 1
    assert len(stored(session)) == 3
    # the alert still stands: its message is the memory of having told it
    assert age_notifications(session.engine, "default", before) == 1
    assert stored(session) == ["started", "raised"]
    tell(session)
    assert receiver.events == told
    resolve_alerts(session.engine, [number], "the export runs again")
    tell(session)
    assert receiver.events == [*told, "resolved"]
    assert age_notifications(session.engine, "default", utc_now() + LATER) == 2
    tell(session)
    assert receiver.events == [*told, "resolved"]
    assert stored(session) == ["started"]


def test_what_waits_for_a_receiver_and_what_is_young_stays(placement, receiver):
    session = placement()
    tell(session)
    number, _ = raise_alert(session.engine, "default", STALE)
    receiver.status = 503
    tell(session)
    resolve_alerts(session.engine, [number], "gone")
    assert age_notifications(session.engine, "default", utc_now() + LATER) == 0
    receiver.status = 200
    other, _ = raise_alert(session.engine, "default", OTHER)
    resolve_alerts(session.engine, [other], "gone")
    assert age_notifications(session.engine, "default", utc_now() - timedelta(days=1)) == 0
    assert age_notifications(session.engine, "mail", utc_now() + LATER) == 0
    assert stored(session)[:2] == ["started", "raised"]
