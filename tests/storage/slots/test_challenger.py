"""The challenger: approved, rejected, and never mixed up with another placement or another run."""

import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from fusion.errors import Overtaken, Refused
from storage.reading.live_run import live
from storage.reading.read import history
from storage.schema.tables import run
from storage.slots.challenger import approve, reject
from storage.slots.publish import publish, rollback, unfreeze
from tests.storage.making import make_run

WHO = {"by": "ann", "reason": "because"}


def shown(engine, placement="default", name="live"):
    now = live(engine, placement, name)
    return now.run.run_id if now else None


def slots(engine, placement="default"):
    return shown(engine, placement), shown(engine, placement, "challenger")


@pytest.fixture
def waiting(engine):
    """Run a is live, b waits; gives their numbers."""
    a, b = make_run(engine, "a"), make_run(engine, "b")
    publish(engine, "default", a, **WHO)
    publish(engine, "default", b, slot="challenger", **WHO)
    return a, b


def test_approval_moves_live_and_empties_the_challenger(engine, waiting):
    move = approve(engine, "default", waiting[1], by="bea", reason="looks well")
    assert slots(engine) == ("b", None)
    assert (move.name, move.action, move.from_run_id, move.to_run_id) == (
        "live",
        "approve",
        "a",
        "b",
    )
    left = history(engine, "default", "challenger")
    rows = [(row.action, row.from_run_id, row.to_run_id, row.by, row.reason) for row in left]
    assert rows == [
        ("publish", None, "b", "ann", "because"),
        ("approve", "b", None, "bea", "looks well"),
    ]
    assert rollback(engine, "default", **WHO).to_run_id == "a"
    with engine.connect() as connection:
        assert connection.execute(text("SELECT DISTINCT slot FROM slot_recommendations")).all() == [
            ("live",)
        ]


def test_the_first_run_of_a_placement_can_be_approved(engine):
    a = make_run(engine, "a")
    publish(engine, "default", a, slot="challenger", **WHO)
    assert slots(engine) == (None, "a")
    assert approve(engine, "default", a, instead_of=None, **WHO).from_run_id is None
    assert slots(engine) == ("a", None)


def test_rejection_empties_the_slot_and_says_why(engine, waiting):
    move = reject(engine, "default", by="bea", reason="too many sequels")
    assert (move.action, move.from_run_id, move.to_run_id, move.by) == ("reject", "b", None, "bea")
    assert history(engine, "default", "challenger")[-1].reason == "too many sequels"
    assert slots(engine) == ("a", None)
    assert len(history(engine, "default")) == 1
    for late in (
        lambda: reject(engine, "default", **WHO),
        lambda: approve(engine, "default", waiting[1], **WHO),
    ):
        with pytest.raises(Refused, match="has no challenger"):
            late()
    assert publish(engine, "default", waiting[1], **WHO).to_run_id == "b"  # it is ready still


def test_only_the_run_that_was_looked_at_is_approved(engine, waiting):
    c = make_run(engine, "c")
    publish(engine, "default", c, slot="challenger", **WHO)
    with pytest.raises(
        Refused, match=rf"run number {waiting[1]} is not the challenger of placement 'default' any"
    ):
        approve(engine, "default", waiting[1], **WHO)
    assert slots(engine) == ("a", "c")


@pytest.mark.parametrize("move", [publish, approve])
def test_a_run_judged_against_what_is_no_longer_live_does_not_pass(engine, waiting, move):
    a, b = waiting
    publish(engine, "default", make_run(engine, "c"), by="cron", reason="admitted")
    with pytest.raises(Overtaken, match="'live' of placement 'default' was moved by cron"):
        move(engine, "default", b, instead_of=a, **WHO)
    assert slots(engine) == ("c", "b")
    assert len(history(engine, "default")) == 2


def test_a_freeze_holds_approvals_but_neither_challengers_nor_rejections(engine, waiting):
    c = make_run(engine, "c")
    publish(engine, "default", c, **WHO)
    rollback(engine, "default", freeze=timedelta(hours=1), **WHO)
    with pytest.raises(Refused, match="frozen until"):
        approve(engine, "default", waiting[1], **WHO)
    publish(engine, "default", c, slot="challenger", **WHO)
    assert slots(engine) == ("a", "c")
    reject(engine, "default", **WHO)
    publish(engine, "default", c, slot="challenger", **WHO)
    unfreeze(engine, "default", "ann")
    approve(engine, "default", c, **WHO)
    assert slots(engine) == ("c", None)


def test_a_challenger_that_is_gone_is_not_approved(engine, waiting):
    with engine.begin() as connection:
        connection.execute(update(run).where(run.c.run_id == "b").values(status="deleted"))
    with pytest.raises(Refused, match="run 'b' is deleted"):
        approve(engine, "default", waiting[1], **WHO)
    assert slots(engine) == ("a", "b")


def test_approving_what_is_live_already_only_empties_the_slot(engine, waiting):
    a, _ = waiting
    publish(engine, "default", a, slot="challenger", **WHO)
    assert approve(engine, "default", a, instead_of=None, **WHO).action == "publish"
    assert slots(engine) == ("a", None)
    assert len(history(engine, "default")) == 1


def test_placements_do_not_touch(engine, waiting):
    m, n = make_run(engine, "m", placement="mail"), make_run(engine, "n", placement="mail")
    publish(engine, "mail", m, **WHO)
    publish(engine, "mail", n, slot="challenger", **WHO)
    with pytest.raises(Refused, match="is not the challenger of placement 'mail'"):
        approve(engine, "mail", waiting[1], **WHO)
    approve(engine, "default", waiting[1], **WHO)
    assert (slots(engine), slots(engine, "mail")) == (("b", None), ("m", "n"))
    reject(engine, "mail", **WHO)
    rollback(engine, "default", freeze=timedelta(hours=1), **WHO)
    assert (slots(engine), slots(engine, "mail")) == (("a", None), ("m", None))
    assert publish(engine, "mail", n, **WHO).from_run_id == "m"  # mail is not frozen
    assert {move.placement for move in history(engine, "mail")} == {"mail"}


ONE = """
import sys
from storage import StorageSettings, connect
from storage.slots.challenger import approve
from storage.slots.publish import publish
from fusion.errors import FusionError
url, what, run_no, before = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
engine = connect(StorageSettings(url=url), migrate=True)
sys.stdin.readline()
try:
    move = publish if what == "publish" else approve
    move(engine, "default", run_no, by=what, reason="race", instead_of=before)
except FusionError as refused:
    print(type(refused).__name__, refused)
engine.dispose()
"""


def test_of_processes_that_move_at_once_one_wins_and_the_others_say_so(url, engine, waiting):
    """Of two publishes and an approval, judged against run a, all but the first are overtaken."""
    a, b = waiting
    c, d = make_run(engine, "c"), make_run(engine, "d")
    asked = [("publish", c), ("approve", b), ("publish", d)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ONE, url, what, str(run_no), str(a)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for what, run_no in asked
    ]  # fmt: skip
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=60) for process in running]
    assert [err for _, err in told] == [""] * 3
    won = [run_no for (_, run_no), (out, _) in zip(asked, told, strict=True) if not out]
    assert len(won) == 1
    assert all(out.startswith("Overtaken slot 'live'") for out, _ in told if out)
    moves = history(engine, "default")
    assert [(move.from_run_no, move.to_run_no) for move in moves] == [(None, a), (a, won[0])]
    assert shown(engine, name="challenger") == (None if won == [b] else "b")
