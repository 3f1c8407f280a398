"""What the blocks of the pages are run on: small files, and a shop that published two runs.

Ids, columns and categories are those that the pages use: user 42, film 318, `genres=Children`.
"""

from pathlib import Path

import numpy as np
import polars as pl

from storage import StorageSettings, connect
from storage.reading.live_run import live
from tests.flows.world import Ended, database, fusion
from tests.storage.making import note_alert

N_USERS, N_FILMS, N_DAYS, DAY = 90, 48, 120, 86_400
START = 1_700_000_000
EARLY = "2024-03-01"
"""A moment before the last events; the first is of 14 November 2023."""
GENRES = ("Children", "Documentary", "Drama", "Comedy")
FILMS = np.array([*range(1, N_FILMS), 318])

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
category = ["genres"]

[data.user_features]
category = ["group", "gender"]

[split]
window = 14
folds = 2
users = 20

[[sources]]
name = "popularity"
k = 30

[[sources]]
name = "ease"
k = 30

[ranker]
seeds = 1
trees = 30

[gate]
users = 20
max_feature_psi = 5

[monitor]
drift_limit = 10

[lists]
size = 5
reserve = 3
"""
"""Two cheap sources and few trees; of 90 users a feature moves more than a shop's would, and drifts
without a cause."""


def write_files(folder: Path) -> None:
    """Write `ratings.csv`, `movies.csv` and `users.csv`: four tastes, one for each genre."""
    rng = np.random.default_rng(5)
    everyone = np.arange(1, N_USERS + 1)
    ratings = [_ratings(user, rng) for user in everyone.tolist()]
    pl.concat(ratings).sort("timestamp", "userId").write_csv(folder / "ratings.csv")
    genres = [GENRES[number % len(GENRES)] for number in range(N_FILMS)]
    movies = {
        "movieId": FILMS,
        "title": [f"{genre} {film}" for film, genre in zip(FILMS, genres, strict=True)],
        "genres": [f"{genre}|Film" for genre in genres],
    }
    pl.DataFrame(movies).write_csv(folder / "movies.csv")
    users = {
        "userId": everyone,
        "group": np.where(everyone % 4 == 0, "child", "adult"),
        "gender": np.where(everyone % 2 == 0, "M", "F"),
    }
    pl.DataFrame(users).write_csv(folder / "users.csv")


def _ratings(user: int, rng: np.random.Generator) -> pl.DataFrame:
    """Make a user's ratings, no film twice; films of their genre are sixteen times as likely."""
    is_own = np.arange(N_FILMS) % len(GENRES) == user % len(GENRES)
    weights = np.where(is_own, 16.0, 1.0)
    size = int(rng.integers(12, 22))
    chosen = rng.choice(N_FILMS, size, replace=False, p=weights / weights.sum())
    moments = START + rng.integers(0, N_DAYS * DAY, size)
    columns = {
        "userId": np.full(size, user),
        "movieId": FILMS[chosen],
        "rating": rng.integers(1, 6, size),
        "timestamp": np.sort(moments),
    }
    return pl.DataFrame(columns)


def publish_two_runs(folder: Path) -> None:
    """Write the configuration, and let the command line publish a run as of early and one of now.

    The first is not monitored: its pages cost more than all the rest.
    """
    (folder / "fusion.toml").write_text(CONFIG)
    first = well(folder, "train", "--as-of", EARLY, "--json").json["run"]["id"]
    well(folder, "publish", first, "--by", "ann")
    well(folder, "run", "--by", "ann")
    raise_alert(database(folder))


def raise_alert(url: str) -> None:
    """Let the live run have an alert, which small data gives or not as chance has it."""
    engine = connect(StorageSettings(url=url))
    run_no = live(engine, "default").run.run_no
    note_alert(engine, run_no, "lists", "churn", value=0.7, threshold=0.6, message="lists changed")
    engine.dispose()


def well(folder: Path, *words: str) -> Ended:
    """Run `fusion` in the folder; an alert is no failure."""
    ended = fusion(folder, *words)
    assert ended.code in {0, 4}, f"fusion {' '.join(words)}\n{ended.out}\n{ended.err}"
    return ended
