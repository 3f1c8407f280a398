"""Who is suspected in data without bots, and which bots are found in the same data with them.

    python -m benchmarks.hostile.false_alarms --movielens ml-latest-small
    python -m benchmarks.hostile.false_alarms --movielens ml-latest-small --campaigns

Nothing is trained. Data without bots: MovieLens, generated shops with and without texts, with and
without weights, steady and growing ones, and interactions without any structure. With `--campaigns`
bots are injected into MovieLens and a generated shop, and those found are counted.
"""

import argparse
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from benchmarks.hostile.attacks import ATTACKS, BOT, Campaign, inject
from benchmarks.hostile.worlds import dataset, generated, movielens
from benchmarks.quality.generate import interactions
from benchmarks.quality.noise import noise
from benchmarks.quality.side_information.comparisons import generated as makers
from benchmarks.quality.text_shop import LANGUAGES, shop
from benchmarks.watching.worlds import Shop, make_world
from fusion.api import from_frames
from fusion.data.dataset import Dataset
from fusion.data.suspicion.judge import suspicious_users

KEEP = {"suspicious": "keep"}
TIMED = KEEP | {"columns": {"time": "time"}}
RATED = KEEP | {"columns": {"time": "time", "weight": "rating"}}


def clean_data(folder: Path, seeds: range) -> Iterator[tuple[str, Dataset]]:
    """Yield names and data without bots."""
    yield "MovieLens", dataset(*movielens(folder), "keep")
    for seed in seeds:
        yield "trends", from_frames(interactions(2000, 1500, 60_000, seed), settings=TIMED)
        yield "makers and looks", makers(seed)
        for language in LANGUAGES:
            events, _ = shop(language, users=2000, items=2000, events=60_000, seed=seed)
            yield f"texts in {language}", from_frames(events, settings=TIMED)
        steady = make_world(Shop(seed=seed, users=120))
        yield "steady, with ratings", from_frames(steady.events, settings=RATED)
        growing = make_world(Shop(seed=seed, users=120, mondays=True, growth=0.5, changes=(200,)))
        yield "growing, tastes change", from_frames(growing.events, settings=RATED)
        yield "no structure", from_frames(noise(600, 300, 20_000, seed), settings=TIMED)


def print_alarms(folder: Path, seeds: range) -> None:
    """Print how many are suspected of how many, by kind of data."""
    counts: dict[str, list[int]] = {}
    for name, data in clean_data(folder, seeds):
        counts.setdefault(name, []).append(len(suspicious_users(data).users))
    print(f"{'data':24} sets  with an alarm  most accounts")
    for name, suspected in counts.items():
        print(f"{name:24} {len(suspected):4}  {sum(map(bool, suspected)):13}  {max(suspected):13}")


def print_campaigns(folder: Path, seeds: range) -> None:
    """Print shares of bots that are found, and people suspected beside them."""
    print(f"{'world':10} {'attack':10} bots  pace   promoted  found  people suspected")
    worlds = {"MovieLens": movielens(folder), "shop": generated(1)}
    cases = product(worlds, ATTACKS, (0.01, 0.03), ("quick", "slow"), (5, 1))
    for world, attack, share, pace, targets in cases:
        found, others, bots = 0, 0, 0
        for seed in seeds:
            campaign = Campaign(attack, share, targets, pace, seed)
            events, _ = inject(*worlds[world], campaign)
            data = dataset(events.sort("time"), worlds[world][1], "keep")
            is_bot = data.user_ids.values.str.starts_with(BOT).to_numpy()
            suspects = suspicious_users(data).users
            found += int(is_bot[suspects].sum())
            others += len(suspects) - int(is_bot[suspects].sum())
            bots += int(is_bot.sum())
        mean = others / len(seeds)
        print(
            f"{world:10} {attack:10} {share:4.0%}  {pace:5}  {targets:8}  {found / bots:5.0%}"
            f"  {mean:5.1f}"
        )


def main() -> None:
    """Print one of the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--movielens", type=Path, required=True, help="ratings.csv, movies.csv")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--campaigns", action="store_true")
    given = parser.parse_args()
    tables = print_campaigns if given.campaigns else print_alarms
    tables(given.movielens, range(1, given.seeds + 1))


if __name__ == "__main__":
    main()
