"""`Dataset`: interactions in time order beside what is known of items and users, all by row number."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Offsets, Rows, Scores, Times, offsets, ragged_index, sparse
from fusion.data.capabilities import capabilities_of
from fusion.data.histories import UserHistories
from fusion.data.id_map import IdMap

FOREVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Dataset:
    """N interactions of U users with I items, oldest first; equal times keep the order of the file.

    `users`, `items` (N,) int32; `times` (N,) int64 ms, all 0 without times; `weights` (N,) float32,
    1 where the data has none; `liked` (N,) bool: what counts as a label. `item_table` (I rows):
    `text` String, list columns of categories, numbers, `available_from` and `available_until` int64
    ms or null. `user_table` (U rows). `as_of` int64 ms: everything here happened before it.
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
        """The same users and items with only some interactions (a mask (N,) or a slice)."""
        return replace(
            self,
            users=self.users[rows],
            items=self.items[rows],
            times=self.times[rows],
            weights=self.weights[rows],
            liked=self.liked[rows],
            as_of=self.as_of if as_of is None else as_of,
        )

    def before(self, time: int) -> "Dataset":
        """What had happened before `time` (ms). Rows are in time order, so this is a prefix."""
        return self.take(slice(0, int(np.searchsorted(self.times, time, "left"))), as_of=time)

    def trim_items(self, n_items: int) -> "Dataset":
        """Forget items numbered `n_items` and up, which must have no interactions here."""
        ids = IdMap(self.item_ids.values.head(n_items))
        return replace(self, item_ids=ids, item_table=self.item_table.head(n_items))

    def trim_users(self) -> "Dataset":
        """Forget users numbered above the last one with interactions here: what a fit cannot depend on."""
        known = int(self.users.max()) + 1 if len(self) else 0
        return replace(
            self,
            user_ids=IdMap(self.user_ids.values.head(known)),
            user_table=self.user_table.head(known),
        )

    def matrix(self) -> csr_array:
        """Users x items (U, I) float32, weights summed over repeats."""
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
        """Order (N,) that sorts interactions by user, time order kept, and each user's borders (U + 1,)."""
        return np.argsort(self.users, kind="stable").astype(np.int32), offsets(self.user_counts)

    @cached_property
    def last_times(self) -> Times:
        """Time of each user's last interaction (U,) ms; 0 for users without any."""
        last = np.zeros(self.n_users, np.int64)
        last[self.users] = self.times
        return last

    def users_at(self, rows: Rows, as_of: Times) -> UserHistories:
        """Everything a source may know of the users `rows` (B,) when it scores them as of `as_of` (B,) ms."""
        order, borders = self.by_user
        counts = borders[rows + 1] - borders[rows]
        picked = order[ragged_index(borders[rows], counts)]
        return UserHistories(
            rows=rows,
            borders=offsets(counts),
            items=self.items[picked],
            times=self.times[picked],
            weights=self.weights[picked],
            as_of=as_of,
            n_items=self.n_items,
            features=self.user_table[rows] if self.user_table.width else None,
        )

    def listable(self, time: int) -> Flags:
        """Items (I,) that may be shown at `time` (ms) by their `available_from` and `available_until`."""
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
        """16 hex digits over everything here; equal content gives equal digests in every process."""
        hasher = sha256(
            f"{self.as_of} {self.has_times} {self.has_weights} {self.n_users} {self.n_items}".encode()
        )
        for array in (self.users, self.items, self.times, self.weights, self.liked):
            hasher.update(np.ascontiguousarray(array).tobytes())
        for ids in (self.user_ids, self.item_ids):
            hasher.update("\0".join(ids.values.to_list()).encode())
        for table in (self.item_table, self.user_table):
            hasher.update(table.write_json().encode())
        return hasher.hexdigest()[:16]
