"""Worlds with texts: MovieLens from its own files, and a generated shop."""

from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.quality.text_shop import DAY, N_DAYS, START, shop
from fusion.api import from_frames
from fusion.data.dataset import Dataset

LIKED = 3.5
ARRIVING = 0.5
"""Share of a shop's items that are not there from the first day on, but arrive over the year."""


def movielens(folder: Path) -> Dataset:
    """Read the likes of MovieLens, ratings of `LIKED` and more, and what it says of films.

    Args:
        folder: with ratings.csv and movies.csv.

    Returns:
        Text is "title. genres", categories are genres, and the number is the year.
    """
    liked = pl.read_csv(folder / "ratings.csv").filter(pl.col("rating") >= LIKED)
    films = pl.read_csv(folder / "movies.csv").with_columns(
        text=pl.col("title") + ". " + pl.col("genres").str.replace_all("|", ", ", literal=True),
        year=pl.col("title").str.extract(r"\((\d{4})\)").cast(pl.Int64),
    )
    columns = {"user": "userId", "item": "movieId", "time": "timestamp"}
    features = {"text": ["text"], "category": ["genres"], "number": ["year"]}
    settings = {"columns": columns, "item_features": features}
    return from_frames(liked.drop("rating"), films, settings=settings)


def generated(language: str, arriving: bool = False) -> Dataset:
    """Generate a shop with texts.

    Args:
        language: of its titles and kinds.
        arriving: half of the items arrive over the year, and nobody takes one before that; else all
            are there from the first day on.

    Returns:
        Text is the title, the category is the kind, and the number is the price.
    """
    interactions, items = shop(language, users=2000, items=2000, events=60_000, seed=7)
    if arriving:
        interactions = _after_arrival(interactions, items["item"])
    features = {"text": ["title"], "category": ["kind"], "number": ["price"]}
    settings = {"columns": {"time": "time"}, "item_features": features}
    return from_frames(interactions, items, settings=settings)


def _after_arrival(interactions: pl.DataFrame, items: pl.Series) -> pl.DataFrame:
    """Draw the days on which items arrive, and press what happens to them into the time after."""
    rng = np.random.default_rng(11)
    starts = np.where(rng.random(len(items)) < ARRIVING, rng.random(len(items)), 0.0)
    arrivals = pl.DataFrame({"item": items, "arrival": starts})
    later = interactions.join(arrivals, on="item", how="left", maintain_order="left")
    share = (pl.col("time") - START) / (N_DAYS * DAY)
    pressed = pl.col("arrival") + (1 - pl.col("arrival")) * share
    moved = later.with_columns(time=(START + pressed * N_DAYS * DAY).cast(pl.Int64))
    return moved.drop("arrival").sort("time", maintain_order=True)
