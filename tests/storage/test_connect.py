"""Opening a database makes and changes no tables unless it is asked to."""

import pytest
from alembic import command

from fusion.errors import ConfigError
from storage import StorageSettings, connect
from storage.database.engine import make_engine, revision, writing
from storage.database.urls import storage_url
from storage.schema.tables import HEAD
from storage.schema.upgrade import alembic_config


@pytest.fixture
def plain(url):
    """An engine that looks at nothing."""
    engine = make_engine(storage_url(url))
    yield engine
    engine.dispose()


def test_a_missing_file_stays_missing(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.db is not there: `fusion run` makes it"):
        connect(StorageSettings(url=f"sqlite:///{tmp_path}/nowhere.db"))
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_stays_empty(url, plain):
    assert revision(plain) is None
    with pytest.raises(ConfigError, match="no tables of fusion yet: `fusion run` makes them"):
        connect(StorageSettings(url=url))
    assert revision(plain) is None


def test_an_older_database_is_brought_up_to_date_on_request_alone(url, plain):
    with writing(plain) as connection:
        command.upgrade(alembic_config(connection), "0001")
    with pytest.raises(ConfigError, match=rf"revision 0001, of an older fusion.* needs {HEAD}"):
        connect(StorageSettings(url=url))
    assert revision(plain) == "0001"
    connect(StorageSettings(url=url), migrate=True).dispose()
    assert revision(plain) == HEAD
    connect(StorageSettings(url=url)).dispose()


@pytest.mark.postgres
def test_a_schema_is_made_on_request_alone(postgres_url):
    with pytest.raises(ConfigError, match="no tables of fusion yet"):
        connect(StorageSettings(url=postgres_url, schema="shop"))
    connect(StorageSettings(url=postgres_url, schema="shop"), migrate=True).dispose()
    connect(StorageSettings(url=postgres_url, schema="shop")).dispose()
