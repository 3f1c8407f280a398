"""Services open a database without making, changing or writing anything."""

import pytest
from alembic import command
from sqlalchemy import text

from fusion.errors import ConfigError, Temporary
from storage import open_reader, recommendations_for
from storage.database import engine as engines
from storage.database.engine import make_engine, revision, writing
from storage.database.urls import storage_url
from storage.schema.upgrade import alembic_config
from storage.slots.publish import publish
from tests.storage.making import make_run


def test_a_missing_file_stays_missing(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.db is not there: `fusion run` makes it"):
        open_reader(f"sqlite:///{tmp_path}/nowhere.db")
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_views_is_refused(url, tmp_path):
    (tmp_path / "fusion.db").touch()
    with pytest.raises(ConfigError, match="has no view current_recommendations: `fusion run`"):
        open_reader(url)


def test_an_older_database_is_read_as_it_is(url):
    owner = make_engine(storage_url(url))
    with writing(owner) as connection:
        command.upgrade(alembic_config(connection), "0001")
    engine = open_reader(url)
    shown = recommendations_for(engine, "default", "u1")
    assert (shown.served_by, len(shown.rows)) == (None, 0)
    assert revision(owner) == "0001"
    engine.dispose()
    owner.dispose()


def test_a_reader_cannot_write(url, engine):
    publish(engine, "default", make_run(engine, "a"), by="test", reason="test")
    reader = open_reader(url)
    assert recommendations_for(reader, "default", "u1").served_by == "list"
    with pytest.raises(Exception, match=r"read-?only"), writing(reader) as connection:
        connection.execute(text("DELETE FROM slot"))
    assert recommendations_for(engine, "default", "u1").served_by == "list"
    reader.dispose()


def test_another_schema_has_no_views(engine, url):
    if engine.dialect.name == "sqlite":
        with pytest.raises(ConfigError, match="an SQLite file has no schemas"):
            open_reader(url, "shop")
    else:
        with pytest.raises(ConfigError, match="name the schema that"):
            open_reader(url, "shop")


def test_threads_that_get_no_connection_may_try_again_later(url, engine, monkeypatch):
    monkeypatch.setattr(engines, "POOL_SECONDS", 0)
    reader = open_reader(url)
    busy = [reader.connect() for _ in range(15)]
    with pytest.raises(Temporary, match=r"all 15 connections .* are in use.*Try again later"):
        recommendations_for(reader, "default", "u1")
    busy.pop().close()
    assert recommendations_for(reader, "default", "u1").served_by is None
    for connection in busy:
        connection.close()
    reader.dispose()
