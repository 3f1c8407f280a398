"""Forms of the pages do what verbs do: the same rows, in the name of the person."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import quote

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from flows.cli.options.times import parse_moment, parse_span
from flows.session import Session
from flows.steps.site.site import guarded_dashboards, require_answerable
from flows.steps.site.writes import Times, writes_of
from fusion.errors import ConfigError
from storage.reading.live_run import live
from storage.slots.publish import publish
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import alerts_of, raise_alert
from tests.flows.world import make_shop

OWN = "http://127.0.0.1"
HOSTILE = "<script>alert(1)</script>{{7919*7907}}/..?&#\x1b[31m"
NEW = NewAlert("late", "interactions", "age", "fault", "nothing came")


class Pages:
    """The pages of a session that may write, as a browser uses them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        times = Times(parse_moment, parse_span)
        writes = writes_of(session, session.base / "fusion.toml", times)
        guard = guarded_dashboards(session, "127.0.0.1", lambda command: command, writes)
        self.client = TestClient(guard, OWN)

    def proof(self) -> str:
        page = self.client.get("/at/default/").text
        return unescape(re.search(r'name="proof" value="([^"]+)"', page)[1])

    def send(self, action: str, placement: str = "default", **form: str):
        form = {"proof": self.proof(), **form}
        path = f"/at/{placement}/do/{action}"
        return self.client.post(path, data=form, headers={"origin": OWN})

    def rows(self, statement: str) -> list[tuple]:
        with self.session.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def moves(self) -> list[tuple]:
        return self.rows('SELECT name, action, "by", reason FROM slot_move ORDER BY id')


@pytest.fixture
def pages(own_runs):
    return Pages(own_runs)


def test_an_alert_is_acknowledged_in_the_name_of_the_person(pages):
    number, _ = raise_alert(pages.session.engine, "default", NEW)
    later = datetime.now(UTC) + timedelta(days=2)
    form = {"number": str(number), "why": HOSTILE, "until": f"{later:%Y-%m-%dT%H:%M}"}
    answer = pages.send("acknowledge", **form)
    assert (answer.status_code, answer.url.path) == (200, f"/at/default/alerts/{number}")
    assert "The alert is acknowledged." in answer.text
    assert "<script" not in answer.text
    (known,) = [one for one in alerts_of(pages.session.engine, "default") if one.id == number]
    assert (known.state, known.acknowledged_by) == ("acknowledged", "bea")
    assert known.acknowledged_why == HOSTILE
    assert abs(known.acknowledged_until - later) < timedelta(minutes=1)
    for wrong in ("0", "999999", "x", ""):
        refused = pages.send("acknowledge", **{**form, "number": wrong})
        assert refused.status_code == 409
        assert "Nothing was done" in refused.text
    assert pages.send("acknowledge", **{**form, "until": "soon"}).status_code == 409
    assert pages.send("acknowledge", number=str(number), why=" ").status_code == 409


def test_a_rollback_leaves_the_row_of_its_verb(pages):
    engine = pages.session.engine
    newest = live(engine, "default").run.run_id
    before = pages.moves()
    form = {"run": newest, "reason": "odd lists", "freeze": "24h"}
    assert pages.send("rollback", **{**form, "freeze": "long"}).status_code == 409
    assert pages.send("rollback", **{**form, "run": "another"}).status_code == 409
    assert pages.moves() == before
    answer = pages.send("rollback", **form)
    assert "The run before is live again." in answer.text
    assert pages.moves() == [*before, ("live", "rollback", "bea", "odd lists")]
    shown = live(engine, "default")
    assert shown.run.run_id != newest
    assert shown.frozen_until is not None
    # A second click on the page that is open still: another run is live by now.
    assert pages.send("rollback", **form).status_code == 409


