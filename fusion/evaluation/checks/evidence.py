"""Evidence that checks of admission look at, a class for each kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Rows, Scores
from fusion.evaluation.check import EXAMPLES, Check, fails, passes
from fusion.evaluation.evaluate import Verdict
from fusion.evaluation.exposure.report import ExposureReport
from fusion.evaluation.serving.report import ServingReport
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.runs.context import RunContext
from fusion.runs.run_folder import ListsFolder

REPORT_IT = "no training should make such lists: report it, or mend a source of your own"
"""The cure of lists that break their contract before anybody else could touch them."""


@dataclass(frozen=True)
class VerdictEvidence:
    """Holds what checks of the verdict look at: the run's context and its verdict."""

    context: RunContext
    verdict: Verdict


@dataclass(frozen=True)
class FeaturesEvidence:
    """Evidence of checks of features: the run's context, and PSI by feature, largest first."""

    context: RunContext
    shift: Mapping[str, float]


@dataclass(frozen=True)
class ExposureEvidence:
    """Evidence of checks of exposure: the run's context, and the figures by item group."""

    context: RunContext
    exposure: ExposureReport


@dataclass(frozen=True)
class ServingEvidence:
    """Evidence of checks of the serving fits: what was measured of them."""

    serving: ServingReport


@dataclass(frozen=True)
class ListsEvidence:
    """Holds what checks of lists look at; columns (n,) are those of `lists.parquet`, row by row.

    The reserve is among the rows: ranks up to `lists.size` are shown, those behind them wait.

    Attributes:
        context: configuration, data and folds of the run.
        folder: the lists to publish.
        rules: what the lists follow; None without rules.
    """

    context: RunContext
    folder: ListsFolder
    rules: Rules | None = None

    @cached_property
    def lists(self) -> pl.DataFrame:
        """All rows, whole lists one after the other, by rank."""
        return pl.read_parquet(self.folder.lists)

    @cached_property
    def users(self) -> Rows:
        """User of each row (n,)."""
        return self.lists["user"].to_numpy()

    @cached_property
    def items(self) -> Rows:
        """Item of each row (n,)."""
        return self.lists["item"].to_numpy()

    @cached_property
    def ranks(self) -> Rows:
        """Rank of each row (n,), 1 is best."""
        return self.lists["rank"].to_numpy()

    @cached_property
    def scores(self) -> Scores:
        """Score of each row (n,)."""
        return self.lists["score"].to_numpy()

    @cached_property
    def pair_keys(self) -> NDArray[np.int64]:
        """One number for each row's pair of user and item (n,)."""
        return self.key_of(self.users, self.items)

    @cached_property
    def continues(self) -> Flags:
        """Rows (n,) that belong to the same list as the row before."""
        return np.append(False, self.users[1:] == self.users[:-1])

    def key_of(self, users: Rows, items: Rows) -> NDArray[np.int64]:
        """Number pairs of user and item: user * I + item.

        Args:
            users: rows (n,).
            items: rows (n,).

        Returns:
            Keys (n,).
        """
        return users.astype(np.int64) * self.context.data.n_items + items

    def none_broken(self, broken: Flags) -> Check:
        """Turn flags of broken rows into a result.

        Args:
            broken: which rows (n,) break the condition.

        Returns:
            A check that holds when there is none, else with examples.
        """
        rows = self.lists.filter(pl.Series(broken))
        if not len(rows):
            return passes("holds for every row")
        examples = rows.select("user", "rank", "item").head(EXAMPLES)
        return self.failure(f"{len(rows)} rows break it; {REPORT_IT}", len(rows), examples)

    def failure(self, message: str, count: int, rows: pl.DataFrame) -> Check:
        """Make a failing result with example rows, by number and by outside id.

        Args:
            message: one sentence without outside ids.
            count: how many rows or users break the condition.
            rows: some of them, with a column `user`, `item` or both.

        Returns:
            The result.
        """
        id_maps = {"user": self.context.data.user_ids, "item": self.context.data.item_ids}
        named = rows
        for column, ids in id_maps.items():
            if column in rows.columns:
                named = named.with_columns(ids.texts(rows[column].to_numpy()).alias(column))
        numbered: tuple[Mapping[str, Any], ...] = tuple(rows.to_dicts())
        return fails(message, count, numbered, tuple(named.to_dicts()))
