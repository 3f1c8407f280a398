"""Small worlds of lists and events, as plain tuples and as the frames that judging takes."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from fusion.evaluation.realised.labels import LabelLog
from fusion.evaluation.realised.served_lists import ServedLists

EVENTS = {"user": pl.String, "item": pl.String, "time": pl.Int64, "liked": pl.Boolean}
BLOCKS = {"item": pl.String, "user": pl.String, "starts": pl.Int64, "until": pl.Int64}


def _frame(rows, **schema) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")


@dataclass
class World:
    """What a run shows, and what happens."""

    lists: dict[str, list[str]]
    segment_of: dict[str, str | None]
    route_of: dict[str, str]
    fallback: dict[str, list[str]]
    events: list[tuple[str, str, int, bool]]
    blocks: list[tuple[str, str | None, int | None, int | None]]
    size: int = 20
    start: int = 1000
    end: int = 2000

    def served(self) -> ServedLists:
        """The lists as frames."""
        rows = [
            (user, item, rank)
            for user, items in self.lists.items()
            for rank, item in enumerate(items, 1)
        ]
        fallback = [
            (segment, item, rank)
            for segment, items in self.fallback.items()
            for rank, item in enumerate(items, 1)
        ]
        users = [(user, self.route_of[user], self.segment_of[user]) for user in self.route_of]
        return ServedLists(
            _frame(rows, user=pl.String, item=pl.String, rank=pl.Int32),
            _frame(users, user=pl.String, route=pl.String, segment=pl.String),
            _frame(fallback, segment=pl.String, item=pl.String, rank=pl.Int32),
            self.size,
            _frame(self.blocks, **BLOCKS) if self.blocks else None,
        )

    def labels(self, **options):
        """The labels of the span."""
        events = _frame(self.events, **EVENTS).sort("time")
        return LabelLog.of(events, self.start).between(self.start, self.end, **options)


def random_world(seed: int, n_blocks: int = 0) -> World:
    """Users with and without lists, routes and segments; events before and in the span."""
    rng = np.random.default_rng(seed)
    items = [f"i{number:02d}" for number in range(40)]
    lists, segment_of, route_of = {}, {}, {}
    for number in range(60):
        user = f"u{number:02d}"
        route = ("warm", "sparse", "cold", "unknown")[number % 4]
        if route == "unknown":
            continue
        route_of[user] = route
        segment_of[user] = ("land=A", "land=B", "all", None)[number // 4 % 4]
        if route != "cold":
            lists[user] = rng.permutation(items)[: rng.integers(1, 26)].tolist()
    fallback = {"all": rng.permutation(items)[:25].tolist(), "land=A": items[3:9]}
    events = []
    for _ in range(900):
        user, item = f"u{rng.integers(60):02d}", items[rng.integers(40)]
        events.append((user, item, int(rng.integers(200, 2300)), bool(rng.random() < 0.8)))
    blocks = []
    for _ in range(n_blocks):
        user = f"u{rng.integers(60):02d}" if rng.random() < 0.5 else None
        starts = int(rng.integers(800, 2200)) if rng.random() < 0.7 else None
        until = int(rng.integers(800, 2200)) if rng.random() < 0.7 else None
        blocks.append((items[rng.integers(40)], user, starts, until))
    return World(lists, segment_of, route_of, fallback, events, blocks)
