import os
import re
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import NullPool, create_engine, text

from fusion.errors import ConfigError, DataError
from storage.reading.frames import read_sql

NUMBERS = {
    "sqlite": "WITH RECURSIVE t(n) AS (SELECT 0 UNION SELECT n + 1 FROM t WHERE n < 119999) "
    "SELECT n FROM t",
    "postgresql": "SELECT n FROM generate_series(0, 119999) AS s(n)",
}
FILL = """
INSERT INTO plays
SELECT n / 10, 'it''s 100%', CASE WHEN n < 60000 THEN NULL ELSE n * 0.5 END, '2026-01-02 03:04:05'
FROM ({numbers}) AS numbers
"""


@pytest.fixture
def filled(url):
    """A database of the user's: 120,000 rows, so that more than one chunk is read."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE plays (who bigint, what text, hours double precision, at timestamp)")
        )
        connection.execute(text(FILL.format(numbers=NUMBERS[engine.dialect.name])))
    engine.dispose()
    return url


def test_rows_come_in_chunks_with_types(filled):
    frame = read_sql(
        filled, "SELECT who, what, hours FROM plays WHERE what LIKE '%100%' ORDER BY who"
    )
    assert frame.schema == {"who": pl.Int64, "what": pl.String, "hours": pl.Float64}
    assert len(frame) == 120_000
    assert frame["hours"].null_count() == 60_000
    assert frame["hours"].sum() == sum(n * 0.5 for n in range(60_000, 120_000))
    assert frame["what"].unique().to_list() == ["it's 100%"]


def test_no_rows_still_have_columns(filled):
    frame = read_sql(filled, "SELECT who, what FROM plays WHERE who < 0")
    assert frame.columns == ["who", "what"]
    assert len(frame) == 0


def test_words_that_look_like_parameters_are_left_alone(filled):
    frame = read_sql(filled, "SELECT ':name %s %(x)s ?' AS words")
    assert frame["words"].to_list() == [":name %s %(x)s ?"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT nothing FROM plays", "failed.*nothing"),
        ("SELECT who FROM nowhere", "failed.*nowhere"),
        ("SELEC", "failed"),
        ("SELECT who, what AS who FROM plays", r"names columns \['who'\] twice"),
    ],
)
def test_wrong_queries_are_data_errors(filled, query, words):
    with pytest.raises(DataError, match=words):
        read_sql(filled, query)


@pytest.mark.parametrize(
    "query", ["DELETE FROM plays", "DELETE FROM plays RETURNING who", "DROP TABLE plays"]
)
def test_nothing_is_written(filled, query):
    with pytest.raises((DataError, ConfigError)):
        read_sql(filled, query)
    assert read_sql(filled, "SELECT count(*) AS n FROM plays")["n"].to_list() == [120_000]
    assert len(read_sql(filled, "SELECT who FROM plays")) == 120_000


@pytest.mark.postgres
def test_a_select_that_writes_is_refused(postgres_url):
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE numbers"))
    engine.dispose()
    with pytest.raises(ConfigError, match="read-only transaction"):
        read_sql(postgres_url, "SELECT nextval('numbers')")


@pytest.mark.postgres
def test_types_of_postgres(postgres_url):
    frame = read_sql(
        postgres_url,
        "SELECT 1::smallint AS a, 2.5::numeric(10, 2) AS b, true AS c, date '2026-01-02' AS d,"
        " timestamptz '2026-01-02 03:00+08' AS e, timestamp '2026-01-02 03:00' AS f,"
        " '0b0e7e80-0000-4000-8000-000000000001'::uuid AS g, NULL::text AS h, 'x'::varchar(5) AS i",
    )
    wanted = pl.DataFrame(
        {
            "a": [1],
            "b": [2.5],
            "c": [True],
            "d": [date(2026, 1, 2)],
            "e": [datetime(2026, 1, 1, 19, tzinfo=UTC)],
            "f": [datetime(2026, 1, 2, 3)],
            "g": ["0b0e7e80-0000-4000-8000-000000000001"],
            "h": [None],
            "i": ["x"],
        },
        schema_overrides={"h": pl.String},
    )
    assert_frame_equal(frame, wanted)


def test_values_decide_on_sqlite(tmp_path):
    url = f"sqlite:///{tmp_path}/data.db"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (n, m)"))
        connection.execute(text("INSERT INTO t VALUES (1, 1), (2.5, 'a'), (NULL, NULL)"))
    engine.dispose()
    assert read_sql(url, "SELECT n FROM t")["n"].to_list() == [1.0, 2.5, None]
    with pytest.raises(DataError, match=r"'m' mixes kinds.*Cast it"):
        read_sql(url, "SELECT m FROM t")


def test_kinds_that_change_from_chunk_to_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr("storage.reading.row_frames.CHUNK", 2)
    url = f"sqlite:///{tmp_path}/data.db"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (n, m)"))
        connection.execute(
            text("INSERT INTO t VALUES (NULL, 1), (NULL, 2), (1, 3), (2, 4), (2.5, 'a')")
        )
    engine.dispose()
    assert read_sql(url, "SELECT n FROM t")["n"].to_list() == [None, None, 1.0, 2.0, 2.5]
    with pytest.raises(DataError, match="mixes kinds"):
        read_sql(url, "SELECT m FROM t")


def test_a_relative_path_starts_at_the_folder_that_is_given(tmp_path):
    folder = tmp_path / "50% off #1?"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "shop.db")) as shop:
        shop.execute("CREATE TABLE t AS SELECT 7 AS n")
    for url in ("sqlite:///shop.db", "sqlite+pysqlite:///shop.db"):
        assert read_sql(url, "SELECT n FROM t", folder)["n"].to_list() == [7]
    with pytest.raises(
        ConfigError, match=f"{re.escape(str(tmp_path))}/shop.db: the file cannot be opened"
    ):
        read_sql("sqlite:///shop.db", "SELECT n FROM t", tmp_path)


def test_a_database_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="cannot be opened"):
        read_sql(f"sqlite:///{tmp_path}/no.db", "SELECT 1")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigError, match="no driver") as caught:
        read_sql("mysql+nodriver://ann:s3cret@db/x", "SELECT 1")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://x", "Parameters of SQLite: "),
        ("sqlite:///x.db?isolation_level=a&isolation_level=b", "Parameters of SQLite: "),
        ("sqlite+aiosqlite:///x.db", "a driver for asyncio"),
        ("postgresql+asyncpg://u:s3cret@127.0.0.1:1/x?y=1", "a driver for asyncio"),
        ("postgresql://u:s3cret@127.0.0.1/x?host=h:b&host=h:c", "is no address"),
        ("postgresql://u:s3cret@a..b/x", "cannot be opened"),
    ],
)
def test_an_address_that_no_driver_takes_is_named(url, words, tmp_path):
    with pytest.raises(ConfigError, match=words) as caught:
        read_sql(url, "SELECT 1", tmp_path)
    assert "s3cret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def small_file(folder) -> str:
    """Make an SQLite file of the user's with a table and a view; returns its URL."""
    with closing(sqlite3.connect(folder / "shop.db")) as connection, connection:
        connection.execute("CREATE TABLE plays (who, what)")
        connection.execute("INSERT INTO plays VALUES (1, '[7, 8]')")
        connection.execute("CREATE VIEW seen AS SELECT who FROM plays")
    return f"sqlite:///{folder / 'shop.db'}"


