"""A fold and the plan of all folds: known interactions, labels, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fusion.core.arrays import Flags, Rows, Times, contains, distinct
from fusion.data.dataset import Dataset
from fusion.errors import DataError

Kind = Literal["time", "last", "random"]


@dataclass(frozen=True)
class Fold:
    """What is known (both to fit on and when scoring), the labels (L,) and each user's `as_of` (U,) ms.

    `cut` ms: time from which items' availability is judged. `held`: the interactions that were held
    out, liked or not: labels are the liked ones among them that are new to the user and can be
    listed. The serving fold has neither.
    """

    name: str
    known: Dataset
    as_of: Times
    cut: int
    label_users: Rows
    label_items: Rows
    held_out: Dataset | None = None

    @property
    def label_rows(self) -> Rows:
        """Users (n,) with at least one label, ascending."""
        return np.unique(self.label_users)


@dataclass(frozen=True)
class Plan:
    """The folds of a run, oldest first: tune, label folds, verdict, serving. `why` is a sentence for people."""

    kind: Kind
    window: int | None
    why: str
    tune: Fold
    labels: tuple[Fold, ...]
    verdict: Fold
    serving: Fold

    @property
    def optimistic(self) -> bool:
        """Whether figures flatter: only a `time` split hides from the sources everything later than a label."""
        return self.kind != "time"


def make_fold(
    data: Dataset, name: str, known: Dataset, held_out: Flags, as_of: Times, seen: bool
) -> Fold:
    """Make a fold of what is known and what is held out; labels that were seen or cannot be listed drop out."""
    labels = held_out & data.liked
    cut = int(as_of[0]) if len(as_of) and np.ptp(as_of) == 0 else data.as_of
    users, items = data.users[labels], data.items[labels]
    pairs = distinct(users.astype(np.int64) * data.n_items + items)
    if not seen:
        met = known.users.astype(np.int64) * data.n_items + known.items
        pairs = pairs[~contains(np.sort(met), pairs)]
    users, items = (pairs // data.n_items).astype(np.int32), (pairs % data.n_items).astype(np.int32)
    may = data.listable(cut)[items]
    return Fold(name, known, as_of, cut, users[may], items[may], data.take(held_out))


def serving_fold(data: Dataset, as_of: Times) -> Fold:
    """Make the fold that serves: everything is known, nothing is held out."""
    none = np.empty(0, np.int32)
    return Fold("serving", data, as_of, data.as_of, none, none)


def fold_name(n: int, n_folds: int) -> str:
    """Name the n-th fold, counted from the newest."""
    return "verdict" if n == 0 else f"label-{n}" if n <= n_folds else "tune"


def make_plan(
    kind: Kind, window: int | None, why: str, folds: Sequence[Fold], serving: Fold
) -> Plan:
    """Order folds, given newest first, oldest first; label folds where no user with a label is known are left out."""
    verdict, *labels, tune = folds
    labels = [fold for fold in reversed(labels) if has_training_users(fold)]
    if not labels or not has_training_users(verdict):
        raise DataError(
            f"too little data to hold anything out ({why}): no user has enough liked interactions for a label fold and "
            f"a verdict; {len(serving.known)} interactions of {serving.known.n_users} users were read"
        )
    return Plan(kind, window, why, tune, tuple(labels), verdict, serving)


def has_training_users(fold: Fold) -> bool:
    """Whether any user with a label has a history by which he can be told from others."""
    return bool(fold.known.user_counts[fold.label_rows].any())
