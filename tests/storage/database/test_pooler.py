"""Through pgbouncer, which gives each transaction another session of the server."""

import pytest
from sqlalchemy import create_engine, inspect, text

from fusion.errors import ConfigError
from storage import StorageSettings, connect, open_reader, recommendations_for
from storage.database.engine import writing
from storage.runs.partitions import remove_lists
from storage.runs.runs import find_run
from storage.slots.publish import publish
from tests.storage.making import make_run

pytestmark = pytest.mark.postgres


def tables(url: str, schema: str) -> list[str]:
    engine = create_engine(url)
    names = inspect(engine).get_table_names(schema=schema)
    engine.dispose()
    return names


def test_tenants_stay_apart_and_public_stays_empty(postgres_url, pooled):
    url = pooled(postgres_url)
    engines = {
        name: connect(StorageSettings(url=url, schema=name), migrate=True)
        for name in ("books", "films")
    }
    for turn in range(6):
        for name, engine in engines.items():
            run_no = make_run(engine, f"{name}{turn}", [f"{name} user"])
            publish(engine, "default", run_no, by=name, reason="test")
            if turn:
                remove_lists(engine, find_run(engine, "default", f"{name}{turn - 1}").run_no)
    for name, engine in engines.items():
        reader = open_reader(url, name)
        found = recommendations_for(reader, "default", f"{name} user").rows
        assert found["item_id"].to_list() == [f"{name}5-{rank}" for rank in (1, 2, 3, 4)]
        with pytest.raises(Exception, match="read-only transaction"), writing(reader) as refused:
            refused.execute(text("DELETE FROM slot"))
        reader.dispose()
        engine.dispose()
    assert tables(postgres_url, "public") == []
    for name in engines:
        partitions = {f"recommendation_r{n}" for n in range(1, 7)} & {*tables(postgres_url, name)}
        assert partitions == {"recommendation_r6"}


def test_nothing_of_a_transaction_stays_with_the_session(postgres_url, pooled):
    """Whoever gets it next waits for a lock as long as the server says, and sees its own schema."""
    url = pooled(postgres_url, default_pool_size="2")
    engine = connect(StorageSettings(url=url, schema="books"), migrate=True)
    publish(engine, "default", make_run(engine, "a"), by="test", reason="test")
    engine.dispose()
    other = create_engine(url)
    with other.connect() as connection:
        for name, value in {
            "lock_timeout": "0",
            "statement_timeout": "0",
            "search_path": '"$user", public',
        }.items():
            assert connection.scalar(text(f"SHOW {name}")) == value
        assert connection.scalar(text("SELECT count(*) FROM pg_prepared_statements")) == 0
    other.dispose()


@pytest.mark.parametrize(
    ("settings", "options", "words"),
    [
        ({"ignore_startup_parameters": "options"}, "-csearch_path=shop", "see schema 'public'"),
        ({}, "-csearch_path=shop", "unsupported startup parameter"),
        ({"pool_mode": "statement"}, "", "Set pool_mode = transaction"),
    ],
)
def test_a_pooler_that_would_mix_up_tenants_is_refused(
    postgres_url, pooled, settings, options, words
):
    url = pooled(postgres_url, **settings)
    if options:
        url += f"?options={options}"
    with pytest.raises(ConfigError, match=words):
        connect(StorageSettings(url=url), migrate=True)
    assert tables(postgres_url, "public") == []


@pytest.mark.parametrize("path", ["shop", "shop,public", "%22shop%22", "none,shop"])
def test_options_that_arrive_are_taken(postgres_url, path):
    """Without a pooler a path of several schemas holds, and one that is not there is passed by."""
    owner = create_engine(postgres_url)
    with owner.begin() as connection:
        connection.execute(text("CREATE SCHEMA shop"))
    owner.dispose()
    there = f"{postgres_url}&options=-csearch_path%3D{path}"
    connect(StorageSettings(url=there), migrate=True).dispose()
    assert "run" in tables(postgres_url, "shop")
    assert tables(postgres_url, "public") == []
