"""Data that bots are injected into: MovieLens latest-small, and a generated shop."""

from pathlib import Path

import polars as pl

from benchmarks.quality.text_shop import shop
from fusion.api import from_frames
from fusion.data.dataset import Dataset


def movielens(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read events (user, item, time, weight) and kinds (item, kind) of MovieLens's own files."""
    films = pl.read_csv(folder / "movies.csv", schema_overrides={"movieId": pl.String})
    kinds = films.select(item="movieId", kind=pl.col("genres").str.split("|")).explode("kind")
    return movielens_ratings(folder), kinds


def movielens_ratings(folder: Path) -> pl.DataFrame:
    """Read the ratings."""
    ids = {"userId": pl.String, "movieId": pl.String}
    ratings = pl.read_csv(folder / "ratings.csv", schema_overrides=ids)
    return ratings.select(user="userId", item="movieId", time="timestamp", weight="rating")


def generated(seed: int, size: int = 1000) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Generate a shop of as many users as items, without weights: events and kinds."""
    events, items = shop("en", users=size, items=size, events=30 * size, seed=seed)
    events = events.select(
        pl.col("user").cast(pl.String),
        pl.col("item").cast(pl.String),
        pl.col("time").cast(pl.Int64),
        weight=pl.lit(1.0),
    )
    return events, items.select(pl.col("item").cast(pl.String), "kind")


def dataset(events: pl.DataFrame, kinds: pl.DataFrame, suspicious: str) -> Dataset:
    """Read events as the product does.

    Args:
        events: user, item, time, weight; weights that are all equal are none.
        kinds: item, kind.
        suspicious: `[data] suspicious`.
    """
    columns = {"user": "user", "item": "item", "time": "time"}
    if events["weight"].n_unique() > 1:
        columns["weight"] = "weight"
    else:
        events = events.drop("weight")
    items = kinds.group_by("item", maintain_order=True).agg("kind")
    settings = {
        "columns": columns,
        "item_features": {"category": ["kind"]},
        "suspicious": suspicious,
    }
    return from_frames(events, items, settings=settings)
