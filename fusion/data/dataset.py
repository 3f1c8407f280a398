"""`Dataset`: interactions in time order beside the tables of items and users, all by row number."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Offsets, Rows, Scores, Times, offsets, ragged_index, sparse
from fusion.core.grouped import order_by_group
from fusion.core.hashing import raw_bytes
from fusion.data.capabilities import capabilities_of
from fusion.data.facts import ItemFacts
from fusion.data.histories import UserHistories
from fusion.data.id_map import IdMap
from fusion.data.priors import ItemPrior
from fusion.data.queries.user_queries import UserQueries

FOREVER = np.iinfo(np.int64).max
"""A moment later than all others, for items without an end of availability."""


@dataclass(frozen=True)
class Dataset:
    """N interactions of U users with I items, oldest first; equal times keep the order of the file.

    Attributes:
        user_ids: outside ids of the U users.
        item_ids: outside ids of the I items.
        users: (N,) int32.
        items: (N,) int32.
        times: (N,) int64 ms; all 0 where the data has no times.
        weights: (N,) float32; all 1 where the data has no weights.
        liked: (N,) bool; liked interactions count as labels.
        as_of: int64 ms; every interaction happened before it.
        has_times: the data has times.
        has_weights: the data has weights.
        item_table: I rows with `text` String, list columns of categories, number columns,
            `available_from` and `available_until` int64 ms or null; without columns if there is
            no items file.
        user_table: U rows of category and number columns, likewise.
        timezone: IANA zone whose midnights end the days of the data; no part of the digest.
        vectors: by name, (I, D) float32 of length 1; 0 for items without one. Folds share them.
        user_vectors: of users (U, D), likewise; attributes without a history, and for no fit.
        facts: of items, those that counted before `as_of`.
        priors: for the ranker alone, and so no part of the digest, by which fits are kept.
        queries: what users wrote before `as_of`; for the ranker and lists, and for no fit.
    """

    user_ids: IdMap
    item_ids: IdMap
    users: Rows
    items: Rows
    times: Times
    weights: Scores
    liked: Flags
    as_of: int
    has_times: bool = True
    has_weights: bool = False
    item_table: pl.DataFrame = field(default_factory=pl.DataFrame)
    user_table: pl.DataFrame = field(default_factory=pl.DataFrame)
    timezone: str = "UTC"
    vectors: Mapping[str, Scores] = field(default_factory=dict)
    facts: ItemFacts = field(default_factory=ItemFacts)
    priors: tuple[ItemPrior, ...] = ()
    queries: UserQueries = field(default_factory=UserQueries)
    user_vectors: Mapping[str, Scores] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.users)

    @property
    def n_users(self) -> int:
        """U, users with and without interactions."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """I, items with and without interactions."""
        return len(self.item_ids)

    def take(self, rows: Flags | slice, as_of: int | None = None) -> "Dataset":
        """Keep only some interactions of the same users and items.

        Args:
            rows: a mask (N,) or a slice, so that time order is kept.
            as_of: its new moment, ms; an earlier one takes away what counts later; None: the old.

        Returns:
            A dataset with all users and items and the chosen interactions.
        """
        moment = self.as_of if as_of is None else as_of
        return replace(
            self,
            users=self.users[rows],
            items=self.items[rows],
            times=self.times[rows],
            weights=self.weights[rows],
            liked=self.liked[rows],
            as_of=moment,
            facts=self.facts.before(moment) if moment < self.as_of else self.facts,
            queries=self.queries.before(moment) if moment < self.as_of else self.queries,
        )

    def before(self, time: int) -> "Dataset":
        """Keep what had happened before a moment, of all users and items.

        Args:
            time: ms; the new `as_of`.
        """
        # Rows are in time order, so the past is a prefix.
        end = int(np.searchsorted(self.times, time, "left"))
        return self.take(slice(0, end), as_of=time)

    def trim_items(self, n_items: int) -> "Dataset":
        """Drop the last items.

        Args:
            n_items: items to keep; those above must have no interactions here.

        Returns:
            A dataset of the first `n_items` items.
        """
        return replace(
            self,
            item_ids=IdMap(self.item_ids.values.head(n_items)),
            item_table=self.item_table.head(n_items),
            vectors={name: values[:n_items] for name, values in self.vectors.items()},
            facts=self.facts.head(n_items),
            priors=tuple(prior.head(n_items) for prior in self.priors),
            queries=self.queries.head_items(n_items),
        )

    def trim_users(self) -> "Dataset":
        """Drop users above the last one with interactions, and what no fit depends on.

        Returns:
            The same dataset each time, so that it is hashed once for all sources of a fold.
        """
        return self._without_later_users

    @cached_property
    def _without_later_users(self) -> "Dataset":
        n_users = int(self.users.max()) + 1 if len(self) else 0
        return replace(
            self,
            user_ids=IdMap(self.user_ids.values.head(n_users)),
            user_table=self.user_table.head(n_users),
            queries=UserQueries(),
            user_vectors={},
        )

    def matrix(self) -> csr_array:
        """Return users x items (U, I) float32, weights summed over repeats."""
        return sparse(self.users, self.items, self.weights, (self.n_users, self.n_items))

    @cached_property
    def item_counts(self) -> Rows:
        """Interactions of each item (I,) int32, repeats included."""
        return np.bincount(self.items, minlength=self.n_items).astype(np.int32)

    @cached_property
    def user_counts(self) -> Rows:
        """Interactions of each user (U,) int32, repeats included."""
        return np.bincount(self.users, minlength=self.n_users).astype(np.int32)

    @cached_property
    def by_user(self) -> tuple[Rows, Offsets]:
        """Order (N,) that sorts interactions by user, then time, and users' borders (U + 1,)."""
        return order_by_group(self.users, self.n_users), offsets(self.user_counts)

    @cached_property
    def last_times(self) -> Times:
        """Time of each user's last interaction (U,) ms; 0 for users without any."""
        last = np.zeros(self.n_users, np.int64)
        # Of repeated users NumPy keeps the last assignment, which is the newest.
        last[self.users] = self.times
        return last

    def users_at(self, rows: Rows, as_of: Times) -> UserHistories:
        """Gather the histories of users, as a source may see them when it scores.

        Args:
            rows: (B,) int32 users.
            as_of: (B,) ms, the moment of each user. Histories are not cut by it: the dataset holds
                only what is known.

        Returns:
            The block of these users.
        """
        order, borders = self.by_user
        starts = borders[rows]
        counts = borders[rows + 1] - starts
        events = order[ragged_index(starts, counts)]
        return UserHistories(
            rows=rows,
            borders=offsets(counts),
            items=self.items[events],
            times=self.times[events],
            weights=self.weights[events],
            as_of=as_of,
            n_items=self.n_items,
        )

    def listable(self, time: int) -> Flags:
        """Tell which items may be listed at a moment, by their window of availability.

        Args:
            time: ms.

        Returns:
            (I,) bool; True where `available_from` <= time < `available_until`, null meaning no
            border.
        """
        may = np.ones(self.n_items, bool)
        if "available_from" in self.item_table.columns:
            may &= self.item_table["available_from"].fill_null(-FOREVER).to_numpy() <= time
        if "available_until" in self.item_table.columns:
            may &= self.item_table["available_until"].fill_null(FOREVER).to_numpy() > time
        return may

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """Kinds of data that this offers to what `needs` them; names of `CAPABILITIES`."""
        return capabilities_of(self)

    @cached_property
    def digest(self) -> str:
        """16 hex digits over the whole content; equal content, equal digest in every process."""
        # Sizes count too: users and items without interactions stand in no array.
        sizes = f"{self.n_users} {self.n_items}"
        hasher = sha256(f"{self.as_of} {self.has_times} {self.has_weights} {sizes}".encode())
        for array in (self.users, self.items, self.times, self.weights, self.liked):
            hasher.update(raw_bytes(array))
        for ids in (self.user_ids, self.item_ids):
            hasher.update("\0".join(ids.values.to_list()).encode())
        for table in (self.item_table, self.user_table):
            hasher.update(table.write_json().encode())
        # Data without these keeps the digest that it had before they were known.
        for of, vectors in (("", self.vectors), ("user ", self.user_vectors)):
            for name, values in vectors.items():
                hasher.update(f"{of}vectors {name} {values.shape} ".encode() + raw_bytes(values))
        if self.facts.relations:
            hasher.update((repr(self.facts.relations) + self.facts.table.write_json()).encode())
        hasher.update(self.queries.digest.encode() if len(self.queries) else b"")
        return hasher.hexdigest()[:16]
