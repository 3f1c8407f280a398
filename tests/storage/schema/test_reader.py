"""The role of docs/sql.md that reads the views and nothing else."""

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from storage import StorageSettings, connect, open_reader, recommendations_for
from storage.schema.tables import metadata
from storage.schema.views import view_metadata
from storage.slots.publish import publish
from tests.docs.blocks import contents
from tests.storage.making import make_run

(ROLE,) = (block for block in contents("docs/sql.md", "sql") if "CREATE ROLE lists_reader" in block)


@pytest.fixture(params=["public", "shop"])
def place(request, postgres_url):
    """The URL of that role and a schema, of a database with a live run."""
    schema = request.param
    owner = connect(StorageSettings(url=postgres_url, schema=schema), migrate=True)
    publish(owner, "default", make_run(owner, "a"), by="test", reason="test")
    statements = ROLE.replace("lists_reader", f"reader_{schema}").replace("public", schema)
    with owner.begin() as connection:
        for statement in filter(str.strip, statements.split(";")):
            connection.execute(text(statement))
    url = make_url(postgres_url).set(username=f"reader_{schema}", password="change me")
    yield url.render_as_string(hide_password=False), schema
    with owner.begin() as connection:
        connection.execute(text(f"DROP OWNED BY reader_{schema}"))
        connection.execute(text(f"DROP ROLE reader_{schema}"))
    owner.dispose()


@pytest.fixture
def reader(place):
    """An engine of that role that does not refuse to write by itself."""
    url, schema = place
    engine = create_engine(
        url, poolclass=NullPool, connect_args={"options": f"-c search_path={schema}"}
    )
    yield engine
    engine.dispose()


def refused(engine, statement: str) -> None:
    with (
        engine.connect() as connection,
        pytest.raises(Exception, match=r"permission denied|cannot delete from view"),
    ):
        connection.execute(text(statement))


@pytest.mark.postgres
def test_a_reader_reads_the_views_and_nothing_else(reader):
    with reader.connect() as connection:
        for view in view_metadata.tables:
            assert connection.execute(text(f"SELECT count(*) FROM {view}")).scalar() > 0
    for table in [*metadata.tables, "recommendation_r1", "alembic_version"]:
        refused(reader, f"SELECT * FROM {table}")
        refused(reader, f"DELETE FROM {table}")
    for view in view_metadata.tables:
        refused(reader, f"DELETE FROM {view}")
    refused(reader, "INSERT INTO blocked_item (placement, item_id) VALUES ('default', 'x')")
    refused(reader, "CREATE TABLE mine (a int)")
    refused(reader, "UPDATE slot SET run_no = NULL")


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
