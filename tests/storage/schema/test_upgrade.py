"""From every earlier revision, with data in it, to the newest: nothing is lost.

A new migration is covered without a change here. Only a new column that is neither nullable nor
defaulted, with a check of its own, asks for a value in ROWS.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import JSON, Connection, Engine, MetaData, Table, insert, inspect, select, text

from storage import StorageSettings, connect
from storage.database.engine import make_engine, writing
from storage.database.urls import storage_url
from storage.reading.live_run import live
from storage.schema.tables import HEAD
from storage.schema.upgrade import alembic_config
from storage.slots.publish import publish, rollback
from tests.storage.making import list_for, make_run
from tests.storage.schema.test_schema import GOLDEN, described

EARLIER = sorted(
    script.revision
    for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()
    if script.revision != HEAD
)
AT = datetime(2026, 11, 1, 3, tzinfo=UTC)
ROWS: dict[str, list[dict[str, Any]]] = {
    "run": [
        {
            "run_id": "old",
            "placement": "default",
            "kind": "full",
            "created_at": AT,
            "status": "ready",
            "list_size": 2,
            "verdict": {"rows": [1, None]},
            "manifest": {"seed": 7},
        },
        {
            "run_id": "dead",
            "placement": "default",
            "kind": "full",
            "created_at": AT,
            "status": "failed",
        },
    ],
    "recommendation": [
        {"run_no": 1, "user_id": "u\t'1'", "rank": rank, "item_id": f"i\\{rank}", "score": 1 / rank}
        for rank in (1, 2, 3)
    ],
    "served_user": [{"run_no": 1, "user_id": "u\t'1'", "route": "warm", "segment": "new"}],
    "fallback": [{"run_no": 1, "segment": "all", "rank": 1, "item_id": "i1", "score": 1.0}],
    "explanation": [
        {"run_no": 1, "user_id": "u\t'1'", "item_id": "i1", "source": "als", "source_rank": 3}
    ],
    "slot": [
        {"placement": "default", "name": "live", "run_no": 1, "changed_at": AT, "changed_by": "ann"}
    ],
    "slot_move": [
        {
            "placement": "default",
            "name": "live",
            "action": "publish",
            "to_run_no": 1,
            "at": AT,
            "by": "ann",
        }
    ],
    "blocked_item": [{"placement": "default", "item_id": "i\\1", "until": None}],
    "metric": [
        {"run_no": 1, "subject": "als", "segment": "all", "name": "ndcg", "k": 10, "value": 0.25}
    ],
    "alert": [
        {
            "at": AT,
            "run_no": 1,
            "subject": "items",
            "name": "psi",
            "value": 0.3,
            "message": "drifted",
        }
    ],
    "decision": [
        {
            "at": AT,
            "placement": "default",
            "due": True,
            "reason": "old",
            "trigger": "age",
            "run_no": 1,
        }
    ],
}
REASONS = {"rows": [["i1", "als", 3, None, None, None]]}
PACKED = {"explained_user": [{"run_no": 1, "user_id": "u\t'1'", "reasons": REASONS}]}
"""In the place of `explanation`, a view since revision 0012."""
CHECKED = {"kind": "run", "severity": "look", "state": "open"}
"""Columns of alerts that later revisions have, which take certain words alone."""
EMPTY = {int: 0, float: 0.0, str: "", bool: False, datetime: AT}


def old_database(url: str, revision: str) -> dict[str, list[dict[str, Any]]]:
    """Make a database of a revision with rows in every table; gives them as they are there."""
    engine = make_engine(storage_url(url))
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), revision)
        if engine.dialect.name == "postgresql":
            connection.execute(
                text("CREATE TABLE recommendation_r1 PARTITION OF recommendation FOR VALUES IN (1)")
            )
        views = inspect(connection).get_view_names()
        by_table = {name: rows for name, rows in (ROWS | PACKED).items() if name not in views}
        present = [name for name in by_table if inspect(connection).has_table(name)]
        for name in present:
            table = reflected(connection, name)
            for row in by_table[name]:
                connection.execute(insert(table), filled(table, row))
        kept = {name: rows_of(connection, name) for name in present}
    engine.dispose()
    return kept


def reflected(connection: Connection, name: str) -> Table:
    return Table(name, MetaData(), autoload_with=connection, resolve_fks=False)


def filled(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row with something for each further column that must hold something."""
    given = set(row) | ({"run_no"} if table.name == "run" else {"id"})  # numbered by the database
    free = [column for column in table.c if column.name not in given]
    needed = [column for column in free if not column.nullable and column.server_default is None]
    empty = {column.name: EMPTY[column.type.python_type] for column in needed}
    if table.name == "alert":
        empty |= {name: word for name, word in CHECKED.items() if name in empty}
    return row | empty


def rows_of(connection: Connection, name: str) -> list[dict[str, Any]]:
    table = reflected(connection, name)
    # PostgreSQL orders no JSON.
    first = [column for column in table.c[:3] if not isinstance(column.type, JSON)]
    return [dict(row) for row in connection.execute(select(table).order_by(*first)).mappings()]


@pytest.mark.parametrize("revision", EARLIER)
def test_nothing_is_lost(url, revision):
    before = old_database(url, revision)
    engine = connect(StorageSettings(url=url), migrate=True)
    with engine.connect() as connection:
        for name, old in before.items():
            now = rows_of(connection, name)
            shared = old[0].keys() & now[0].keys()
            assert [{key: row[key] for key in shared} for row in now] == [
                {key: row[key] for key in shared} for row in old
            ], name
    shown = list_for(engine, "default", "u\t'1'")
    assert shown.select("rank", "item_id", "route").rows() == [
        (1, "i\\2", "warm"),
        (2, "i\\3", "warm"),
    ]
    assert described(engine) == (GOLDEN / f"{engine.dialect.name}.txt").read_text()
    works(engine)
    engine.dispose()


def works(engine: Engine) -> None:
    publish(engine, "default", make_run(engine, "new"), by="test", reason="upgraded")
    assert len(list_for(engine, "default", "u1")) == 4
    rollback(engine, "default", by="test", reason="back to before the upgrade")
    assert live(engine, "default").run.run_id == "old"


def test_alembic_finds_nothing_to_add(engine):
    """`alembic check` is clean, with a run's partition there."""
    make_run(engine, "a")
    with engine.connect() as connection:
        command.check(alembic_config(connection))


def test_alembic_check_would_find_something(engine):
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE alert ADD COLUMN extra text"))
    assert "extra" in {column["name"] for column in inspect(engine).get_columns("alert")}
    with (
        engine.connect() as connection,
        pytest.raises(CommandError, match="New upgrade operations detected"),
    ):
        command.check(alembic_config(connection))
