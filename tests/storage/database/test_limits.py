"""Nothing waits for good: locks and statements have limits, and the end says which one."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import create_engine, text

from fusion.errors import Unavailable
from storage import StorageSettings, connect
from storage.database.engine import writing
from storage.database.limits import TimeLimits
from storage.reading.frames import read_sql
from storage.runs.runs import find_run, runs
from tests.storage.making import make_run

QUICK = TimeLimits(lock=0.2, statement=0.3, settings=("[limits] a", "[limits] b"))
ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i > 0) "
    "SELECT count(*) FROM n"
)


def test_a_locked_database_ends_a_wait(url, engine):
    make_run(engine, "a")
    quick = connect(StorageSettings(url=url, lock_timeout=0.2))
    lock = "LOCK TABLE run" if engine.dialect.name == "postgresql" else "UPDATE run SET kind = 'x'"
    with writing(engine) as holder:
        holder.execute(text(lock))
        with pytest.raises(Unavailable) as caught, writing(quick) as waiting:
            waiting.execute(text("UPDATE run SET kind = 'y'"))
    waited = "UPDATE run" if engine.dialect.name == "postgresql" else "BEGIN IMMEDIATE"
    assert f"waited 0.2 s ([storage] lock_timeout): {waited}" in str(caught.value)
    quick.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_reading_a_locked_table_ends(url, engine):
    quick = connect(StorageSettings(url=url, lock_timeout=0.2))
    with writing(engine) as holder:
        holder.execute(text("LOCK TABLE run"))
        with pytest.raises(Unavailable, match=r"lock_timeout\): SELECT run.run_no, "):
            find_run(quick, "default", "a")
    assert runs(quick, "default") == []
    quick.dispose()


def test_a_statement_without_end_ends(url, engine):
    quick = connect(StorageSettings(url=url, statement_timeout=0.3))
    with quick.connect() as connection, pytest.raises(Unavailable) as caught:
        connection.execute(text(ENDLESS)).all()
    words = "took longer than 0.3 s ([storage] statement_timeout): WITH RECURSIVE n(i)"
    assert words in str(caught.value)
    assert runs(quick, "default") == []  # the clock starts anew
    quick.dispose()


def test_a_query_of_the_data_ends_too(url):
    with pytest.raises(Unavailable, match=r"took longer than 0.3 s \(\[limits\] b\): WITH"):
        read_sql(url if "sqlite" not in url else made(url), ENDLESS, limits=QUICK)


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_query_waits_for_a_lock_no_longer_than_it_may(url):
    owner = create_engine(url)
    with owner.begin() as connection:
        connection.execute(text("CREATE TABLE plays (who int)"))
    with owner.begin() as holder:
        holder.execute(text("LOCK TABLE plays"))
        with pytest.raises(Unavailable, match=r"waited 0.2 s \(\[limits\] a\): SELECT who"):
            read_sql(url, "SELECT who FROM plays", limits=QUICK)
    assert len(read_sql(url, "SELECT who FROM plays", limits=QUICK)) == 0
    owner.dispose()


def test_a_query_waits_for_a_locked_file_no_longer_than_it_may(tmp_path):
    file = tmp_path / "shop.db"
    url = made(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable, match=r"waited 0.2 s \(\[limits\] a\): SELECT who"):
            read_sql(url, "SELECT who FROM plays", limits=QUICK)


def made(url: str) -> str:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
        file.execute("CREATE TABLE plays (who int)")
    return url
