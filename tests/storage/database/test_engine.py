import logging
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text

from fusion.errors import ConfigError, Temporary
from storage import StorageSettings, connect
from storage.database.errors import DamagedDatabase
from storage.database.translation import translate
from storage.database.urls import masked

SECRET = "s3cret/%"
ENCODED = "s3cret%2F%25"


def refused(url: str, kind: type[Exception]) -> str:
    with pytest.raises(kind) as caught:
        connect(StorageSettings(url=url), migrate=True)
    message = str(caught.value)
    assert SECRET not in message
    assert ENCODED not in message
    return message


def test_passwords_are_never_shown():
    url = f"postgresql+psycopg://ann:{ENCODED}@db/x"
    assert ENCODED not in repr(StorageSettings(url=url))
    assert "ann:***@db/x" in repr(StorageSettings(url=url))
    assert masked("postgresql://db/x?user=ann&password=abc&sslpassword=abc").count("abc") == 0
    assert masked("ann:abc@db") == "***"


@pytest.mark.parametrize(
    "url",
    [
        f"mysql+pymysql://ann:{ENCODED}@db/x",
        f"postgresql+psycopg2://ann:{ENCODED}@db/x",
        f"nonsense://ann:{ENCODED}@db/x",
        f"ann:{ENCODED}@db",
        f"postgresql://ann:{ENCODED}@db:port/x",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_other_databases_are_refused_and_the_supported_named(url):
    message = refused(url, ConfigError)
    assert "Supported: sqlite:///path/to/file.db and postgresql+psycopg://" in message


def test_sqlite_files_that_cannot_be(tmp_path):
    assert "its folder must exist" in refused(
        f"sqlite:///{tmp_path}/no/such/fusion.db", ConfigError
    )
    (tmp_path / "text.db").write_text("I am no database, and I am long enough to show it. " * 50)
    assert "not an SQLite database" in refused(f"sqlite:///{tmp_path}/text.db", ConfigError)
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE run (x)")
    other.close()
    message = refused(f"sqlite:///{tmp_path}/other.db", DamagedDatabase)
    assert "holds run, and no revision in alembic_version: these tables are not fusion's" in message


@pytest.mark.postgres
def test_postgres_that_is_not_there(postgres_server):
    server = postgres_server.set(password=SECRET)
    text_of = server.set(database="nowhere").render_as_string(hide_password=False)
    assert 'database "nowhere" does not exist' in refused(text_of, ConfigError)
    text_of = server.set(username="nobody").render_as_string(hide_password=False)
    assert "nobody" in refused(text_of, ConfigError)
    message = refused(f"postgresql://ann:{ENCODED}@127.0.0.1:1/x", Temporary)
    assert "Try again later" in message


def test_a_driver_that_repeats_the_password_is_masked():
    url = make_url(f"postgresql+psycopg://ann:{ENCODED}@db/x")
    said = translate(psycopg.OperationalError(f"cannot connect with password={SECRET}"), url)
    assert isinstance(said, Temporary)
    assert SECRET not in str(said)


def test_a_database_of_a_newer_version_is_refused(url, engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    message = refused(url, ConfigError)
    assert "revision 9999" in message
    assert "newer" in message


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_lost_connection_is_temporary(engine):
    with engine.connect() as connection, engine.connect() as killer:
        number = connection.scalar(text("SELECT pg_backend_pid()"))
        killer.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
        time.sleep(0.1)
        with pytest.raises(Temporary, match="Try again later"):
            connection.execute(text("SELECT 1"))


def test_connecting_again_is_quick_and_leaves_alembic_alone(url, engine):
    code = (
        "import sys; from storage import *;"
        "connect(StorageSettings(url=sys.argv[1]), migrate=True).dispose();"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, url], check=True, cwd=Path.cwd())
    # Of the processor, and the quickest: other programs run as well.
    assert min(seconds_to_connect(url) for _ in range(5)) < 0.1


def seconds_to_connect(url: str) -> float:
    start = time.process_time()
    connect(StorageSettings(url=url), migrate=True).dispose()
    return time.process_time() - start


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///x.db?timeout=abc", "could not convert string to float: 'abc'"),
        ("sqlite:///x.db?journal=off", "it takes no journal. Parameters of SQLite: "),
        ("sqlite:///x.db?detect_types=" + "9" * 30, "Parameters of SQLite: "),
        ("postgresql://a..b/x", "has no address of a server"),
        ("postgresql://127.0.0.1/x?host=" + "a" * 64, "has no address of a server"),
        ("postgresql://127.0.0.1/x?host=h:b&host=h:c", "has no address of a server"),
        ("postgresql://u: @127.0.0.1:1/x?journal=off", 'option***"journal"'),
        ("postgresql://127.0.0.1:1/x?journal=off", 'invalid connection option "journal"'),
    ],
)
def test_a_parameter_that_no_driver_takes_is_named(url, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=re.escape(words)):
        connect(StorageSettings(url=url), migrate=True)
    assert list(tmp_path.iterdir()) == []


def test_what_the_pool_does_is_news_of_sqlalchemy_not_ours(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.INFO, "sqlalchemy.pool")
    connect(StorageSettings(url=f"sqlite:///{tmp_path}/fusion.db"), migrate=True).dispose()
    disposed = [record.name for record in caplog.records if "Pool disposed" in record.message]
    assert disposed == ["sqlalchemy.pool.impl.QueuePool"]
