"""The map from attributes to tastes: a ridge regression of likes on attributes.

Hoerl and Kennard, Ridge Regression: Biased Estimation for Nonorthogonal Problems, Technometrics
1970. Attributes in place of a history are those of Gantner et al., Learning Attribute-to-Feature
Mappings for Cold-Start Recommendations, ICDM 2010; here they foretell likes at once, since with as
many items as users care for that takes one product of matrices.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fusion.core.arrays import Rows, Scores, block_rows, blocks, sparse
from fusion.core.settings import Settings
from fusion.data.dataset import Dataset
from fusion.lists.cold_users.attributes import UserAttributes
from fusion.lists.cold_users.defaults import DEFAULTS
from fusion.lists.cold_users.query_likeness import QueryLikeness
from fusion.lists.cold_users.segment_popularity import SegmentPopularity

Matrix = NDArray[np.float64]
BLOCK_BYTES = 32 * 2**20
"""Memory of a block of users' scores; some of as large arrays stand beside it."""


class MapSettings(Settings):
    """How far attributes are believed, as it was chosen on users whose history was hidden.

    Attributes:
        reg: of the ridge: users who, if they said that an attribute tells nothing, would weigh
            as much as those who have it.
        prior: interactions that an item must be expected to have until its own count of them
            weighs half, as for segments.
        weight: of the map in the blend with popularity in the segment; 1 is the map alone.
        queries: exponent of the likeness to what users wrote, by which their scores grow; 0 leaves
            them as attributes have them.
    """

    reg: float = 100.0
    prior: float = 50.0
    weight: float = 1.0
    queries: float = 0.0


@dataclass(frozen=True)
class TasteMap:
    """By how much people with given attributes like each item more than everyone.

    Attributes:
        attributes: D columns of all users.
        popularity: of all, and of each segment.
        means: of the columns (D,) over the n users that it was fitted on.
        basis: eigenvectors (D, D) of the columns' scatter matrix.
        spectrum: its eigenvalues (D,).
        items: (M,) ascending, the items that it weighs.
        shares: of the n users who like each of them (M,).
        projected: likes by eigenvector (D, M).
        n_users: n.
    """

    attributes: UserAttributes
    popularity: SegmentPopularity
    means: Matrix
    basis: Matrix
    spectrum: Matrix
    items: Rows
    shares: Matrix
    projected: Matrix
    n_users: int

    @classmethod
    def fit(cls, known: Dataset, attributes: UserAttributes) -> Self:
        """Fit the map on users of whom there are interactions and attributes.

        Args:
            known: interactions that it may learn from, those of hidden users left out.
            attributes: of all users.

        Returns:
            The map, for any setting: the ridge is applied as it scores.
        """
        users = np.flatnonzero((known.user_counts > 0) & attributes.has_any).astype(np.int32)
        likes = _likes(known, users)
        counts = likes.sum(axis=0)
        # Stable: of those that equally many like, the lower row comes first.
        most = np.argsort(-counts, kind="stable")[: DEFAULTS.most_items].astype(np.int32)
        items: Rows = np.sort(most[counts[most] >= DEFAULTS.fewest_likes])
        n_users = max(len(users), 1)
        shares = counts[items] / n_users
        columns = attributes.values[users].astype(np.float64)
        means = np.asarray(columns.sum(axis=0)) / n_users
        scatter = (columns.T @ columns).toarray() - n_users * np.outer(means, means)
        spectrum, basis = np.linalg.eigh(scatter)
        together = (columns.T @ likes[:, items]).toarray() - n_users * np.outer(means, shares)
        return cls(
            attributes=attributes,
            popularity=SegmentPopularity.of(known),
            means=means,
            basis=basis,
            # Rounding leaves a little below 0 what is 0: columns that add up to one.
            spectrum=np.maximum(spectrum, 0.0),
            items=items,
            shares=shares,
            projected=basis.T @ together,
            n_users=n_users,
        )

    def deviations(self, users: Rows, reg: float) -> Matrix:
        """Estimate by how much more of such users like each item than of everyone.

        Args:
            users: rows (B,).
            reg: strength of the ridge.

        Returns:
            Differences of shares (B, M).
        """
        own = self._centred(users) @ self.basis
        return np.asarray((own / (self.spectrum + reg)) @ self.projected)

    def contributions(self, user: int, items: Rows, reg: float) -> Matrix:
        """Split the deviations of one user by column.

        Args:
            user: row.
            items: rows (n,) of `items`.
            reg: strength of the ridge.

        Returns:
            Parts (n, D), which add up to `deviations`.
        """
        places = np.searchsorted(self.items, items)
        scaled = self.projected[:, places] / (self.spectrum + reg)[:, None]
        weights = self.basis @ scaled
        return np.asarray((self._centred(np.array([user], np.int32))[0][:, None] * weights).T)

    def scores(self, users: Rows, segment: Scores, settings: MapSettings) -> Scores:
        """Score all items for users of one segment.

        What everyone takes now is multiplied by how much more of such people like an item, the
        share and what it is compared with both grown by a prior. So an old taste shows in what is
        new, and rare items keep near to everyone's.

        Args:
            users: rows (B,).
            segment: counts (I,) of the segment, shrunk to everyone's.
            settings: strength of the ridge, of the prior, and the weight beside the segment.

        Returns:
            (B, I) float32, of the size of everyone's counts; NaN where those are.
        """
        expected = self.n_users * self.shares
        found = expected + self.n_users * self.deviations(users, settings.reg)
        lift = np.maximum(found + settings.prior, 0.0) / (expected + settings.prior)
        everyone = self.popularity.everyone
        scores = np.tile(everyone, (len(users), 1))
        scores[:, self.items] *= lift.astype(np.float32)
        weight = np.float32(settings.weight)
        blended: Scores = weight * scores + (1 - weight) * segment
        return blended

    def _centred(self, users: Rows) -> Matrix:
        """Return the columns of users (B, D) less their means."""
        values = self.attributes.values[users].toarray().astype(np.float64)
        # Of whom nothing is known, nothing differs from the mean.
        values[~self.attributes.has_any[users]] = self.means
        return np.asarray(values - self.means)


def scored_blocks(
    taste: TasteMap, users: Rows, settings: MapSettings, likeness: QueryLikeness
) -> Iterator[tuple[NDArray[np.int64], Scores]]:
    """Score all items for users, segment by segment and block by block.

    Args:
        taste: the map.
        users: rows (n,).
        settings: how far attributes and queries are believed.
        likeness: of items to what users wrote.

    Yields:
        Where the users of a block stand in `users` (B,), and their scores (B, I).
    """
    size = block_rows(taste.popularity.known.n_items, BLOCK_BYTES)
    for places, segment in taste.popularity.by_segment(users):
        for part in blocks(len(places), size):
            block = places[part]
            scores = taste.scores(users[block], segment, settings)
            scores *= likeness.lifts(users[block], settings.queries)
            yield block, scores


def _likes(known: Dataset, users: Rows) -> csr_array:
    """Return who likes what: (n, I) float64 of ones, a row for each of `users`."""
    place = np.full(known.n_users, -1, np.int32)
    place[users] = np.arange(len(users), dtype=np.int32)
    counts = known.liked & (place[known.users] >= 0)
    rows, items = place[known.users[counts]], known.items[counts]
    ones = np.ones(len(rows), np.float32)
    likes = sparse(rows, items, ones, (len(users), known.n_items)).astype(np.float64)
    # Who likes an item twice likes it.
    likes.data[:] = 1
    return likes
