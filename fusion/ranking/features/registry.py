"""The register of features, and the block of candidates that they are computed from."""

from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import DAY, Rows, Scores, Times
from fusion.core.grouped import owner_means, ranks
from fusion.data.capabilities import require_known_capabilities
from fusion.data.dataset import Dataset
from fusion.ranking.candidates import Candidates
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.features.shared_facts import SharedFacts, shared_facts

RECENT_EVENTS = 10
"""The user's newest interactions that count as their taste of late."""

Compute = Callable[["FeatureBlock"], NDArray[np.floating]]


@dataclass(frozen=True)
class Feature:
    """One column (C,) float32 of the table.

    Attributes:
        name: name of the column.
        meaning: what it measures, for the documentation.
        needs: capabilities of the data (`fusion.data.capabilities`); without all of them the
            column is left out of the table.
        compute: computes the column of a block of candidates.
        reason_text: what it says in favour of an item, in words for everyone; "" only for
            features of the user alone, whose names begin with `user_`.
        steady: whether its distribution stays the same from one window to the next unless
            something is wrong with the data or a source; ages, counts and shares move by
            themselves.
    """

    name: str
    meaning: str
    needs: frozenset[str]
    compute: Compute
    reason_text: str = ""
    steady: bool = False


FEATURES: list[Feature] = []
"""Every declared feature, in the order of the table's columns."""

Family = Callable[[Dataset], list[Feature]]
"""Makes the features of which a dataset says how many there are; none where it has no such data."""
FAMILIES: list[Family] = []
"""Every family, in the order of the table's columns, after `FEATURES`."""


def feature_family(family: Family) -> Family:
    """Declare features that a dataset has by its own names, such as one for each of its vectors.

    Args:
        family: makes them of a dataset; the same ones for all folds of it.

    Returns:
        The function as it is.
    """
    FAMILIES.append(family)
    return family


def feature(
    name: str,
    meaning: str,
    needs: Set[str] = frozenset(),
    reason_text: str = "",
    steady: bool = False,
) -> Callable[[Compute], Compute]:
    """Declare a feature that every candidate has when the data offers what it needs.

    Args:
        name: see `Feature`, like all arguments.
        meaning: what it measures.
        needs: capabilities of the data, such as {"times", "categories"}.
        reason_text: what it says in favour of an item, or "".
        steady: whether its distribution should stay the same.

    Returns:
        A decorator of the function that computes the column; the function stays as it is.

    Raises:
        UnknownName: `needs` holds what is no capability that data can have.
    """
    require_known_capabilities(needs, f"feature {name!r}")

    def declare(compute: Compute) -> Compute:
        FEATURES.append(Feature(name, meaning, frozenset(needs), compute, reason_text, steady))
        return compute

    return declare


@dataclass(frozen=True)
class EventCounts:
    """Interactions before each candidate's moment.

    Attributes:
        of_item: those of the candidate's item (C,).
        of_all: those of all items (C,).
    """

    of_item: Times
    of_all: Times


@dataclass(frozen=True)
class FeatureBlock:
    """Candidates of a block of users beside the item statistics of their fold.

    Pieces that several features share are computed once.
    """

    candidates: Candidates
    statistics: ItemStatistics

    @property
    def owners(self) -> Rows:
        """Index of the user in the block (C,)."""
        return self.candidates.pairs.owners

    @property
    def items(self) -> Rows:
        """Item rows (C,)."""
        return self.candidates.pairs.items

    @cached_property
    def as_of(self) -> Times:
        """The user's own moment (C,) ms: nothing later may count."""
        return self.candidates.users.as_of[self.owners]

    @cached_property
    def ranks(self) -> Scores:
        """Each source's rank of every candidate (C, S), from 1 within the user's candidates."""
        borders = self.candidates.pairs.borders
        return np.column_stack([ranks(scores, borders) for scores in self.candidates.scores.T])

    @cached_property
    def shared_facts(self) -> SharedFacts:
        """Facts that candidates share with the user's newest items."""
        return shared_facts(self, RECENT_EVENTS)

    def log_share(self, last_days: int | None = None) -> Scores:
        """Return the log share of each candidate's item among all interactions.

        Args:
            last_days: days before the user's moment that count; None counts all before it.

        Returns:
            Log shares (C,), smoothed.
        """
        counts = self._events_before(0)
        of_item, of_all = counts.of_item, counts.of_all
        if last_days:
            earlier = self._events_before(last_days)
            of_item = of_item - earlier.of_item
            of_all = of_all - earlier.of_all
        # Half an interaction is added to the item's, so that the log of none is finite.
        share = (of_item + 0.5) / (of_all + 1.0)
        return np.log(share)

    def _events_before(self, days: int) -> EventCounts:
        """Count events up to so many days before the user's moment; several features ask alike."""
        if days not in self._event_counts:
            timeline = self.statistics.timeline
            moments = self.as_of - days * DAY
            self._event_counts[days] = EventCounts(
                timeline.before(self.items, moments), timeline.total(moments)
            )
        return self._event_counts[days]

    @cached_property
    def _event_counts(self) -> dict[int, EventCounts]:
        return {}

    def mean_of_history(self, item_values: Scores) -> Scores:
        """Average an item quantity over each user's history.

        Args:
            item_values: one value an item (I,); NaN does not count.

        Returns:
            Means at the candidates (C,); NaN for users without a value in their history.
        """
        users = self.candidates.users
        values = item_values[users.items]
        is_known = ~np.isnan(values)
        owners = users.owners[is_known]
        means = owner_means(values[is_known], owners, len(users))
        return means[self.owners]
