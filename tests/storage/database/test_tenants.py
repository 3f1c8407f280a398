"""Several tenants in one PostgreSQL database, a schema each."""

import pytest
from sqlalchemy import create_engine, inspect, text

from fusion.errors import ConfigError
from storage import StorageSettings, connect, open_reader
from storage.reading.database_status import database_status
from storage.runs.runs import find_run, runs
from storage.runs.sweep import sweep
from storage.slots.publish import publish
from tests.storage.making import begin, end_lives, list_for, make_run


@pytest.fixture
def tenants(postgres_url):
    engines = {
        name: connect(StorageSettings(url=postgres_url, schema=name), migrate=True)
        for name in ("books", "films")
    }
    yield engines
    for engine in engines.values():
        end_lives(engine)
        engine.dispose()


@pytest.mark.postgres
def test_tenants_do_not_see_each_other(postgres_url, tenants):
    for name, engine in tenants.items():
        run_no = make_run(engine, "same", [f"{name} user"])
        publish(engine, "default", run_no, by=name, reason="test")
    for name, engine in tenants.items():
        assert len(list_for(engine, "default", f"{name} user")) == 4
        with engine.connect() as connection:
            users = (
                connection.execute(text("SELECT DISTINCT user_id FROM slot_recommendations"))
                .scalars()
                .all()
            )
        assert users == [f"{name} user"]
    begin(tenants["books"], "alive")
    assert sweep(tenants["films"], "default") == []
    assert [row.run_id for row in runs(tenants["films"], "default")] == ["same"]
    assert find_run(tenants["books"], "default", "alive").status == "training"


@pytest.mark.postgres
def test_a_schema_holds_everything(postgres_url, tenants):
    for engine in tenants.values():
        make_run(engine, "a")
    outside = create_engine(postgres_url)
    seen = inspect(outside)
    assert seen.get_table_names(schema="public") == seen.get_view_names(schema="public") == []
    books, films = (set(seen.get_table_names(schema=name)) for name in tenants)
    assert books == films >= {"run", "recommendation", "recommendation_r1", "alembic_version"}
    with outside.connect() as connection:
        assert (
            connection.execute(text("SELECT count(*) FROM books.current_recommendations")).scalar()
            == 0
        )
    outside.dispose()
    again = connect(StorageSettings(url=postgres_url, schema="books"))
    assert [row.run_id for row in runs(again, "default")] == ["a"]
    again.dispose()


@pytest.mark.postgres
def test_a_reserved_name_is_refused(postgres_url):
    with pytest.raises(ConfigError, match="pg_shop"):
        connect(StorageSettings(url=postgres_url, schema="pg_shop"), migrate=True)


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["user", "select", "default", "public", "x" * 63])
def test_a_word_of_sql_is_a_name_as_any_other(name, postgres_url):
    settings = StorageSettings(url=postgres_url, schema=name)
    engine = connect(settings, migrate=True)
    publish(engine, "default", make_run(engine, "a", ["ann"]), by="test", reason="test")
    end_lives(engine)
    engine.dispose()
    status = database_status(settings)
    assert (status.schema, status.needs_care) == (name, False)
    reader = open_reader(postgres_url, schema=name)
    assert len(list_for(reader, "default", "ann")) == 4
    reader.dispose()


@pytest.mark.parametrize("name", ["Shop", "a b", 'x"; --', "", "1a", "x" * 64])
def test_only_plain_names(name):
    with pytest.raises(ValueError, match="schema"):
        StorageSettings(schema=name)


def test_sqlite_has_no_schemas(tmp_path):
    with pytest.raises(
        ConfigError, match=r"\[storage\] schema = 'shop': an SQLite file has no schemas"
    ):
        connect(StorageSettings(url=f"sqlite:///{tmp_path}/x.db", schema="shop"), migrate=True)
    assert list(tmp_path.iterdir()) == []
