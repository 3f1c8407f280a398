"""Every verb that writes, killed at random moments: live lists stay whole, and the verb goes on."""

import shutil
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from flows.session import Session
from flows.steps.publish.load_run import register_from_folder
from fusion.runs.stages.store import Store
from storage.runs.partitions import remove_lists
from storage.runs.runs import runs
from storage.schema.tables import HEAD
from storage.slots.challenger import reject
from storage.slots.publish import publish, rollback, unfreeze
from tests.flows.faults.killing import Verb, Work, kill_at_random, url_of
from tests.flows.steps.test_prune import FEW, add_older, change
from tests.flows.world import query
from tests.storage.making import note_alert

pytestmark = pytest.mark.faults
EARLY_RUN, LATE_RUN = 1, 2
"""Numbers of the two runs of a shop, whose lists differ."""
HAND = {"by": "ann", "reason": "as it was"}
LIVE = "select run_no from slot where name = 'live' and run_no"
WAITING = "select run_no from slot where name = 'challenger' and run_no is not null"
READY = "run where status = 'ready'"
PEOPLE = tuple(f"u{number}" for number in range(10, 16))
"""Those who are forgotten, one more each time."""


def show(session: Session, run_no: int) -> None:
    """Let a run be live, in a placement that is not frozen and where none waits for approval."""
    unfreeze(session.engine, "default", "ann")
    publish(session.engine, "default", run_no, **HAND)
    if query(url_of(session), WAITING):
        reject(session.engine, "default", **HAND)


def empty_store(session: Session) -> None:
    shutil.rmtree(session.runs / "store")


def newest(session: Session) -> int:
    """Number of the newest run."""
    return runs(session.engine, "default")[0].run_no


def run_id_of(session: Session, run_no: int) -> str:
    return next(one.run_id for one in runs(session.engine, "default") if one.run_no == run_no)


def one_more(session: Session, rows: str) -> str:
    """What says that a table has no more rows than now."""
    [(count,)] = query(url_of(session), f"select count(*) from {rows}")
    return f"select 1 where (select count(*) from {rows}) <= {count}"


def to_run(session: Session, _: int) -> Work:
    show(session, EARLY_RUN)
    empty_store(session)
    return Work(("run",), f"{LIVE} <= {newest(session)}")


def to_retrain(session: Session, _: int) -> Work:
    """With all stages in the store: loading and publishing take most of it."""
    show(session, EARLY_RUN)
    return Work(("retrain", "--force"), f"{LIVE} <= {newest(session)}")


def to_hold(session: Session, _: int) -> Work:
    show(session, EARLY_RUN)
    waits = f"select 1 from slot where name = 'challenger' and run_no > {newest(session)}"
    return Work(("run", "--hold"), f"select 1 where not exists ({waits})")


def to_train(session: Session, _: int) -> Work:
    empty_store(session)
    return Work(("train",), one_more(session, READY))


def to_backfill(session: Session, number: int) -> Work:
    date = f"2020-12-{10 + number}"
    return Work(("backfill", "--from", date, "--to", date), one_more(session, READY))


def to_publish(session: Session, _: int) -> Work:
    show(session, LATE_RUN)
    words = ("publish", run_id_of(session, EARLY_RUN), "--allow-older")
    return Work(words, f"{LIVE} <> {EARLY_RUN}")


def to_load(session: Session, number: int) -> Work:
    """A run that the database does not know, later one of which it has lost the rows."""
    show(session, LATE_RUN)
    name = "20200101-000000-abcdef"
    if number == 0:
        add_older(session.runs, run_id_of(session, EARLY_RUN), name)
    for known in runs(session.engine, "default"):
        if known.run_id == name:
            remove_lists(session.engine, known.run_no)
    words = ("publish", name, "--from-folder", "--allow-older")
    return Work(words, f"{LIVE} = {LATE_RUN}")


def to_roll_back(session: Session, _: int) -> Work:
    show(session, LATE_RUN)
    words = ("rollback", "--to", run_id_of(session, EARLY_RUN), "--freeze", "24h")
    frozen = f"name = 'live' and run_no = {EARLY_RUN} and frozen_until is not null"
    return Work(words, f"select 1 where not exists (select 1 from slot where {frozen})")


