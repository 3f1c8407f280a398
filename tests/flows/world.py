"""A small shop with planted tastes, the command line as a subprocess, readers of SQL views."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, NullPool, create_engine, text

ROOT = Path(__file__).parents[2]
START, DAY = 1_600_000_000, 86_400
STRANGER = "newcomer"
"""A user of the users' file, of the club red, who has met nothing; u2 is the only other one in it.
"""
PERSON = "person-4711"
"""One of the users, whose name nothing else holds."""
EARLY = "2020-12-25"
"""A moment before the last events of the shop, whose first event is of 13 September 2020."""

CONFIG = """\
threads = 1

[data]
interactions = "ratings.csv"
items = "movies.csv"
users = "users.csv"

[data.columns]
user = "userId"
item = "movieId"
time = "timestamp"
weight = "rating"

[data.item_features]
text = ["title"]

[data.user_features]
category = ["club"]

[split]
kind = "time"
window = 10
folds = 2
users = 20

[[sources]]
name = "popularity"
k = 30

[[sources]]
name = "ease"
k = 30

[[sources]]
name = "item_knn"
k = 30

[tune]
trials = 2

[ranker]
seeds = 1
trees = 30

[gate]
users = 20

[lists]
size = 5
reserve = 3
history = 4
"""


def events(
    users: int = 90, items: int = 60, taste: float = 0.85, seed: int = 3
) -> list[tuple[str, str, int, int]]:
    """Make (user, item, time, rating) of four tastes, a quarter of the items each.

    With `taste` 0 nothing can be learned.
    """
    rng = np.random.default_rng(seed)
    found = []
    for user in range(users):
        mine = np.flatnonzero(np.arange(items) % 4 == user % 4)
        for day in np.sort(rng.integers(0, 120, rng.integers(18, 28))):
            pool = mine if rng.random() < taste else np.arange(items)
            weight = 1 / (1 + np.arange(len(pool))) if taste else np.ones(len(pool))
            item = rng.choice(pool, p=weight / weight.sum())
            moment = START + int(day) * DAY + int(rng.integers(0, DAY))
            found.append(
                (PERSON if user == 88 else f"u{user}", f"i{item}", moment, int(rng.integers(1, 6)))
            )
    return found


def write_events(file: Path, rows: list[tuple[str, str, int, int]]) -> None:
    lines = [f"{user},{item},{moment},{rating}\n" for user, item, moment, rating in rows]
    file.write_text("userId,movieId,timestamp,rating\n" + "".join(lines))


def take_more(folder: Path, times: int = 3, days: int = 42) -> None:
    """Let everybody take so many times as much in the last days of a shop: a true change."""
    lines = (folder / "ratings.csv").read_text().splitlines()
    rows = []
    for line in lines[1:]:
        user, item, at, rating = line.split(",")
        rows.append((user, item, int(at), int(rating)))
    newest = max(at for _, _, at, _ in rows)
    late = [row for row in rows if row[2] > newest - days * DAY]
    # An hour earlier each: what is repeated to the second is one event twice.
    more = [
        (user, item, at - 3600 * hours, rating)
        for user, item, at, rating in late
        for hours in range(1, times)
    ]
    write_events(folder / "ratings.csv", rows + more)


def make_shop(folder: Path, more: str = "", **shape: Any) -> Path:
    """Write files and a configuration, with `more` added to it; returns the configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = events(**shape)
    write_events(folder / "ratings.csv", rows)
    items = sorted({item for _, item, _, _ in rows})
    (folder / "movies.csv").write_text(
        "movieId,title\n" + "".join(f"{item},Film {item}\n" for item in items)
    )
    people = sorted({user for user, *_ in rows} | {STRANGER})
    clubs = "".join(f"{user},{'red' if user == STRANGER else 'blue'}\n" for user in people)
    (folder / "users.csv").write_text("userId,club\n" + clubs.replace("u2,blue", "u2,red"))
    config = folder / "fusion.toml"
    config.write_text(CONFIG + more)
    return config


def environment(**more: str) -> dict[str, str]:
    """The environment of a command: this checkout on the path, no Prefect API but in `more`."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PREFECT_", "FUSION_"))
    }
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "140",
        "PREFECT_HOME": "/nonexistent",
        **more,
    }


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "flows.cli", *words]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """All of stdout as one JSON document."""
        return json.loads(self.out)


def fusion(
    folder: Path, *words: str, process: Mapping[str, Any] | None = None, **env: str
) -> Ended:
    """Run `fusion` in `folder`, in a process of its own, as a person does.

    `process` says how it is started otherwise, in the words of `subprocess.run`.
    """
    done = subprocess.run(
        command(*words),
        cwd=folder,
        env=environment(**env),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **(process or {}),
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def database(folder: Path) -> str:
    return f"sqlite:///{folder / 'fusion.db'}"


def query(url: str, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Rows of a statement over a connection of its own, as an outside reader gets them."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def replace_lists(engine: Engine, run_no: int) -> None:
    """Make a stored run's lists hold items that no other run lists."""
    with engine.begin() as connection:
        statement = "update recommendation set item_id = 'other-' || item_id where run_no = :run_no"
        connection.execute(text(statement), {"run_no": run_no})


LISTS = (
    "select user_id, rank, item_id, score, route, placement from current_recommendations "
    "order by user_id, rank"
)


def live_lists(url: str) -> list[tuple[Any, ...]]:
    """Every live list as the view shows it, without what names the run."""
    return query(url, LISTS)


COUNTS = (
    "select user_id, count(*), count(distinct item_id), count(distinct run_id), "
    "min(rank), max(rank) "
    "from current_recommendations where placement = 'default' group by user_id"
)


class Reader(threading.Thread):
    """Poll the view until it is stopped; keep errors and what is no whole list of one run."""

    def __init__(self, url: str, users: Collection[int]) -> None:
        super().__init__()
        self.engine = create_engine(url, poolclass=NullPool)
        self.users = users
        self.done = threading.Event()
        self.looks = 0
        self.wrong: list[object] = []

    def run(self) -> None:
        while not self.done.is_set():
            try:
                with self.engine.connect() as connection:
                    rows = [tuple(row)[1:] for row in connection.execute(text(COUNTS))]
                self.wrong += [row for row in rows if row != (5, 5, 1, 1, 5)]
                self.wrong += [] if len(rows) in self.users else [f"{len(rows)} users"]
            except Exception as error:
                self.wrong.append(error)
            self.looks += 1
            time.sleep(0.01)

    def stop(self) -> None:
        self.done.set()
        self.join()


@contextmanager
def readers(url: str, users: Collection[int] = (90,)) -> Iterator[None]:
    """Four readers of the view, as long as the block runs; what they saw wrong fails the test.

    `users` is how many may have a list.
    """
    polling = [Reader(url, users) for _ in range(4)]
    for reader in polling:
        reader.start()
    try:
        yield
    finally:
        for reader in polling:
            reader.stop()
    assert [wrong for reader in polling for wrong in reader.wrong] == []
    assert min(reader.looks for reader in polling) > 3