def test_the_run_that_waits_is_rejected_or_approved(pages):
    engine = pages.session.engine
    shown = live(engine, "default").run
    pages.send("rollback", run=shown.run_id, reason="odd")
    waits = {"run": shown.run_id, "reason": "looked at it"}
    for action, slot in (("reject", "challenger"), ("approve", "live")):
        publish(engine, "default", shown.run_no, slot="challenger", by="eve", reason="wait")
        assert "Waits for approval" in pages.client.get("/at/default/").text
        assert pages.send(action, **{**waits, "run": "another"}).status_code == 409
        answer = pages.send(action, **waits)
        assert answer.status_code == 200, answer.text
        assert (slot, action, "bea", "looked at it") in pages.moves()
        assert live(engine, "default", "challenger") is None
        assert pages.send(action, **waits).status_code == 409
    assert live(engine, "default").run.run_id == shown.run_id


def test_an_item_is_blocked_for_everyone_and_let_go_again(pages):
    ((item, n_lists),) = pages.rows(
        "SELECT item_id, count(*) FROM current_recommendations "
        "GROUP BY item_id ORDER BY 2 DESC LIMIT 1"
    )
    shown = f"SELECT count(*) FROM current_recommendations WHERE item_id = '{item}'"
    kept = 'SELECT item_id, user_id, reason, "by", until IS NULL FROM blocked_item'
    pages.send("block", item=quote(item, ""), reason="recalled")
    assert pages.rows(kept) == [(item, None, "recalled", "bea", True)]
    assert pages.rows(shown) == [(0,)]
    pages.send("unblock", item=quote(item, ""), reason="sold again")
    ended = "recalled; ended by bea: sold again"
    assert [row[2] for row in pages.rows(kept)] == [ended]
    assert pages.rows(shown) == [(n_lists,)]
    # Neither a block that is over nor that of one user is ended.
    assert pages.send("unblock", item=quote(item, ""), reason="again").status_code == 409
    past = {"item": quote(item, ""), "reason": "x", "until": "2020-01-01T00:00"}
    assert pages.send("block", **past).status_code == 409
    assert pages.send("block", reason="x").status_code == 409
    assert len(pages.rows(kept)) == 1
    pages.send("block", item=quote(HOSTILE, ""), reason="https://bob:hunter2secret@host/x")
    ((stored, reason),) = pages.rows("SELECT item_id, reason FROM blocked_item WHERE id > 1")
    assert stored == HOSTILE
    assert "hunter2secret" not in reason


def test_only_the_placement_of_the_configuration_is_written(pages):
    number, _ = raise_alert(pages.session.engine, "mail", NEW)
    for placement in ("mail", "nowhere"):
        answer = pages.send("acknowledge", placement, number=str(number), why="x")
        assert answer.status_code in {404, 409}
    assert [one.state for one in alerts_of(pages.session.engine, "mail")] == ["open"]


def test_pages_that_only_read_have_no_form(two_runs):
    guard = guarded_dashboards(two_runs, "127.0.0.1", lambda command: command)
    client = TestClient(guard, OWN)
    assert 'method="post"' not in client.get("/at/default/").text
    sent = client.post("/at/default/do/rollback", data={"reason": "x"}, headers={"origin": OWN})
    assert sent.status_code == 405


@pytest.mark.parametrize(
    ("host", "more"),
    [
        ("127.0.0.1", ""),
        ("localhost", ""),
        ("::1", ""),
        ("0.0.0.0", 'trusted_header = "X-Forwarded-User"'),
        ("::", 'token = "sixteen letters and more"'),
    ],
)
def test_it_listens_where_somebody_is_asked_or_nobody_else_comes(tmp_path, host, more):
    ui = Session.open(make_shop(tmp_path, f"\n[ui]\n{more}\n", users=2, items=2)).config.ui
    require_answerable(ui, host)
    if more:
        return
    for other in ("0.0.0.0", "::", "192.0.2.1", "fusion.example", "127.0.0.1.example", ""):
        with pytest.raises(ConfigError, match="set FUSION_UI__TOKEN"):
            require_answerable(ui, other)
