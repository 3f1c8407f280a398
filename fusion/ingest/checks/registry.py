"""The register of checks that look at a whole dataset, and what they are given."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from fusion.core.findings import EXAMPLES, Finding
from fusion.data.dataset import Dataset
from fusion.ingest.settings import DataSettings


@dataclass(frozen=True)
class LiveIds:
    """Outside ids of whom the live run knew by their interactions, by which re-keyed ids show.

    Attributes:
        users: (n,) users whom it serves by their history; cold ones stand in side tables only.
        items: (m,) items of its fallback lists, which are popular ones but for a few new ones.
        key_mark: tells the key of its pseudonyms from another; None where it has plain ids.
    """

    users: pl.Series
    items: pl.Series
    key_mark: str | None = None


@dataclass(frozen=True)
class WrittenIds:
    """Ids of users as files write them, where the dataset holds pseudonyms.

    Attributes:
        users: (n,) ids, each once. Checks of how ids are written look at these: the hash of a
            broken id looks like any other.
        key_mark: tells the key of the pseudonyms from another.
    """

    users: pl.Series
    key_mark: str


@dataclass(frozen=True)
class Facts:
    """Facts that a check of the data may look at.

    Attributes:
        settings: the `[data]` section.
        dataset: the interactions, cleaned.
        items: the items as read, `id` beside features; None where none are configured or readable.
        users: the users as read, likewise.
        live: what the live run knew by interactions; None without a live run.
        written: users' ids as they are written; None where the dataset has them itself.
    """

    settings: DataSettings
    dataset: Dataset
    items: pl.DataFrame | None = None
    users: pl.DataFrame | None = None
    live: LiveIds | None = None
    written: WrittenIds | None = None

    @property
    def key_mark(self) -> str | None:
        """Mark of the key of the dataset's pseudonyms; None where it has plain ids."""
        return self.written.key_mark if self.written else None


DataCheck = Callable[[Facts], Finding | None]
"""Gives a finding, or None where there is nothing to say."""
DATA_CHECKS: list[DataCheck] = []
"""Every check of whole datasets, in the order of registration, which is that of their findings."""


def data_check(function: DataCheck) -> DataCheck:
    """Register the decorated function as a check of every dataset.

    Args:
        function: the check.

    Returns:
        The same function.
    """
    DATA_CHECKS.append(function)
    return function


def id_examples(ids: pl.Series) -> list[dict[str, object]]:
    """Show the first ids as example rows.

    Args:
        ids: (n,) outside ids.

    Returns:
        A few rows with the key `id`.
    """
    return [{"id": value} for value in ids.head(EXAMPLES)]