def to_unfreeze(session: Session, _: int) -> Work:
    to = run_id_of(session, EARLY_RUN)
    rollback(session.engine, "default", to, timedelta(days=1), **HAND)
    return Work(("unfreeze",), "select 1 from slot where frozen_until is not null")


def to_approve(session: Session, _: int) -> Work:
    show(session, EARLY_RUN)
    publish(session.engine, "default", LATE_RUN, slot="challenger", **HAND)
    return Work(("approve",), WAITING)


def to_reject(session: Session, number: int) -> Work:
    return Work(("reject", "--why", "odd"), to_approve(session, number).left)


def to_watch(session: Session, _: int) -> Work:
    return Work(("watch", "--as-of", "2021-01-10"), one_more(session, "watch"))


def to_monitor(session: Session, _: int) -> Work:
    show(session, LATE_RUN)
    change(url_of(session), f"delete from diagnosis where run_no = {LATE_RUN}")
    shutil.rmtree(session.runs / run_id_of(session, LATE_RUN) / "report", ignore_errors=True)
    causes = f"select 1 from diagnosis where run_no = {LATE_RUN}"
    return Work(("monitor", "--draw"), f"select 1 where not exists ({causes})")


def to_acknowledge(session: Session, number: int) -> Work:
    about = {"value": 1.0, "threshold": 0.5, "message": "odd"}
    alert = note_alert(session.engine, LATE_RUN, "users", f"odd{number}", **about)
    words = ("alerts", "ack", str(alert), "--why", "known")
    return Work(words, f"select 1 from alert where id = {alert} and state = 'open'")


def write_state(stage: Path) -> None:
    (stage / "state").write_bytes(bytes(1000))


def to_prune(session: Session, number: int) -> Work:
    """Two more runs of long ago, with a stage of their own each: the newest one stays."""
    for n_of_two in range(2):
        name = f"20200101-0000{number}{n_of_two}-abcdef"
        stage = Store(session.runs / "store").stage("fit", {"run": name}, write_state)
        add_older(session.runs, run_id_of(session, EARLY_RUN), name, stage)
        register_from_folder(session, name)
    older = "status = 'ready' and run_no > 2 and run_no < (select max(run_no) from run)"
    return Work(("prune",), f"select run_id from run where {older}")


def to_forget(session: Session, number: int) -> Work:
    people = PEOPLE[: number + 1]
    (session.base / "people").write_text("\n".join(people))
    named = ", ".join(f"'{person}'" for person in people)
    left = " union all ".join(
        f"select user_id from {table} where user_id in ({named})"
        for table in ("recommendation", "served_user", "explained_user")
    )
    return Work(("forget", "--file", "people"), left, people)


def to_upgrade(session: Session, _: int) -> Work:
    """A database as the revision 0012 left it."""
    for table in ("diagnosis", "user_history"):
        change(url_of(session), f"drop table if exists {table}")
    change(url_of(session), "update alembic_version set version_num = '0012'")
    return Work(("db", "upgrade"), f"select 1 from alembic_version where version_num <> '{HEAD}'")


VERBS = {
    "run": Verb(to_run, kills=3),
    "run --hold": Verb(to_hold, kills=3),
    "train": Verb(to_train, kills=3),
    "retrain": Verb(to_retrain, kills=3),
    "backfill": Verb(to_backfill, kills=3),
    "publish": Verb(to_publish),
    "publish --from-folder": Verb(to_load, kills=3),
    "rollback": Verb(to_roll_back),
    "unfreeze": Verb(to_unfreeze),
    "approve": Verb(to_approve),
    "reject": Verb(to_reject),
    "watch": Verb(to_watch),
    "monitor": Verb(to_monitor, kills=3),
    "alerts": Verb(to_acknowledge),
    "prune": Verb(to_prune, config=FEW),
    "forget": Verb(to_forget, kills=3, users=range(90 - len(PEOPLE), 91)),
    "db upgrade": Verb(to_upgrade),
}


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_killed_at_random_moments(own_runs, name, moment):
    chance = Random(f"{name} {own_runs.engine.dialect.name}")
    kill_at_random(own_runs, VERBS[name], chance, moment)
