"""Print what reasons cost in SQL: a row a reason, as before, beside one packed row a user.

Generated reasons (forty a user, words like those of a run) go into both databases both ways: bytes
with indexes, seconds of the load, and milliseconds to read one user's reasons.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from sqlalchemy import Engine, text

from benchmarks.scale.publish import postgres
from storage import StorageSettings, connect
from storage.database.engine import writing
from storage.loading.bulk import load_explanations
from storage.loading.copying import copy, insert_tuples
from storage.reading.read import reasons_for
from storage.runs.runs import start_run

ITEMS_EACH = 20
REASONS_EACH = 2
SOURCES = ("popularity", "als", "ease", "item_knn", "user_knn", "sequence", "category", "content")
READS = 500
CREATE = """
CREATE TABLE reason_row (run_no integer NOT NULL, user_id text{collation} NOT NULL,
    item_id text{collation} NOT NULL, source text, source_rank integer, reason text, detail text,
    gain real)
"""
INDEX = "CREATE INDEX ix_reason_row ON reason_row (run_no, user_id, item_id)"
ONE_USER = text("SELECT * FROM reason_row WHERE run_no = 1 AND user_id = :user_id")


def generate(users: int) -> pl.DataFrame:
    """Return reasons in the columns of the view `explanation`, without a run."""
    chance = np.random.default_rng(1)
    n_rows = users * ITEMS_EACH * REASONS_EACH
    listed = chance.integers(0, 20_000, users * ITEMS_EACH)
    sources = pl.Series(SOURCES).gather(chance.integers(0, len(SOURCES), n_rows))
    ranks = pl.Series(chance.integers(1, 100, n_rows), dtype=pl.Int32)
    gains = pl.Series(chance.normal(size=n_rows), dtype=pl.Float32)
    return pl.DataFrame(
        {
            "user_id": np.repeat(np.arange(users), ITEMS_EACH * REASONS_EACH),
            "item_id": np.repeat(listed, REASONS_EACH),
            "source": sources,
            "source_rank": ranks,
        }
    ).with_columns(
        pl.col("user_id", "item_id").cast(pl.String),
        reason=pl.format("{} ranks it high beside what you took lately", "source"),
        detail=pl.format("rank {}, and the score gains {}", "source_rank", gains.round(3)),
        gain=gains,
    )


def load_rows(engine: Engine, frame: pl.DataFrame) -> float:
    """Load a row a reason, as revision 0008 had them; returns seconds."""
    is_postgres = engine.dialect.name == "postgresql"
    numbered = frame.select(pl.lit(1, pl.Int32).alias("run_no"), pl.all())
    with writing(engine) as connection:
        collation = ' COLLATE "C"' if is_postgres else ""
        connection.execute(text(CREATE.format(collation=collation)))
        connection.execute(text(INDEX))
    started = time.perf_counter()
    with writing(engine) as connection:
        if is_postgres:
            copy(connection, f"reason_row ({', '.join(numbered.columns)})", [numbered])
        else:
            insert_tuples(connection, "reason_row", 1, [frame])
    return time.perf_counter() - started


def load_packed(engine: Engine, frame: pl.DataFrame) -> float:
    """Load a row a user; returns seconds, those of packing among them."""
    run_no = start_run(
        engine, "packed", "default", kind="full", as_of=None, data_hash="d", config_hash="c"
    )
    started = time.perf_counter()
    load_explanations(engine, run_no, frame)
    return time.perf_counter() - started


def read(engine: Engine, users: int, packed: bool) -> float:
    """Return the median milliseconds to read the reasons of a user."""
    chance = np.random.default_rng(2)
    times = []
    for user in chance.integers(0, users, READS):
        started = time.perf_counter()
        if packed:
            reasons_for(engine, 1, str(user))
        else:
            with engine.connect() as connection:
                connection.execute(ONE_USER, {"user_id": str(user)}).all()
        times.append(time.perf_counter() - started)
    return float(np.median(times)) * 1000


def stored_mb(engine: Engine, table: str) -> float:
    """Return what a table takes with its indexes."""
    statement = "SELECT pg_total_relation_size(:name)"
    if engine.dialect.name == "sqlite":
        statement = "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master"
        statement += " WHERE tbl_name = :name)"
    with engine.connect() as connection:
        return float(connection.execute(text(statement), {"name": table}).scalar_one()) / 1e6


def measure(url: str, frame: pl.DataFrame, users: int) -> None:
    """Print the two rows of a database."""
    engine = connect(StorageSettings(url=url), migrate=True)
    name = engine.dialect.name
    for packed, table in ((False, "reason_row"), (True, "explained_user")):
        seconds = load_packed(engine, frame) if packed else load_rows(engine, frame)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        size, one = stored_mb(engine, table), read(engine, users, packed)
        way = "a row a user" if packed else "a row a reason"
        print(f"| {name} | {way} | {size:.1f} | {seconds:.2f} | {one:.2f} |", flush=True)
    engine.dispose()


def main() -> None:
    """Print the table of both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=25_000, help="forty reasons each")
    parser.add_argument("--postgres", help="URL of an empty database, in the place of our server")
    options = parser.parse_args()
    frame = generate(options.users)
    print(f"{len(frame):,} reasons of {options.users:,} users\n")
    print("| database | how | MB | seconds to load | ms to read a user |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{Path(folder) / 'fusion.db'}", frame, options.users)
    with postgres(options.postgres) as url:
        measure(url, frame, options.users)


if __name__ == "__main__":
    main()
