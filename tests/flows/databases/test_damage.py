"""A damaged database ends every verb with a sentence that names the damage and the cure."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from flows.steps.train import train as training
from storage import StorageSettings, connect
from storage.schema.metadata import metadata
from storage.schema.views import view_metadata
from storage.slots.publish import publish
from tests.flows.calling import Called, call
from tests.storage.making import make_run

KEY = "a key of thirty-two characters or more"
RUN = "20260131-235959-1a2b3c"
VERBS = {
    "status": ("status",),
    "runs": ("runs",),
    "show": ("show", "u1", "--why"),
    "diff": ("diff", "live", "live"),
    "check": ("check", "--json"),
    "db status": ("db", "status"),
    "db upgrade": ("db", "upgrade"),
    "run": ("run",),
    "train": ("train",),
    "retrain": ("retrain", "--force"),
    "publish": ("publish", "live"),
    "monitor": ("monitor",),
    "approve": ("approve",),
    "reject": ("reject", "--why", "odd"),
    "rollback": ("rollback",),
    "unfreeze": ("unfreeze",),
    "prune": ("prune",),
    "forget": ("forget", "u1"),
}


@dataclass(frozen=True)
class Damage:
    """Damage that somebody did to a database with SQL.

    Attributes:
        statement: that does it.
        named: words of every refusal.
        is_of_keys: a document is an object still, without what it should hold.
    """

    statement: str
    named: str
    is_of_keys: bool = False


GONE = {
    "table": Damage("DROP TABLE forgotten", "table forgotten"),
    "view": Damage("DROP VIEW current_fallback", "view current_fallback"),
    "column": Damage("ALTER TABLE alert RENAME COLUMN message TO words", "column alert.message"),
    "revision": Damage("DELETE FROM alembic_version", "alembic_version"),
}
"""Damage that every verb refuses."""
ROWS = {
    "time": Damage("UPDATE run SET created_at = 'soon'", "'soon'"),
    "json": Damage("UPDATE run SET manifest = '{\"seed\": '", "where a JSON object stands"),
    "no object": Damage("UPDATE run SET verdict = '[1]'", "where a JSON object stands"),
    "number": Damage("UPDATE run SET verdict = 5", "holds 5 where a JSON object stands"),
    "verdict": Damage("UPDATE run SET verdict = '{\"a\": 1}'", "a verdict without rows", True),
    "manifest": Damage("UPDATE run SET manifest = '{\"data\": 3}'", "holds no data as", True),
    "run": Damage("DELETE FROM run", "of which the table run has no row"),
    "slot": Damage("DELETE FROM slot", "though its history ends at run"),
}
"""Damage of rows on SQLite, which keeps what any program writes."""
ON_POSTGRES = {
    "time": Damage("UPDATE run SET created_at = 'infinity'", "timestamp too large"),
    "no object": Damage("UPDATE run SET verdict = '[1]'", "where a JSON object stands"),
    "run": Damage(
        "SET LOCAL session_replication_role = replica; DELETE FROM run",
        "of which the table run has no row",
    ),
    "slot": Damage("DELETE FROM slot", "though its history ends at run"),
}


class BeganError(Exception):
    """A training began."""


@pytest.fixture(autouse=True)
def no_training(monkeypatch):
    def begin(*words: object) -> None:
        raise BeganError

    monkeypatch.setattr(training, "_train", begin)


def calls(folder: Path, without: tuple[str, ...] = (), **env: str) -> dict[str, Called]:
    """Every verb's end, by its name.

    Failures are let go of: a traceback keeps a statement of SQLite open, and a later verb waiting.
    """
    ends = {}
    for name, words in VERBS.items():
        if name in without:
            continue
        ended = call(folder, *words, FUSION_FORGET_KEY=KEY, **env)
        has_begun = isinstance(ended.failure, BeganError)
        ends[name] = replace(ended, code=0 if has_begun else ended.code, failure=None)
    return ends


def said(called: Called) -> str:
    return called.out + called.message


def execute(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "fusion.db")) as file, file:
        for statement in statements:
            file.execute(statement)


def all_name(ended: dict[str, Called], damage: Damage) -> None:
    """Every verb ends with 2 and names the damage."""
    for name, called in ended.items():
        assert called.code == 2, (name, called)
        assert damage.named in said(called), (name, said(called))
        if name != "db status":
            assert "`fusion db status`" in said(called), (name, said(called))


def readers_name(ended: dict[str, Called], damage: Damage) -> None:
    """Verbs that read what is damaged end with 2 and name it, and no other with a traceback."""
    named = 0
    for name, called in ended.items():
        assert called.code in (0, 1, 2), (name, called)
        named += called.code == 2 and damage.named in said(called)
    assert named >= 2, ended
    # What a document holds is for its readers to judge.
    assert ended["db status"].code == (0 if damage.is_of_keys else 2)


@pytest.mark.parametrize("kind", GONE)
def test_what_is_gone_is_named_by_every_verb(own_shop, kind):
    execute(own_shop, GONE[kind].statement)
    before = (own_shop / "fusion.db").read_bytes()
    all_name(calls(own_shop), GONE[kind])
    assert (own_shop / "fusion.db").read_bytes() == before


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_that_cannot_be_read_ends_no_verb_with_a_traceback(own_shop, kind):
    execute(own_shop, ROWS[kind].statement)
    readers_name(calls(own_shop), ROWS[kind])


@pytest.mark.parametrize("lost", ["DELETE FROM slot", "DELETE FROM run WHERE run_no = 2"])
def test_a_rollback_mends_a_slot_that_lost_its_run(own_shop, lost):
    execute(own_shop, lost)
    ended = call(own_shop, "status")
    assert ended.code == 2
    command = re.search(r"`fusion (rollback[^`]*)`", ended.message)[1]
    assert call(own_shop, *command.split()).code == 0
    assert call(own_shop, "status").code == 0


@pytest.mark.parametrize("size", [50, 4096, 20_000])
def test_a_file_that_was_cut(own_shop, size):
    file = own_shop / "fusion.db"
    file.write_bytes(file.read_bytes()[:size])
    for name, ended in calls(own_shop).items():
        assert ended.code == 2, (name, ended)
        is_named = "is damaged" in said(ended) or "is not an SQLite database" in said(ended)
        assert is_named, (name, said(ended))


def test_a_file_that_may_only_be_read(own_shop, monkeypatch):
    """Verbs that look go on; those that write end with 2."""
    opened = sqlite3.connect

    def without_writing(database: object, **options: Any) -> sqlite3.Connection:
        connection = opened(database, **options)
        connection.execute("PRAGMA query_only = ON")
        return connection

    monkeypatch.setattr("sqlite3.connect", without_writing)
    monkeypatch.setattr("sqlite3.dbapi2.connect", without_writing)
    ended = calls(own_shop, without=("monitor",))  # it writes its pages first, which takes long
    for name in ("status", "runs", "show", "diff", "db status"):
        assert ended[name].code == 0, (name, ended[name])
    for name in ("run", "train", "retrain", "rollback", "forget", "check"):
        assert ended[name].code == 2, (name, ended[name])
        assert "cannot be written" in said(ended[name])


@pytest.fixture
def shared(bare, postgres_url, tmp_path) -> Iterator[tuple[Path, Engine, dict[str, str]]]:
    """A shop whose lists are in PostgreSQL, without a run folder."""
    folder = shutil.copytree(bare, tmp_path / "shop")
    engine = connect(StorageSettings(url=postgres_url), migrate=True)
    for run_id in ("20260130-235959-1a2b3c", RUN):
        publish(engine, "default", make_run(engine, run_id), by="test", reason="test")
    yield folder, engine, {"FUSION_STORAGE__URL": postgres_url}
    engine.dispose()


def run_sql(engine: Engine, statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements.split(";"):
            connection.execute(text(statement))


@pytest.mark.postgres
@pytest.mark.parametrize("kind", GONE)
def test_what_is_gone_on_postgresql(shared, kind):
    folder, engine, env = shared
    run_sql(engine, GONE[kind].statement)
    all_name(calls(folder, **env), GONE[kind])


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ON_POSTGRES)
def test_a_row_that_cannot_be_read_on_postgresql(shared, kind):
    folder, engine, env = shared
    run_sql(engine, ON_POSTGRES[kind].statement)
    readers_name(calls(folder, **env), ON_POSTGRES[kind])


@pytest.mark.postgres
def test_a_schema_of_somebody_else(shared):
    folder, engine, env = shared
    run_sql(engine, "CREATE SCHEMA shop; CREATE TABLE shop.run (x int)")
    theirs = Damage("", "holds run, and no revision in alembic_version")
    ended = calls(folder, **env, FUSION_STORAGE__SCHEMA="shop")
    assert "missing: the revision in alembic_version" in ended.pop("db status").out
    all_name(ended, theirs)


@pytest.mark.faults
@pytest.mark.parametrize("table", [*metadata.tables, *view_metadata.tables])
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_whatever_is_gone(request, kind, table):
    """Every table and view, on both databases; a column of each table."""
    what = "VIEW" if table in view_metadata.tables else "TABLE"
    damages = [Damage(f"DROP {what} {table}", f"{what.lower()} {table}")]
    if what == "TABLE":
        last = list(metadata.tables[table].c)[-1].name
        rename = f"ALTER TABLE {table} RENAME COLUMN {last} TO other"
        damages.insert(0, Damage(rename, f"column {table}.{last}"))
    if kind == "sqlite":
        folder, env = request.getfixturevalue("own_shop"), {}
    else:
        folder, engine, env = request.getfixturevalue("shared")
    for damage in damages:
        if kind == "sqlite":
            # Else SQLite refuses what would break a view, which is what this is about.
            execute(folder, "PRAGMA legacy_alter_table = ON", damage.statement)
        else:
            run_sql(engine, damage.statement + (" CASCADE" if "DROP" in damage.statement else ""))
        all_name(calls(folder, **env), damage)
