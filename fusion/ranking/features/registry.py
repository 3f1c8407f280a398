"""Declare features of candidates, and hand them what they are computed from."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import DAY, Rows, Scores, Times
from fusion.core.grouped import owner_means, ranks
from fusion.ranking.candidates import Candidates
from fusion.ranking.features.item_statistics import ItemStatistics

Compute = Callable[["FeatureBlock"], NDArray[np.floating]]


@dataclass(frozen=True)
class Feature:
    """One column (C,) float32 of the table: `needs` is "", "times", "weights", "categories" or "numbers".

    `because`: what it says in favour of an item, in words for everyone; "" for what is no reason by
    itself. `steady`: from one window to the next its values stay as they are spread, unless
    something is wrong with the data or with a source; ages, counts and shares move by themselves.
    """

    name: str
    meaning: str
    needs: str
    compute: Compute
    reason_text: str = ""
    steady: bool = False


FEATURES: list[Feature] = []


def feature(
    name: str, meaning: str, needs: str = "", reason_text: str = "", steady: bool = False
) -> Callable[[Compute], Compute]:
    """Declare a feature that every candidate has when the data offers what it needs."""

    def add(compute: Compute) -> Compute:
        FEATURES.append(Feature(name, meaning, needs, compute, reason_text, steady))
        return compute

    return add


@dataclass(frozen=True)
class FeatureBlock:
    """A block of users' candidates beside what is known; shared pieces are computed once."""

    found: Candidates
    known: ItemStatistics

    @property
    def owners(self) -> Rows:
        """Which user of the block (C,)."""
        return self.found.pairs.owners

    @property
    def items(self) -> Rows:
        """Item rows (C,)."""
        return self.found.pairs.items

    @cached_property
    def as_of(self) -> Times:
        """The user's moment (C,) ms."""
        return self.found.users.as_of[self.owners]

    @cached_property
    def ranks(self) -> Scores:
        """Each source's rank of every candidate (C, S)."""
        return np.column_stack(
            [ranks(column, self.found.pairs.borders) for column in self.found.scores.T]
        )

    def share(self, span: int | None = None) -> Scores:
        """Log share (C,) of an item among the events of the last `span` days, or of all, before the user's moment."""
        taken, total = self._taken_before(0)
        if span:
            early, early_total = self._taken_before(span)
            taken, total = taken - early, total - early_total
        return np.log((taken + 0.5) / (total + 1.0))

    def _taken_before(self, days: int) -> tuple[Times, Times]:
        """Events (C,) of the item and of all items so many days before the user's moment; counted once."""
        if days not in self._counts:
            moments, when = self.known.moments, self.as_of - days * DAY
            self._counts[days] = moments.before(self.items, when), moments.total(when)
        return self._counts[days]

    @cached_property
    def _counts(self) -> dict[int, tuple[Times, Times]]:
        return {}

    def mean_of_history(self, values: Scores) -> Scores:
        """Mean of an item quantity (I,) over each user's history, at the candidates (C,)."""
        users = self.found.users
        mine = values[users.items]
        counted = ~np.isnan(mine)
        return owner_means(mine[counted], users.owners[counted], len(users))[self.owners]
