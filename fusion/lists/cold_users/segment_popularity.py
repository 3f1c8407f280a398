"""Popularity in each user's segment, as the fallback lists have it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Rows, Scores
from fusion.data.dataset import Dataset
from fusion.data.segments import user_segments
from fusion.lists.business_rules.list_segments import ALL
from fusion.lists.fallback.segment_lists import popularity_of, shrink_to


@dataclass(frozen=True)
class SegmentPopularity:
    """What everyone takes now, and what each segment does.

    Attributes:
        known: what the fold knows.
        everyone: faded counts (I,) of all users; NaN for an item without any.
        names: segment of each user (U,), `ALL` for none.
    """

    known: Dataset
    everyone: Scores
    names: NDArray[np.object_]

    @classmethod
    def of(cls, known: Dataset) -> Self:
        """Count what is known.

        Args:
            known: by a fold; its user table has the segments.
        """
        names = user_segments(known).fill_null(ALL).to_numpy().astype(object)
        return cls(known, popularity_of(known), names)

    def by_segment(self, users: Rows) -> Iterator[tuple[NDArray[np.int64], Scores]]:
        """Go through users segment by segment, so that each is counted once.

        Args:
            users: rows (n,).

        Yields:
            Where the users of a segment stand in `users`, and the segment's counts (I,), shrunk to
            everyone's; everyone's where it has none.
        """
        names = self.names[users]
        for name in sorted(set(names)):
            yield np.flatnonzero(names == name), self._counts(name)

    def _counts(self, name: str) -> Scores:
        if name == ALL:
            return self.everyone
        has_events = self.names[self.known.users] == name
        if not has_events.any():
            return self.everyone
        return shrink_to(self.everyone, popularity_of(self.known.take(has_events)))
