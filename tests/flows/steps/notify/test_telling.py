"""What is told, to whom it may concern: once, in words, and never of what is old."""

import hmac
import time
from datetime import timedelta
from functools import partial
from hashlib import sha256
from types import SimpleNamespace

import pytest

from flows.steps.notify import telling as module
from flows.steps.notify.telling import tell_safely, telling
from fusion.errors import DataError, Refused, Temporary
from storage.runs.runs import add_refusal, finish_run, start_run
from storage.schema.types import utc_now
from storage.slots.publish import publish
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import acknowledge, alerts_of, raise_alert, resolve_alerts
from tests.flows.steps.notify.conftest import SECRET
from tests.storage.making import make_run

STALE = NewAlert(
    "stale",
    "interactions",
    "rows_of_day",
    "fault",
    "Nothing has come since Monday. Is the export running?",
    0.0,
    40.0,
    {"low": 40.0, "high": 80.0},
)
SHIFTED = NewAlert("shifted", "items.price", "mean", "change", "Prices have moved.", 3.0, 2.0)


def config_of(session):
    return session.base / "fusion.toml"


def tell(session, began=None) -> None:
    tell_safely(config_of(session), "watch", began or utc_now())


def fail(session, failure: Exception, verb: str = "retrain", first=None) -> None:
    with pytest.raises(type(failure)), telling(config_of(session), verb):
        _raise(failure, first)


def _raise(failure: Exception, first) -> None:
    if first:
        first()
    raise failure


def failed_run(session, run_id: str, reason: str) -> None:
    run_no = start_run(
        session.engine, run_id, "default", kind="full", as_of=None, data_hash="d", config_hash="c"
    )
    ends = {"method": None, "list_size": None, "verdict": {}, "manifest": {"error": reason}}
    finish_run(session.engine, run_no, "failed", **ends)


def test_an_alert_is_told_once_with_all_that_a_person_needs(placement, receiver):
    session = placement()
    number, _ = raise_alert(session.engine, "default", STALE)
    for _ in range(3):
        tell(session)
    (message,) = receiver.messages
    assert (message["event"], message["cause"], message["placement"]) == (
        "raised",
        "stale",
        "default",
    )
    assert message["title"] == "fusion default: alert, stale"
    for words in (
        "Nothing has come since Monday. Is the export running?",
        "Since 20",
        "rows_of_day of interactions: 0; usual is 40 to 80",
        "Cause: stale (fault: the data is broken)",
        f"fusion alerts ack {number} --why TEXT --config {config_of(session)}",
    ):
        assert words in message["text"]
    assert message["events"][0]["alert"] == number
    assert message["commands"][1] == (
        f"fusion alerts ack {number} --why TEXT --config {config_of(session)}"
    )


def test_a_webhook_is_signed_with_its_moment_and_a_key(placement, receiver):
    session = placement()
    raise_alert(session.engine, "default", STALE)
    tell(session)
    (headers,), (body,) = receiver.headers, receiver.bodies
    moment = headers["X-Fusion-Timestamp"]
    assert abs(int(moment) - time.time()) < 60
    signed = hmac.new(SECRET.encode(), f"{moment}.".encode() + body, sha256).hexdigest()
    assert headers["X-Fusion-Signature"] == f"v1={signed}"
    assert headers["Idempotency-Key"] == receiver.messages[0]["key"]


def test_an_alert_is_told_again_when_it_grows_worse_and_when_it_is_over(placement, receiver):
    session = placement()
    look = NewAlert(**{**vars(STALE), "severity": "look"})
    number, _ = raise_alert(session.engine, "default", look)
    tell(session)
    raise_alert(session.engine, "default", STALE)
    tell(session)
    raise_alert(session.engine, "default", look)
    tell(session)
    resolve_alerts(session.engine, [number], "the export runs again")
    tell(session)
    assert receiver.events == ["raised", "escalated", "resolved"]
    assert "Too little is known for an alarm" in receiver.messages[0]["text"]
    assert "Resolved: the export runs again" in receiver.messages[2]["text"]


def test_what_nobody_heard_of_needs_no_all_clear(placement, receiver):
    session = placement()
    tell(session)
    number, _ = raise_alert(session.engine, "default", STALE)
    resolve_alerts(session.engine, [number], "it was nothing")
    raise_alert(session.engine, "default", SHIFTED)
    (_, other) = alerts_of(session.engine, "default", ["open", "resolved"])
    acknowledge(session.engine, "default", other.id, by="ann", why="a sale")
    tell(session)
    assert receiver.events == []


def test_an_acknowledgement_that_is_over_is_told(placement, receiver):
    session = placement()
    number, _ = raise_alert(session.engine, "default", STALE)
    tell(session)
    until = utc_now() - timedelta(seconds=1)
    acknowledge(session.engine, "default", number, by="ann", why="a holiday", until=until)
    tell(session)
    tell(session)
    assert receiver.events == ["raised", "reopened"]


