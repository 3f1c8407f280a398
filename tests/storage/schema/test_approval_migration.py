"""Revision 0002 lets moves be approvals, and keeps the history that is there."""

import pytest
from alembic import command
from sqlalchemy import insert, inspect, select, text

from storage import StorageSettings, connect
from storage.database.engine import make_engine, writing
from storage.database.urls import storage_url
from storage.reading.read import history
from storage.schema.tables import run, slot_move
from storage.schema.types import utc_now
from storage.schema.upgrade import alembic_config

MOVE = {"placement": "default", "name": "live", "by": "ann", "reason": "because"}


def test_history_survives_and_approvals_are_taken(url):
    old = make_engine(storage_url(url))
    with writing(old) as connection:
        command.upgrade(alembic_config(connection), "0001")
        row = {
            "run_no": 1,
            "run_id": "a",
            "placement": "default",
            "kind": "full",
            "status": "ready",
        }
        connection.execute(insert(run).values(row | {"created_at": utc_now()}))
        for number in (1, 2):
            move = {"id": number, "action": "publish", "to_run_no": 1, "at": utc_now()}
            connection.execute(insert(slot_move).values(MOVE | move))
        before = connection.execute(select(slot_move)).all()
    old.dispose()
    engine = connect(StorageSettings(url=url), migrate=True)
    with writing(engine) as connection:
        assert connection.execute(select(slot_move)).all() == before
        added = MOVE | {"action": "approve", "to_run_no": 1, "at": utc_now()}
        connection.execute(insert(slot_move).values(added | {"id": 3}))
        if engine.dialect.name == "sqlite":
            made = text("SELECT sql FROM sqlite_master WHERE name = 'slot_move'")
            assert "AUTOINCREMENT" in connection.execute(made).scalar_one()
    assert [move.action for move in history(engine, "default")] == ["publish", "publish", "approve"]
    assert [index["name"] for index in inspect(engine).get_indexes("slot_move")] == [
        "ix_slot_move_placement_name_id"
    ]
    with pytest.raises(Exception, match=r"(?i)check constraint"), writing(engine) as connection:
        connection.execute(insert(slot_move).values(added | {"id": 4, "action": "guess"}))
    engine.dispose()