@pytest.mark.parametrize(
    "attack",
    [
        "VACUUM INTO '{folder}/copy.db'",
        "ATTACH '{folder}/other.db' AS other",
        "PRAGMA writable_schema = ON",
        "PRAGMA temp_store_directory = '{folder}'",
        "SELECT * FROM pragma_table_info('plays')",
        "SELECT load_extension('{folder}/evil.so')",
        "SELECT writefile('{folder}/written', 'x')",
        "CREATE TEMP TABLE mine (x)",
        "SELECT 1; DELETE FROM plays",
        "UPDATE sqlite_master SET sql = 'x'",
        "SAVEPOINT mine",
        "REINDEX",
    ],
)
def test_a_query_on_sqlite_writes_no_file_and_changes_no_setting(attack, tmp_path):
    url = small_file(tmp_path)
    before = (tmp_path / "shop.db").read_bytes()
    with pytest.raises((DataError, ConfigError)):
        read_sql(url, attack.format(folder=tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == ["shop.db"]
    assert (tmp_path / "shop.db").read_bytes() == before


def test_a_refused_query_says_what_is_allowed(tmp_path):
    with pytest.raises(DataError, match="a query may only SELECT"):
        read_sql(small_file(tmp_path), f"ATTACH '{tmp_path}/other.db' AS other")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT who FROM seen",
        "SELECT sum(who) OVER (ORDER BY what) AS total FROM plays",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n",
        "SELECT value FROM plays, json_each(plays.what)",
        "SELECT name FROM sqlite_master WHERE type = 'table'",
    ],
)
def test_whatever_only_reads_is_allowed_on_sqlite(query, tmp_path):
    assert len(read_sql(small_file(tmp_path), query)) > 0


@pytest.mark.postgres
@pytest.mark.parametrize(
    "attack",
    [
        "INSERT INTO plays VALUES (2)",
        "INSERT INTO plays VALUES (2) RETURNING who",
        "WITH added AS (INSERT INTO plays VALUES (2) RETURNING who) SELECT who FROM added",
        "SELECT delete_all()",
        "SELECT nextval('numbers')",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT who INTO mine FROM plays",
        "CREATE TEMP TABLE mine (x int)",
        "SELECT who FROM plays FOR UPDATE",
        "COPY plays TO '{folder}/copy.csv'",
        "COPY (SELECT 1) TO PROGRAM 'touch {folder}/written'",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "SET TRANSACTION READ WRITE",
        "DO $$ BEGIN DELETE FROM plays; END $$",
        "EXPLAIN ANALYZE DELETE FROM plays",
        "SELECT 1; COMMIT; DELETE FROM plays; SELECT 1",
    ],
)
def test_a_query_on_postgres_writes_neither_rows_nor_files(attack, postgres_shop_url, tmp_path):
    # the server may be another user's, to whom the folder must be open for the attack to work
    tmp_path.chmod(0o777)
    with pytest.raises((DataError, ConfigError)):
        read_sql(postgres_shop_url, attack.format(folder=tmp_path))
    assert [*tmp_path.iterdir()] == []
    assert read_sql(postgres_shop_url, "SELECT who FROM plays")["who"].to_list() == [1]
    assert read_sql(postgres_shop_url, "SELECT last_value FROM numbers")["last_value"][0] == 1


@pytest.fixture(scope="module")
def postgres_shop_url(postgres_server):
    """A table, a sequence and a function that deletes; nothing of them may change."""
    name = f"fusion_frames_{os.getpid()}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    place = postgres_server.set(database=name)
    own = create_engine(place, poolclass=NullPool)
    with own.begin() as connection:
        for statement in (
            "CREATE TABLE plays (who bigint)",
            "INSERT INTO plays VALUES (1)",
            "CREATE SEQUENCE numbers",
            "CREATE FUNCTION delete_all() RETURNS bigint LANGUAGE sql "
            "AS 'DELETE FROM plays RETURNING who'",
        ):
            connection.execute(text(statement))
    yield place.render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
