"""Whole trainings to look at, and how to look at them."""

from hashlib import sha256
from pathlib import Path

import polars as pl

from fusion.training.pipeline import Trained

FILES = (
    "lists",
    "served",
    "fallback",
    "features",
    "features_before",
    "twin",
    "why",
    "first_places",
)


def file_digests(folder: Path) -> dict[str, str]:
    """What stands in a lists folder, by content."""
    return {
        name: sha256(pl.read_parquet(folder / f"{name}.parquet").write_csv().encode()).hexdigest()
        for name in FILES
    }


def status(trained: Trained) -> dict[str, str]:
    return {report.name: report.status for report in trained.sources}


def lists_of(trained: Trained) -> pl.DataFrame:
    return pl.read_parquet(trained.lists / "lists.parquet")
