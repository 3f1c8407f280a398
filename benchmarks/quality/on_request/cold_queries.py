"""Lists for who wrote something and took nothing yet, beside segment and popularity.

    python -m benchmarks.quality.on_request.cold_queries --seeds 1 2 3

A generated shop with titles, whose users have one to three lasting interests, each of a topic. They
search for most of them on their first day, and take things of them over the weeks and months after
it, beside what is popular. A region has a third of the topics more often; it is the segment of the
fallback. Users are hidden whole, and judged by what they took in the newest two weeks, where they
wrote something before these. "Searches of others" deals all searches out anew, so that what
somebody wrote tells nothing.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from benchmarks.quality.on_request.cold_users import judge
from benchmarks.quality.side_information.queries import HELD_DAYS, LOOKS, N_DAYS, START, TOPICS
from fusion.api import from_frames
from fusion.config import CoreConfig
from fusion.core.arrays import DAY
from fusion.data.dataset import Dataset
from fusion.data.splitting.folds import plan_folds
from fusion.runs.context import RunContext
from fusion.training.queries.encode import with_query_vectors

REGIONS = ("north", "east", "south")
SEARCHED = 0.7
"""Share of interests that are searched for."""
HEADER = (
    "| data | users | searches | segment | popularity | over segment | over popularity | served |"
)


def generated(seed: int, n_users: int = 1500, n_items: int = 300, n_cold: int = 100) -> Dataset:
    """Generate the shop, with its searches.

    Args:
        seed: of all draws.
        n_users: with interactions.
        n_items: items, each of a topic.
        n_cold: users who wrote and took nothing.
    """
    rng = np.random.default_rng(seed)
    names = list(TOPICS)
    topic = rng.integers(len(names), size=n_items)
    titles = [f"{rng.choice(LOOKS)} {rng.choice(TOPICS[names[one]])}" for one in topic]
    popular = rng.gumbel(size=n_items)
    events: list[tuple[str, int, int]] = []
    searches: list[tuple[str, str, int]] = []
    region = rng.integers(len(REGIONS), size=n_users + n_cold)
    for user in range(n_users + n_cold):
        chances = np.where(np.arange(len(names)) % len(REGIONS) == region[user], 2.0, 1.0)
        n_own = int(rng.integers(1, 4))
        own = rng.choice(len(names), n_own, replace=False, p=chances / chances.sum())
        begin = rng.uniform(0, N_DAYS - HELD_DAYS)
        for need in own:
            if rng.random() < SEARCHED:
                words = f"{rng.choice(TOPICS[names[need]])} for {names[need]}"
                searches.append((f"u{user}", words, _ms(begin + rng.random())))
        if user < n_users:
            utility = popular + 2.5 * np.isin(topic, own) + rng.gumbel(size=n_items)
            taken = np.argsort(-utility)[: rng.integers(2, 16)]
            moments = begin + 1 + rng.exponential(40.0, size=len(taken))
            for item, moment in zip(taken.tolist(), moments, strict=True):
                events.append((f"u{user}", item, _ms(moment)))
    frame = pl.DataFrame(events, schema=["user", "item", "time"], orient="row")
    queries = pl.DataFrame(searches, schema=["user", "text", "time"], orient="row")
    end = _ms(N_DAYS)
    users = {"user": [f"u{user}" for user in range(n_users + n_cold)]}
    return from_frames(
        frame.filter(pl.col("time") < end),
        pl.DataFrame({"item": np.arange(n_items), "title": titles}),
        pl.DataFrame(users | {"region": [REGIONS[one] for one in region]}),
        {
            "columns": {"time": "time"},
            "item_features": {"text": ["title"]},
            "user_features": {"category": ["region"]},
        },
        queries=queries.filter(pl.col("time") < end),
    )


def _ms(day: float) -> int:
    return START + int(day * DAY)


def of_others(data: Dataset, seed: int) -> Dataset:
    """Deal the texts of all searches out anew: who wrote, and when, stays."""
    order = np.random.default_rng(seed).permutation(len(data.queries))
    queries = replace(data.queries, texts=data.queries.texts[order])
    return replace(data, queries=queries)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    given = parser.parse_args()
    print(HEADER)
    print("| " + " | ".join(["---"] * (HEADER.count("|") - 1)) + " |")
    split = {"kind": "time", "window": HELD_DAYS}
    for planted in (True, False):
        for seed in given.seeds:
            data = generated(seed)
            name = "likes follow searches" if planted else "searches of others"
            with TemporaryDirectory(prefix="cold-queries-") as folder:
                config = CoreConfig(threads=1, device="cpu", split=split)
                known = data if planted else of_others(data, seed)
                plan = plan_folds(known, config.split, seen=False, seed=config.seed)
                context = RunContext(config, known, plan, Path(folder))
                judge(f"{name}, seed {seed}", with_query_vectors(context))


if __name__ == "__main__":
    main()
