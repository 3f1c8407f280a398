"""Times of `blocked_item`, written by hand: what nobody can read is refused, never passed over."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from fusion.errors import DataError
from storage import StorageSettings, connect
from storage.database.engine import make_engine, revision, writing
from storage.database.urls import storage_url
from storage.reading.blocked_items import blocked_now
from storage.schema.upgrade import alembic_config

UNREADABLE = [
    "28.11.2026",
    "31.12.2027",
    "1795900000",
    "2026-02-30",
    "0026-11-28",
    "2026-11-28 25:00",
    "soon",
    "",
]


def block(engine: Engine, column: str, at: str | None, item: str = "i1") -> None:
    """Insert a row as a person does who types the time into the statement."""
    value = "NULL" if at is None else f"'{at}'"
    with writing(engine) as connection:
        connection.exec_driver_sql(
            f"INSERT INTO blocked_item (placement, item_id, {column}) "
            f"VALUES ('default', '{item}', {value})"
        )


@pytest.mark.parametrize("column", ["starts_at", "until"])
def test_a_time_that_cannot_be_read_is_refused(engine, column):
    for at in UNREADABLE:
        with pytest.raises(DatabaseError):
            block(engine, column, at)
    for at in ("infinity",) if engine.dialect.name == "postgresql" else ("now", "12:00", "2026"):
        with pytest.raises(DatabaseError):
            block(engine, column, at)
    assert blocked_now(engine, "default").is_empty()


def test_a_number_is_no_time(engine):
    """SQLite would take a number for days since 4714 BC, and an epoch for no time at all."""
    for number in (1795900000, 2461372.5):
        with pytest.raises(DatabaseError), writing(engine) as connection:
            connection.exec_driver_sql(
                "INSERT INTO blocked_item (placement, item_id, until) "
                f"VALUES ('default', 'i1', {number})"
            )


@pytest.mark.parametrize(
    "at",
    [None, "2999-12-31", "2999-12-31 08:00", "2999-12-31 08:00:00.000001", "9999-12-31T08:00:00Z"],
)
def test_times_that_people_write_are_taken_and_act(engine, at):
    block(engine, "until", at)
    assert blocked_now(engine, "default")["item_id"].to_list() == ["i1"]


def older(url: str) -> Engine:
    """A database of revision 0004, whose `blocked_item` takes what the column type takes."""
    engine = make_engine(storage_url(url))
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), "0004")
    return engine


def test_rows_that_cannot_be_read_stop_the_migration_and_nothing_is_changed(url):
    engine = older(url)
    on_postgres = engine.dialect.name == "postgresql"
    wrong = "infinity" if on_postgres else "31.12.2027"
    block(engine, "until", "2999-01-01", item="right")
    for number in range(7):
        block(engine, "until", wrong, item=f"wrong{number}")
    settings = StorageSettings(url=url)
    with pytest.raises(DataError) as caught:
        connect(settings, migrate=True)
    message = str(caught.value)
    assert f"id 2 (item wrong0) until '{wrong}'; id 3" in message
    assert "and 2 more. Nothing was changed." in message
    assert "right" not in message.split("Nothing was changed", maxsplit=1)[0]
    assert revision(engine) == "0004"
    with writing(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM blocked_item")) == 8
        # The cure that the message names, for all of them.
        repair = "UPDATE blocked_item SET until = '2027-12-31 00:00:00' WHERE id > 1"
        connection.execute(text(repair))
    engine.dispose()
    mended = connect(settings, migrate=True)
    assert len(blocked_now(mended, "default")) == 8
    mended.dispose()
