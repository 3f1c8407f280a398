"""Texts that users wrote, each with its moment, and their vectors once they are encoded."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from fusion.core.arrays import Offsets, Rows, Scores, Times, normalize_rows, offsets, ragged_index


def no_words() -> pl.Series:
    """Return no text."""
    return pl.Series("text", [], dtype=pl.String)


def _no_vectors() -> Scores:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class NewestQueries:
    """The newest texts of B users.

    Attributes:
        borders: (B + 1,) those of user r stand at borders[r]:borders[r + 1], oldest first.
        texts: their texts, rows of `UserQueries.words`.
        times: their moments, ms.
    """

    borders: Offsets
    texts: Rows
    times: Times


@dataclass(frozen=True)
class UserQueries:
    """n texts of the users of a dataset: searches, reviews.

    Attributes:
        users: (n,) row of each text's user, ascending.
        times: (n,) ms; ascending for each user.
        texts: (n,) row of `words`.
        words: (T,) the different texts.
        encoder: identity of what encoded them; "" before that.
        vectors: (T, D) float32 of the words, of length 1; without rows before they are encoded.
        item_vectors: (I, D) of the items' texts in the same space, 0 for items without one.
    """

    users: Rows = field(default_factory=lambda: np.zeros(0, np.int32))
    times: Times = field(default_factory=lambda: np.zeros(0, np.int64))
    texts: Rows = field(default_factory=lambda: np.zeros(0, np.int32))
    words: pl.Series = field(default_factory=no_words)
    encoder: str = ""
    vectors: Scores = field(default_factory=_no_vectors)
    item_vectors: Scores = field(default_factory=_no_vectors)

    def __len__(self) -> int:
        return len(self.users)

    @property
    def are_encoded(self) -> bool:
        """Whether words and items have vectors: the same for every fold, whatever it knows."""
        return bool(len(self.item_vectors))

    def before(self, time: int) -> "UserQueries":
        """Keep what was written before a moment.

        Args:
            time: ms.

        Returns:
            Texts with the same words and vectors.
        """
        return self._take(self.times < time)

    def of_users(self, users: Rows) -> "UserQueries":
        """Keep the texts of some users.

        Args:
            users: rows (m,).

        Returns:
            Texts with the same words and vectors.
        """
        return self._take(np.isin(self.users, users))

    def head_items(self, n_items: int) -> "UserQueries":
        """Drop the vectors of the last items.

        Args:
            n_items: items to keep, numbered from 0.
        """
        return replace(self, item_vectors=self.item_vectors[:n_items])

    def _take(self, keep: np.ndarray) -> "UserQueries":
        rows = np.flatnonzero(keep)
        return replace(self, users=self.users[rows], times=self.times[rows], texts=self.texts[rows])

    def newest(self, users: Rows, as_of: Times, count: int) -> NewestQueries:
        """Find what users wrote last before their own moments.

        Args:
            users: rows (B,).
            as_of: (B,) ms; what was written at this very moment is not known yet.
            count: texts of a user, at most.

        Returns:
            The texts, user by user.
        """
        starts = np.searchsorted(self.users, users, "left")
        n_all = np.searchsorted(self.users, users, "right") - starts
        owners = np.repeat(np.arange(len(users)), n_all)
        is_past = self.times[ragged_index(starts, n_all)] < as_of[owners]
        # Oldest first: what is past stands before what is not.
        n_past = np.bincount(owners[is_past], minlength=len(users))
        n_newest = np.minimum(n_past, count)
        rows = ragged_index(starts + n_past - n_newest, n_newest)
        return NewestQueries(offsets(n_newest), self.texts[rows], self.times[rows])

    def newest_means(self, users: Rows, as_of: Times, count: int) -> Scores:
        """Average the vectors of what users wrote last before their own moments.

        Args:
            users: rows (B,).
            as_of: (B,) ms.
            count: texts of a user, at most.

        Returns:
            (B, D) float32 of length 1; 0 for users who wrote nothing.
        """
        newest = self.newest(users, as_of, count)
        ones = np.ones(len(newest.texts), np.float32)
        shape = (len(users), len(self.words))
        taken = csr_array((ones, newest.texts, newest.borders), shape=shape)
        # Row by row, each in the order of its texts: no sum depends on who else is asked for.
        return normalize_rows(taken @ self.vectors)

    @cached_property
    def digest(self) -> str:
        """16 hex digits over who wrote what and when, and over the vectors of items."""
        hasher = sha256(self.encoder.encode())
        for array in (self.users, self.times, self.item_vectors):
            hasher.update(f"{array.dtype.str} {array.shape} ".encode())
            hasher.update(np.ascontiguousarray(array).tobytes())
        # By what was written: the numbers of words are those of the whole data. A vector follows
        # from the words and the encoder.
        hasher.update("\0".join(self.words.gather(self.texts).to_list()).encode())
        return hasher.hexdigest()[:16]
