"""A shop whose users take what lists hold as often as a test says, and runs with such lists."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from flows.session import Session
from storage.loading.bulk import load_fallback, load_lists, load_served
from storage.runs.runs import finish_run, start_run
from storage.slots.publish import publish
from tests.fusion.evaluation.realised.worlds import World

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
USERS = [f"u{number:02d}" for number in range(60)]
ITEMS = [f"i{number:02d}" for number in range(30)]
FALLBACK = ITEMS[::-1]
SIZE, RESERVE = 10, 5
CONFIG = """\
seed = 7
[data]
interactions = "events.csv"
positive = "rating >= 4"
[data.columns]
time = "time"
weight = "rating"
[storage]
url = "{url}"
"""


def at(day: float) -> datetime:
    """The moment so many days after the beginning."""
    return BEGIN + timedelta(days=day)


def ms(day: float) -> int:
    """The same in ms."""
    return round(at(day).timestamp() * 1000)


@dataclass
class Planted:
    """Lists of all users but two, and events that hit them.

    Attributes:
        session: of its configuration.
        events: (user, item, ms, rating), of all that will ever happen.
        seed: of lists and events.
    """

    session: Session
    events: list[tuple[str, str, int, int]] = field(default_factory=list)
    seed: int = 1

    @classmethod
    def make(cls, folder: Path, url: str, seed: int = 1) -> "Planted":
        """A shop without runs; each user has taken three things in the first four weeks."""
        (folder / "fusion.toml").write_text(CONFIG.format(url=url))
        shop = cls(Session.open(folder / "fusion.toml"), seed=seed)
        shop.session.make_database()
        rng = np.random.default_rng([seed, 0])
        for user in USERS:
            for number in range(3):
                shop.events.append((user, f"old{number}", ms(28 * rng.random()), 5))
        return shop

    def lists(self) -> dict[str, list[str]]:
        """Fifteen items of each user, the reserve among them; two users have none."""
        rng = np.random.default_rng([self.seed, 1])
        mixed = {user: rng.permutation(ITEMS)[: SIZE + RESERVE].tolist() for user in USERS}
        return {user: items for user, items in mixed.items() if user not in USERS[-2:]}

    def live_on(self, begin: int, end: int, taste: float) -> None:
        """Let days pass: half of the users take something each day, of their list with `taste`."""
        rng = np.random.default_rng([self.seed, begin, 2])
        lists = self.lists()
        for day in range(begin, end):
            for user in USERS:
                if rng.random() < 0.5:
                    continue
                moment = ms(day + rng.random())
                own = lists.get(user, FALLBACK)[:SIZE]
                is_fit = rng.random() < taste
                item = own[rng.integers(SIZE)] if is_fit else f"other{rng.integers(400)}"
                rating = 5 if rng.random() < 0.9 else 2
                self.events.append((user, item, moment, rating))

    def arrive(self, day: float) -> datetime:
        """Write what has happened by a day; returns the moment."""
        rows = sorted((row for row in self.events if row[2] < ms(day)), key=lambda row: row[2])
        schema = {"user": pl.String, "item": pl.String, "time": pl.Int64, "rating": pl.Int64}
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        frame.write_csv(self.session.base / "events.csv")
        return at(day)

    def publish(self, day: float, promise=None, lists=None, window: int = 7, estimate=None) -> str:
        """Load a run as of a day with the lists, and show it."""
        engine = self.session.engine
        run_id = f"{at(day):%Y%m%d-%H%M%S}-{round(day * 10):06x}"
        run_no = start_run(
            engine, run_id, "default", kind="full", as_of=at(day), data_hash="d", config_hash="c"
        )
        listed = self.lists() if lists is None else lists
        load_lists(engine, run_no, [_rows(listed, "user_id")])
        served = {
            "user_id": USERS,
            "route": ["warm" if user in listed else "cold" for user in USERS],
            "segment": ["land=A" if number % 2 else "all" for number in range(len(USERS))],
        }
        load_served(engine, run_no, pl.DataFrame(served))
        fallback = _rows({"all": FALLBACK, "land=A": FALLBACK[3:]}, "segment")
        load_fallback(engine, run_no, fallback.drop("probability"))
        finish_run(
            engine,
            run_no,
            "ready",
            method="ranker",
            list_size=SIZE,
            verdict={**VERDICT, "split": {"kind": "time", "window": window}, "promise": promise},
            manifest={
                "config": {"lists": {"exclude_seen": True, "size": SIZE}},
                "estimate": estimate or {},
            },
        )
        publish(engine, "default", run_no, by="test", reason="test")
        return run_id

    def slow(self, begin: float, end: float, blocks=(), lists=None) -> World:
        """The same world as plain tuples, for the slow judgement."""
        segments = {user: "land=A" if number % 2 else None for number, user in enumerate(USERS)}
        return World(
            lists=self.lists() if lists is None else lists,
            segment_of=segments,
            route_of=dict.fromkeys(USERS, "warm"),
            fallback={"all": FALLBACK, "land=A": FALLBACK[3:]},
            events=[(user, item, time, rating >= 4) for user, item, time, rating in self.events],
            blocks=list(blocks),
            size=SIZE,
            start=ms(begin),
            end=ms(end),
        )


VERDICT = {
    "rows": {},
    "chosen": "ranker",
    "reported": {"value": 0.2, "low": 0.1, "high": 0.3},
}


def promise(value: float, low: float, high: float, windows: int = 16) -> list[dict[str, object]]:
    """The same promise for both horizons."""
    return [
        {
            "horizon": horizon,
            "days": days,
            "name": "ndcg",
            "k": 10,
            "value": value,
            "low": low,
            "high": high,
            "windows": windows,
            "basis": "past_windows",
        }
        for horizon, days in (("day", 1), ("window", 7))
    ]


def _rows(lists: dict[str, list[str]], owner: str) -> pl.DataFrame:
    rows = [
        (name, rank, item, 1.0 / rank, 1.0)
        for name, items in lists.items()
        for rank, item in enumerate(items, 1)
    ]
    schema = {
        owner: pl.String,
        "rank": pl.Int32,
        "item_id": pl.String,
        "score": pl.Float32,
        "probability": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")
