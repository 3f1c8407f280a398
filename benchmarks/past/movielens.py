"""Replay policies on MovieLens latest-small by quarter, and print the table without a claim.

    python -m benchmarks.past.movielens PATH/ml-latest-small FOLDER

What is done stays in FOLDER, and the same command goes on there.
"""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.past.candidates import section, write_policies
from benchmarks.past.pooled import pool, print_pooled
from flows.session import Session
from flows.steps.past.dates import PastDates
from flows.steps.past.picture import draw_replay
from flows.steps.past.replay import replay

QUARTER = timedelta(days=91)
CONFIG = """\
[data]
interactions = "{ratings}"
items = "{movies}"
positive = "weight >= 4"

[data.columns]
user = "userId"
item = "movieId"
time = "timestamp"
weight = "rating"

[data.item_columns]
id = "movieId"

[data.item_features]
category = ["genres"]

[tune]
trials = 0
contributions = false

[ranker]
seeds = 1

[gate]
users = 10
"""
SOURCES = ("popularity", "item_knn", "ease")
POLICIES = {"age365": section(365), "drift365": section(365, drift=1)}
"""A year of age, and a year unless the world moved: windows are quarters."""


def main() -> None:
    """Replay, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with ratings.csv and movies.csv")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", default="2015-07-01")
    parser.add_argument("--quarters", type=int, default=8)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    data = given.data.resolve()
    entries = "".join(f'\n[[sources]]\nname = "{name}"\n' for name in SOURCES)
    text = CONFIG.format(ratings=data / "ratings.csv", movies=data / "movies.csv")
    config = given.folder / "fusion.toml"
    config.write_text(text + entries)
    first = datetime.fromisoformat(given.first).replace(tzinfo=UTC)
    dates = PastDates(first, first + given.quarters * QUARTER, QUARTER)
    policies = write_policies(given.folder, POLICIES)
    session = Session.open(config, read_only=True)
    replayed = replay(session, dates, policies, given.folder / "replay")
    print_pooled(pool([replayed]))
    print("picture:", *draw_replay(replayed, given.folder / "replay"))


if __name__ == "__main__":
    main()
