"""Lists with and without what users wrote.

    python -m benchmarks.quality.side_information.queries --seeds 1,2

A generated shop whose users have needs: one is of a topic, is written about in a search or two as
it begins, and is met over the weeks after it. The newest two weeks are held out; lists are fused
with and without the searches before them. What is beside a row is the last row less it, paired over
users.
"""

import argparse
from dataclasses import replace

import numpy as np
import polars as pl

from benchmarks.quality.pooling import pooled
from benchmarks.quality.side_information.comparisons import PLACES, print_table
from fusion.api import fit_fusion, from_frames, recommend
from fusion.config import CoreConfig
from fusion.core.arrays import DAY, Scores
from fusion.data.dataset import Dataset
from fusion.data.queries.user_queries import UserQueries
from fusion.metrics.ranking import rank_discounts

TOPICS = {
    "hiking": ("boots", "tent", "backpack", "trail map", "hiking socks", "compass"),
    "coffee": ("espresso machine", "coffee beans", "grinder", "milk frother", "coffee filter"),
    "baby": ("stroller", "baby bottle", "diapers", "crib", "baby monitor", "pacifier"),
    "garden": ("lawn mower", "garden hose", "flower seeds", "pruning shears", "compost bin"),
    "cycling": ("bicycle helmet", "bike pump", "cycling gloves", "bicycle lock", "saddle"),
    "music": ("guitar strings", "violin bow", "drum sticks", "piano bench", "music stand"),
    "kitchen": ("frying pan", "chef knife", "cutting board", "mixing bowl", "baking tray"),
    "office": ("desk lamp", "office chair", "stapler", "notebook", "fountain pen"),
    "gaming": ("game controller", "gaming headset", "console", "gaming mouse", "board game"),
    "swimming": ("swimming goggles", "swimsuit", "swim cap", "beach towel", "diving fins"),
    "pets": ("dog leash", "cat litter", "bird cage", "aquarium filter", "dog food"),
    "winter": ("ski boots", "snow shovel", "wool scarf", "winter gloves", "ice skates"),
}
LOOKS = ("red", "light", "small", "classic", "deluxe", "simple", "blue", "sturdy")
SOURCES = ("popularity", "item_knn")
"""Quick ones, neither of which reads texts."""
N_DAYS, HELD_DAYS = 200, 14
START = 1_700_000_000_000 // DAY * DAY


def generated(seed: int, n_users: int = 700, n_items: int = 300) -> Dataset:
    """Generate the shop, with its searches."""
    rng = np.random.default_rng(seed)
    names = list(TOPICS)
    topic = rng.integers(len(names), size=n_items)
    titles = [f"{rng.choice(LOOKS)} {rng.choice(TOPICS[names[one]])}" for one in topic]
    popular = rng.gumbel(size=n_items)
    events: list[tuple[str, int, int]] = []
    searches: list[tuple[str, str, int]] = []
    for user in range(n_users):
        begin = rng.exponential(20.0)
        while begin < N_DAYS:
            need = int(rng.integers(len(names)))
            for delay in rng.exponential(1.0, size=rng.integers(0, 3)):
                words = f"{rng.choice(TOPICS[names[need]])} for {names[need]}"
                searches.append((f"u{user}", words, _ms(begin + delay)))
            utility = popular + 4.0 * (topic == need) + rng.gumbel(size=n_items)
            taken = np.argsort(-utility)[: rng.integers(1, 6)]
            events += [(f"u{user}", int(item), _ms(begin + rng.uniform(1, 25))) for item in taken]
            begin += rng.exponential(20.0)
    frame = pl.DataFrame(events, schema=["user", "item", "time"], orient="row")
    items = pl.DataFrame({"item": np.arange(n_items), "title": titles})
    queries = pl.DataFrame(searches, schema=["user", "text", "time"], orient="row")
    end = _ms(N_DAYS)
    settings = {"columns": {"time": "time"}, "item_features": {"text": ["title"]}}
    return from_frames(
        frame.filter(pl.col("time") < end),
        items,
        settings=settings,
        queries=queries.filter(pl.col("time") < end),
    )


def _ms(day: float) -> int:
    return START + int(day * DAY)


def ndcg_of_lists(data: Dataset, seed: int) -> tuple[Scores, np.ndarray]:
    """NDCG@10 of each user who took something in the weeks that are held out, and their rows."""
    cut = data.as_of - HELD_DAYS * DAY
    known = data.before(cut)
    config = CoreConfig(
        seed=seed,
        sources=[{"name": name} for name in SOURCES],
        tune={"trials": 0},
        split={"kind": "time", "window": HELD_DAYS},
    )
    fused = fit_fusion(known, config)
    is_late = data.times >= cut
    late = pl.DataFrame({"user": data.users[is_late], "item": data.items[is_late]}).unique()
    seen = pl.DataFrame({"user": known.users, "item": known.items}).unique()
    labels = late.join(seen, on=["user", "item"], how="anti")
    labels = labels.filter(pl.Series(known.user_counts)[labels["user"]] > 0).sort("user", "item")
    users = labels["user"].unique().sort().to_numpy()
    lists = recommend(fused, data.user_ids.texts(users).to_list(), PLACES)
    wanted = pl.DataFrame(
        {
            "user": labels["user"],
            "user_id": data.user_ids.texts(labels["user"].to_numpy()),
            "item_id": data.item_ids.texts(labels["item"].to_numpy()),
        }
    )
    hits = wanted.join(lists, on=["user_id", "item_id"])
    discounts = rank_discounts(PLACES)
    gains = np.bincount(hits["user"], discounts[hits["rank"].to_numpy() - 1], data.n_users)
    counts = np.bincount(labels["user"], minlength=data.n_users)[users]
    ideal = np.cumsum(discounts)[np.minimum(counts, PLACES) - 1]
    values = gains[users] / ideal
    weighed = fused.trained.importance
    share = sum(gain for name, gain in weighed.items() if "quer" in name)
    print(f"  {values.mean():.4f} by {fused.trained.method}, {share:.1%} of the gain", flush=True)
    return values, users


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="1,2")
    given = parser.parse_args()
    folds, users = [], []
    for seed in [int(one) for one in given.seeds.split(",")]:
        data = generated(seed)
        worlds = {"titles": replace(data, queries=UserQueries()), "titles, queries": data}
        found = {name: ndcg_of_lists(world, seed) for name, world in worlds.items()}
        folds.append({name: values for name, (values, _) in found.items()})
        judged = found["titles"][1]
        users.append(judged.astype(np.int64) + 10_000_000 * len(users))
        print(f"seed {seed}: {len(data)} interactions, {len(data.queries)} queries", flush=True)
    print_table("newest two weeks, fused lists", pooled(folds, users, 0, "titles, queries"))


if __name__ == "__main__":
    main()
