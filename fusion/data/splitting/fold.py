"""A fold and the plan of all folds: known interactions, labels, and the moment between them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from fusion.core.arrays import Flags, Rows, Times, contains, distinct, pair_keys
from fusion.data.dataset import Dataset
from fusion.errors import DataError

SERVING = "serving"
"""Name of the fold that knows everything."""
Kind = Literal["time", "last", "random"]
"""Ways to split: at a moment, before each user's last liked event, or by hash."""


@dataclass(frozen=True)
class Fold:
    """Known interactions beside held-out labels. The serving fold has no labels.

    Attributes:
        name: "tune", "label-n", "verdict" or "serving".
        known: interactions to fit on, and to score with.
        as_of: (U,) ms, the moment at which each user is served.
        cut: ms, the moment at which the availability of items is judged.
        label_users: (L,) int32.
        label_items: (L,) int32; liked, new to the user, and listable.
        held_out: all interactions held out, liked or not; None where nothing is.
        dropped: interactions left out of `known`, so that their items are as if new; None where
            nothing is.
    """

    name: str
    known: Dataset
    as_of: Times
    cut: int
    label_users: Rows
    label_items: Rows
    held_out: Dataset | None = None
    dropped: Dataset | None = None

    @property
    def label_rows(self) -> Rows:
        """Users (n,) with at least one label, ascending."""
        return np.unique(self.label_users)


@dataclass(frozen=True)
class Plan:
    """The folds of a run.

    Attributes:
        kind: how the data is split.
        window: days of a label window; None unless the split is by time.
        why: a sentence for people, that begins with the kind.
        tune: the oldest fold, for settings of sources.
        labels: folds that the ranker learns from, oldest first.
        verdict: the fold by which a method is chosen.
        serving: everything known, nothing held out.
    """

    kind: Kind
    window: int | None
    why: str
    tune: Fold
    labels: tuple[Fold, ...]
    verdict: Fold
    serving: Fold

    @property
    def optimistic(self) -> bool:
        """True where metrics flatter: only a split by time hides all that is later than a label."""
        return self.kind != "time"


def make_fold(
    data: Dataset, name: str, known: Dataset, held_out: Flags, as_of: Times, seen: bool
) -> Fold:
    """Make a fold of known and held-out interactions.

    Held-out interactions that are not liked, not listable, or no news to the user are no labels.

    Args:
        data: all interactions.
        name: name of the fold.
        known: the known part of `data`.
        held_out: (N,) bool, the held-out part.
        as_of: (U,) ms.
        seen: items of a user's history may be labels again.

    Returns:
        The fold; labels sorted by user and item, each once.
    """
    same_moment = len(as_of) and np.ptp(as_of) == 0
    cut = int(as_of[0]) if same_moment else data.as_of
    labels = held_out & data.liked
    label_users, label_items = data.users[labels], data.items[labels]
    pairs = distinct(pair_keys(label_users, label_items, data.n_items))
    if not seen:
        # Few users have labels in a window, and no history but theirs is asked.
        is_asked = np.zeros(data.n_users, bool)
        is_asked[label_users] = True
        rows = is_asked[known.users]
        history = pair_keys(known.users[rows], known.items[rows], data.n_items)
        history.sort()
        pairs = pairs[~contains(history, pairs)]
    users = (pairs // data.n_items).astype(np.int32)
    items = (pairs % data.n_items).astype(np.int32)
    may = data.listable(cut)[items]
    return Fold(name, known, as_of, cut, users[may], items[may], data.take(held_out))


def labels_before(fold: Fold, end: int) -> Fold:
    """Keep the labels of a fold that happened before a moment.

    Args:
        fold: with labels.
        end: ms.

    Returns:
        The same fold with a shorter window.
    """
    if fold.held_out is None:
        return fold
    held_out = fold.held_out.before(end)
    liked_users, liked_items = held_out.users[held_out.liked], held_out.items[held_out.liked]
    happened = distinct(pair_keys(liked_users, liked_items, held_out.n_items))
    pairs = pair_keys(fold.label_users, fold.label_items, held_out.n_items)
    stays = contains(happened, pairs)
    return replace(
        fold,
        label_users=fold.label_users[stays],
        label_items=fold.label_items[stays],
        held_out=held_out,
    )


def serving_fold(data: Dataset, as_of: Times) -> Fold:
    """Make the fold that serves: everything is known, nothing is held out.

    Args:
        data: all interactions.
        as_of: (U,) ms.

    Returns:
        A fold without labels.
    """
    none = np.empty(0, np.int32)
    return Fold(SERVING, data, as_of, data.as_of, none, none)


def fold_name(n: int, n_folds: int) -> str:
    """Name a fold.

    Args:
        n: its number, counted from 0 for the newest.
        n_folds: label folds between verdict and tune.

    Returns:
        "verdict", "label-n" or "tune".
    """
    if n == 0:
        return "verdict"
    return f"label-{n}" if n <= n_folds else "tune"


def make_plan(
    kind: Kind, window: int | None, why: str, folds: Sequence[Fold], serving: Fold
) -> Plan:
    """Put folds into a plan; label folds from which nothing can be learned are left out.

    Args:
        kind: how the data is split.
        window: days of a label window, or None.
        why: a sentence for people.
        folds: verdict, label folds and tune, newest first.
        serving: the serving fold.

    Returns:
        The plan, label folds oldest first.

    Raises:
        DataError: no label fold is left, or the verdict has no training users.
    """
    verdict, *labels, tune = folds
    usable = [fold for fold in reversed(labels) if has_training_users(fold)]
    if not usable or not has_training_users(verdict):
        known = serving.known
        raise DataError(
            f"too little data to hold anything out ({why}): no user has enough liked interactions "
            f"for a label fold and a verdict; {len(known)} interactions of {known.n_users} users "
            "were read; give more history, or let [data] positive call more of it liked"
        )
    return Plan(kind, window, why, tune, tuple(usable), verdict, serving)


def has_training_users(fold: Fold) -> bool:
    """Check that a model could learn from a fold.

    Args:
        fold: any fold with labels.

    Returns:
        True where at least one user with a label has a history, which sets them apart from others.
    """
    return bool(fold.known.user_counts[fold.label_rows].any())