def test_one_cause_is_one_message_and_then_quiet(placement, receiver):
    session = placement()
    subjects = ("interactions", "items", "users")
    stale = [NewAlert(**{**vars(STALE), "subject": subject}) for subject in subjects]
    for one in stale[:2]:
        raise_alert(session.engine, "default", one)
    raise_alert(session.engine, "default", SHIFTED)
    tell(session)
    assert sorted(message["cause"] for message in receiver.messages) == ["shifted", "stale"]
    assert "stale (2)" in receiver.messages[0]["title"]
    raise_alert(session.engine, "default", stale[2])
    tell(session)
    assert len(receiver.messages) == 2
    # What waited is told when the quiet period is over.
    session = placement("quiet = 0.0000001")
    tell(session)
    assert [one["subject"] for one in receiver.messages[2]["events"]] == ["users"]


def test_runs_that_failed_were_refused_or_killed_are_told(placement, receiver):
    session = placement()
    began = utc_now()
    failed_run(session, "r1", "DataError: ratings.csv has no column userId")
    number = make_run(session.engine, "r2")
    checks = [
        {"name": "nothing blocked", "holds": False, "message": "7 rows break it"},
        {"name": "other", "holds": True, "message": "fine"},
    ]
    add_refusal(session.engine, number, "ann", checks)
    tell(session, began)
    tell(session, began)
    assert receiver.events == ["failed", "refused"]
    failed, refused = (message["text"] for message in receiver.messages)
    assert "Run r1 failed at" in failed
    assert "DataError: ratings.csv has no column userId" in failed
    assert "Run r2 is not shown: nothing blocked (7 rows break it)" in refused
    assert "fusion diff live r2" in refused


def test_what_goes_live_is_told_where_that_is_asked_for(placement, receiver):
    session = placement()
    tell(session)
    publish(session.engine, "default", make_run(session.engine, "r1"), by="ann", reason="u7 asked")
    tell(session)
    assert receiver.events == []
    session = placement('on = ["published"]')
    tell(session)
    (message,) = receiver.messages
    assert "Run r1 is live since" in message["text"]
    assert "u7" not in str(message)


def test_nothing_is_told_that_is_older_than_the_first_verb(placement, receiver):
    session = placement('on = ["failed", "published"]')
    failed_run(session, "r1", "DataError: no rows")
    publish(session.engine, "default", make_run(session.engine, "r2"), by="ann", reason="first")
    tell(session)
    failed_run(session, "r3", "ConfigError: no window")
    tell(session)
    (message,) = receiver.messages
    assert message["events"][0]["run"] == "r3"


def test_a_verb_that_fails_before_a_run_begins_is_told_without_examples(placement, receiver):
    session = placement()
    fail(session, DataError("2 rows have no item", [{"user": "u4711"}]))
    fail(session, DataError("2 rows have no item", [{"user": "u4711"}]))
    (message,) = receiver.messages
    assert message["title"] == "fusion default: failed, retrain (DataError)"
    assert "`fusion retrain` failed at" in message["text"]
    assert "2 rows have no item" in message["text"]
    assert "u4711" not in str(message)


def test_a_failure_is_told_once_where_its_run_tells_of_it(placement, receiver):
    session = placement()
    end = partial(failed_run, session, "r1", "DataError: no rows")
    fail(session, DataError("no rows"), "run", first=end)
    (message,) = receiver.messages
    assert message["events"][0]["run"] == "r1"


def test_what_a_later_try_may_mend_is_told_where_that_is_asked_for(placement, receiver):
    session = placement()
    fail(session, Temporary("another training goes on"))
    fail(session, Refused("it is frozen"), "publish")
    assert receiver.events == []
    fail(placement('on = ["temporary"]'), Temporary("another training goes on"))
    assert receiver.events == ["temporary"]


def test_a_person_at_a_terminal_is_not_told_of_their_own_slip(placement, receiver, monkeypatch):
    session = placement()
    terminal = SimpleNamespace(closed=False, isatty=lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    fail(session, DataError("no rows"))
    fail(session, DataError("no run of that name"), "publish")
    assert receiver.events == []


def test_where_the_database_is_away_a_failure_is_told_all_the_same(
    placement, receiver, tmp_path, caplog
):
    session = placement()
    text = config_of(session).read_text()
    away = "postgresql+psycopg://ann:hunter2@127.0.0.1:1/shop"
    config_of(session).write_text(text.replace(session.config.storage.url, away))
    fail(session, DataError("no rows"))
    assert receiver.events == ["failed"]
    assert "nobody was told" in caplog.text
    assert "hunter2" not in caplog.text


def test_without_receivers_nothing_is_opened_or_stored(placement, receiver, monkeypatch):
    session = placement()
    config_of(session).write_text('[data]\ninteractions = "none.csv"\n')
    monkeypatch.setattr(module, "tell", None)
    tell(session)
    config_of(session).write_text("nonsense")
    tell(session)


def test_words_of_the_data_steer_nothing_and_call_nobody(placement, receiver):
    session = placement()
    title = "<script>alert(1)</script> \x1b[31m @channel <!here>\nforged line"
    raise_alert(session.engine, "default", NewAlert(**{**vars(STALE), "subject": title}))
    tell(session)
    (message,) = receiver.messages
    figure = next(line for line in message["text"].splitlines() if "usual" in line)
    assert "\x1b" not in figure
    assert r"\x1b[31m" in figure
    assert r"\nforged line" in figure
    assert not {"<", ">"} & set(message["text"])
    assert "@channel" not in figure
