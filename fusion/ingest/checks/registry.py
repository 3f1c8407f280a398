"""What checks of whole data sets look at, and the list they register in."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from fusion.core.findings import Finding
from fusion.data.dataset import Dataset
from fusion.ingest.settings import DataSettings


@dataclass(frozen=True)
class Facts:
    """The dataset beside the catalogue and users as read (`id` and features) and the live run's user ids, if any."""

    settings: DataSettings
    dataset: Dataset
    items: pl.DataFrame | None = None
    users: pl.DataFrame | None = None
    live_users: pl.Series | None = None


DataCheck = Callable[[Facts], Finding | None]
DATA_CHECKS: list[DataCheck] = []


def data_check(function: DataCheck) -> DataCheck:
    """Register the function below it as a check of every dataset."""
    DATA_CHECKS.append(function)
    return function


def id_examples(ids: pl.Series, name: str = "id") -> list[dict[str, object]]:
    """Ids (n,) as example rows."""
    return [{name: value} for value in ids.head(3)]
