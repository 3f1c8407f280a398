"""The roles of docs/sql.md: one reads the views of lists and nothing else, one reads runs too."""

from contextlib import contextmanager

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from storage import StorageSettings, connect, open_reader, recommendations_for
from storage.schema.metadata import metadata
from storage.schema.views import LIST_VIEWS, view_metadata
from storage.slots.publish import publish
from tests.docs.blocks import contents
from tests.storage.making import make_run

BLOCKS = contents("docs/sql.md", "sql")
(READER,) = (block for block in BLOCKS if "CREATE ROLE lists_reader" in block)
(ANALYST,) = (block for block in BLOCKS if "CREATE ROLE analyst" in block)
READS = {"run", "metric", "realised", "alert", "decision", "slot", "slot_move"}
READS |= {"recommendation", "served_user", "fallback"}


@pytest.fixture(params=["public", "shop"])
def place(request, postgres_url):
    """The URL of the role for services and a schema, of a database with a live run."""
    with role_of(READER, "lists_reader", request.param, postgres_url) as url:
        yield url, request.param


@pytest.fixture
def analyst(postgres_url):
    """An engine of the role for analysts."""
    with role_of(ANALYST, "analyst", "shop", postgres_url) as url:
        engine = without_guard(url, "shop")
        yield engine
        engine.dispose()


@contextmanager
def role_of(statements, name, schema, postgres_url):
    """Yield the URL of a role that statements of the page make, of a database with a live run."""
    owner = connect(StorageSettings(url=postgres_url, schema=schema), migrate=True)
    publish(owner, "default", make_run(owner, "a"), by="test", reason="test")
    role = f"{name}_{schema}"
    statements = statements.replace(name, role).replace("public", schema)
    with owner.begin() as connection:
        for statement in filter(str.strip, statements.split(";")):
            connection.execute(text(statement))
    url = make_url(postgres_url).set(username=role, password="change me")
    yield url.render_as_string(hide_password=False)
    with owner.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))
    owner.dispose()


@pytest.fixture
def reader(place):
    """An engine of that role that does not refuse to write by itself."""
    engine = without_guard(*place)
    yield engine
    engine.dispose()


def without_guard(url, schema):
    """Return an engine that does not refuse to write by itself."""
    options = {"options": f"-c search_path={schema}"}
    return create_engine(url, poolclass=NullPool, connect_args=options)


def refused(engine, statement: str) -> None:
    with (
        engine.connect() as connection,
        pytest.raises(Exception, match=r"permission denied|cannot delete from view"),
    ):
        connection.execute(text(statement))


@pytest.mark.postgres
def test_a_reader_reads_the_views_and_nothing_else(reader):
    with reader.connect() as connection:
        for view in LIST_VIEWS:
            assert connection.execute(text(f"SELECT count(*) FROM {view.name}")).scalar() > 0
        assert connection.execute(text("SHOW jit")).scalar() == "off"
    for view in {*view_metadata.tables} - {view.name for view in LIST_VIEWS}:
        refused(reader, f"SELECT * FROM {view}")
    for table in [*metadata.tables, "recommendation_r1", "alembic_version"]:
        refused(reader, f"SELECT * FROM {table}")
        refused(reader, f"DELETE FROM {table}")
    for view in view_metadata.tables:
        refused(reader, f"DELETE FROM {view}")
    refused(reader, "INSERT INTO blocked_item (placement, item_id) VALUES ('default', 'x')")
    refused(reader, "CREATE TABLE mine (a int)")
    refused(reader, "UPDATE slot SET run_no = NULL")


@pytest.mark.postgres
def test_an_analyst_reads_runs_and_lists_and_writes_nothing(analyst):
    with analyst.connect() as connection:
        for name in [*view_metadata.tables, *READS]:
            connection.execute(text(f"SELECT * FROM {name}")).all()
        assert connection.execute(text("SELECT count(*) FROM recommendation")).scalar() > 0
        assert connection.execute(text("SELECT run_id FROM run_overview")).scalar() == "a"
    for table in {*metadata.tables, "alembic_version"} - READS:
        refused(analyst, f"SELECT * FROM {table}")
    for name in [*metadata.tables, "recommendation_r1"]:
        refused(analyst, f"DELETE FROM {name}")
    refused(analyst, "INSERT INTO blocked_item (placement, item_id) VALUES ('default', 'x')")
    refused(analyst, "CREATE TABLE mine (a int)")
    refused(analyst, "UPDATE slot SET run_no = NULL")


@pytest.mark.postgres
@pytest.mark.parametrize("place", ["shop"], indirect=True)
def test_readers_without_rights_see_ranks_close_up(place, postgres_url):
    """The function that counts hidden rows reads tables for them, whatever their search_path."""
    url, schema = place
    owner = create_engine(postgres_url, poolclass=NullPool)
    with owner.begin() as connection:
        columns = f"{schema}.blocked_item (placement, item_id)"
        connection.execute(text(f"INSERT INTO {columns} VALUES ('default', 'a-2')"))
    owner.dispose()
    engine = create_engine(url, poolclass=NullPool, connect_args={"options": "-c search_path="})
    read = f"SELECT item_id, rank FROM {schema}.current_recommendations WHERE user_id = 'u1'"
    with engine.connect() as connection:
        rows = connection.execute(text(f"{read} ORDER BY rank")).all()
    assert [tuple(row) for row in rows] == [("a-1", 1), ("a-3", 2), ("a-4", 3), ("a-5", 4)]
    engine.dispose()


@pytest.mark.postgres
def test_a_service_needs_no_more_rights(place):
    engine = open_reader(*place)
    own = recommendations_for(engine, "default", "u1")
    assert (own.served_by, own.segment) == ("list", None)
    assert own.rows["item_id"].to_list() == ["a-1", "a-2", "a-3", "a-4"]
    other = recommendations_for(engine, "default", "nobody", segment="unheard of")
    assert (other.served_by, other.segment) == ("all", "all")
    assert other.rows["rank"].to_list() == [1, 2, 3, 4]
    engine.dispose()
