"""A market with enough customers for every check of the default gate, trained once for all cases.

What rules change are lists alone: fits, tables and rankers of the first training serve every case.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from flows.session import Session
from flows.steps.publish.publish import Published, publish_run
from flows.steps.train.train import TrainedRun, train_run
from storage.schema.tables import blocked_item
from tests.flows.world import START, query

USERS, STRANGERS, ITEMS, NEW = 140, 20, 80, 12
GENRES = ("children", "crime", "drama", "jazz")
CONFIG = """\
threads = 1

[data]
interactions = "sales.csv"
items = "goods.csv"
users = "people.csv"

[data.columns]
user = "user"
item = "item"
time = "time"

[data.item_features]
text = ["title"]
category = ["genre"]

[data.user_features]
category = ["club", "age"]

[split]
kind = "last"
folds = 1
users = 100

[[sources]]
name = "popularity"
k = 20

[[sources]]
name = "ease"
k = 20

[[sources]]
name = "item_knn"
k = 20

[tune]
trials = 0

[ranker]
seeds = 1
trees = 20

[lists]
size = 5
reserve = 3
rules = "rules.toml"
# Strangers have the fallback: whether attributes beat it is no matter of rules.
cold_users = 0

[storage]
url = "sqlite:///DATABASE"
"""


def genre_of(item: int) -> str:
    """The genre of item i0, i1, ...: a quarter of the items each."""
    return GENRES[item % 4]


def club_of(user: int) -> str:
    return "red" if user % 3 == 0 else "blue"


def age_of(user: int) -> str:
    return "child" if user % 5 == 0 else "adult"


def write_market(folder: Path) -> None:
    """Write the files of the market: users who mostly keep to one genre, and goods nobody took.

    The last people have met nothing.
    """
    rng = np.random.default_rng(5)
    sales = []
    for user in range(USERS):
        is_mine = np.arange(ITEMS) % 4 == user % 4
        shares = np.where(is_mine, 1.0, 0.1) / (5 + np.arange(ITEMS))
        bought = rng.choice(ITEMS, 14, replace=False, p=shares / shares.sum())
        for item, day in zip(bought, np.sort(rng.integers(0, 60, 14)), strict=True):
            sales.append(f"u{user},i{item},{START + int(day) * 86_400 + int(rng.integers(86_400))}")
    goods = [f"i{item},Good {item} for {genre_of(item)},{genre_of(item)}" for item in range(ITEMS)]
    goods += [f"new{item},Fresh {item},{genre_of(item)}" for item in range(NEW)]
    people = [f"u{user},{club_of(user)},{age_of(user)}" for user in range(USERS + STRANGERS)]
    for name, header, rows in (
        ("sales", "user,item,time", sales),
        ("goods", "item,title,genre", goods),
        ("people", "user,club,age", people),
    ):
        (folder / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n")


Block = tuple[str, str | None]
"""An item and a user; None for everyone."""


@dataclass
class Market:
    """A folder with the files, a store of stages, and a database of this case alone.

    Attributes:
        folder: with files and store.
        database: an SQLite file.
        trained: the newest run.
    """

    folder: Path
    database: Path
    trained: TrainedRun | None = None

    def follow(self, rules: str, blocks: tuple[Block, ...] = ()) -> None:
        """Write the rules, and what is blocked."""
        (self.folder / "rules.toml").write_text(rules)
        if blocks:
            session = self.open()
            session.make_database()
            rows = [{"placement": "default", "item_id": i, "user_id": u} for i, u in blocks]
            with session.engine.begin() as connection:
                connection.execute(insert(blocked_item), rows)
            session.engine.dispose()

    def open(self, config: str = CONFIG) -> Session:
        """A session over the files, with the market's gate, which is the default one."""
        file = self.folder / "fusion.toml"
        file.write_text(config.replace("DATABASE", str(self.database)))
        return Session.open(file)

    def run(self) -> Published:
        """Train and publish; a refusal fails the test with its sentence."""
        session = self.open()
        try:
            self.trained = train_run(session)
            assert self.trained.refusals == ()
            return publish_run(session, self.trained.run_id)
        finally:
            session.engine.dispose()

    def lists(self) -> dict[str, list[str]]:
        """The live list of each user, by rank."""
        return self._grouped("user_id", "current_recommendations")

    def fallback(self) -> dict[str, list[str]]:
        """The live fallback of each segment, by rank."""
        return self._grouped("segment", "current_fallback")

    def _grouped(self, key: str, view: str) -> dict[str, list[str]]:
        statement = f"select {key}, item_id from {view} order by {key}, rank"
        found: dict[str, list[str]] = {}
        for name, item in query(f"sqlite:///{self.database}", statement):
            found.setdefault(name, []).append(item)
        return found

    def segments(self) -> dict[str, str]:
        """The segment whose fallback serves each user, in the newest run."""
        statement = """
            select user_id, segment from served_user
            where run_no = (select max(run_no) from served_user)
        """
        return dict(query(f"sqlite:///{self.database}", statement))
