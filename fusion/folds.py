"""Folds: what is known, what is to be predicted, and when; planned so that no fold sees another's future."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from fusion.arrays import DAY, Flags, Rows, Times, contains, distinct
from fusion.config import SplitSettings
from fusion.dataset import Dataset
from fusion.errors import DataError
from fusion.hashing import shares

Kind = Literal["time", "last", "random"]
WINDOWS = (1, 7, 14, 28, 91, 182, 365)
"""Days a label window may last, shortest first."""
SHORT = WINDOWS[:4]
"""Those that hold enough users only where something goes on."""
LIVELY = 0.25
"""Share of all users who were last seen within the folds; where fewer were, the data is an archive of users gone."""
THIN = 50
"""Warm users who are few to judge by, and in lively data still say more of the next window than `last` does."""
MOST_HELD, LEAST_HELD = 0.1, 0.05
"""Share of all (user, item) pairs that each fold of a random split holds out; the less the more there are.

What a fold does not know stands among a user's candidates, so the more is held out the easier the first places are:
a ranker taught by that trusts the best source too little where nothing is held out.
"""
HELD = 40_000
"""Interactions that are enough to hold out."""


@dataclass(frozen=True)
class Fold:
    """What is known (both to fit on and when scoring), the labels (L,) and each user's `as_of` (U,) ms.

    `cut` ms: time from which items' availability is judged. `held`: the interactions that were held out, liked or not:
    labels are the liked ones among them that are new to the user and can be listed. The serving fold has neither.
    """

    name: str
    known: Dataset
    as_of: Times
    cut: int
    label_users: Rows
    label_items: Rows
    held: Dataset | None = None

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


def plan_folds(
    data: Dataset, split: SplitSettings, seen: bool = False, seed: int = 7, keep: tuple[str, int | None] | None = None
) -> Plan:
    """Plan the folds of `data`.

    `seen`: whether an item the user has met may be a label again. `keep`: kind and window of the live run, which a
    retrain stays with while a window still holds half the users asked for. Raises DataError when no plan fits.
    """
    if split.kind in ("auto", "time") and data.has_times:
        plan = _plan_time(data, split, seen, keep)
        if plan is not None:
            return plan
    if split.kind == "time" or (split.kind == "last" and not data.has_times):
        raise DataError(_no_window(data, split))
    if split.kind == "random" or not data.has_times:
        return _plan_random(data, split, seen, seed)
    return _plan_last(data, split, seen)


def _no_window(data: Dataset, split: SplitSettings) -> str:
    if not data.has_times:
        return f"[split] kind = '{split.kind}' needs [data.columns] time; name the column, or use kind = 'random'"
    tried = [split.window] if split.window else list(WINDOWS)
    return (
        f"[split] kind = 'time': no window of {tried} days has {split.users} warm users with a label in every fold; "
        "lower [split] users, set [split] window, or use kind = 'last'"
    )


def _plan_time(data: Dataset, split: SplitSettings, seen: bool, keep: tuple[str, int | None] | None) -> Plan | None:
    kept = keep[1] if keep and keep[0] == "time" and not split.window else None
    for ask in _asks(split, kept):
        for n_folds in range(split.folds, 0, -1):
            for window in ask.windows:
                plan = _time_folds(data, split, seen, window, n_folds, ask)
                if plan:
                    return plan
    return None


@dataclass(frozen=True)
class _Ask:
    """Windows to try, the warm users that every fold must hold, the share of all users last seen within the folds."""

    windows: tuple[int, ...]
    users: int
    lively: float = 0.0


def _asks(split: SplitSettings, kept: int | None) -> list[_Ask]:
    """What a plan by time may be, the best first; `kept` is the window of the live run."""
    windows = (split.window,) if split.window else WINDOWS
    named = split.kind == "time" or split.window is not None
    asks = [_Ask(windows, split.users)] if named else [_Ask(SHORT, split.users), _Ask(WINDOWS, split.users, LIVELY)]
    if kept:
        asks.insert(0, _Ask((kept,), max(1, split.users // 2)))
    if split.kind == "auto" and split.users > THIN:
        asks += [_Ask((kept,), THIN // 2)] if kept else []
        asks.append(_Ask(windows, THIN, LIVELY))
    return asks


def _time_folds(data: Dataset, split: SplitSettings, seen: bool, window: int, n_folds: int, ask: _Ask) -> Plan | None:
    """Cut at multiples of the window since 1970, so that tomorrow's cuts are today's; None when they are too thin."""
    length = window * DAY
    newest = (data.as_of - length) // length * length
    cuts = [newest - n * length for n in range(n_folds + 2)]
    if np.mean(data.last_times[data.user_counts > 0] >= cuts[-1]) < ask.lively:
        return None
    folds = []
    for n, cut in enumerate(cuts):
        fold = _time_fold(data, _name(n, n_folds), cut, length, seen)
        warm = fold.known.user_counts[fold.label_rows] >= split.sparse
        if warm.sum() < ask.users:
            return None
        folds.append(fold)
    why = f"time: windows of {window} days hold at least {ask.users} warm users in every fold"
    return _plan("time", window, why, folds, _serving(data, np.full(data.n_users, data.as_of, np.int64)))


def _time_fold(data: Dataset, name: str, cut: int, length: int, seen: bool) -> Fold:
    known = data.before(cut)
    window = slice(len(known), int(np.searchsorted(data.times, cut + length, "left")))
    labels = np.zeros(len(data), bool)
    labels[window] = True
    return _fold(data, name, known, labels, np.full(data.n_users, cut, np.int64), seen)


def _plan_last(data: Dataset, split: SplitSettings, seen: bool) -> Plan:
    """Fold n holds out each user's n-th last liked event and what is not liked between it and the next.

    It knows what the user did before it; folds count from 1.
    """
    order, borders = data.by_user
    liked = data.liked[order].astype(np.int64)
    through = np.cumsum(liked)
    total = np.append(0, through)[borders]
    left = np.empty(len(data), np.int64)  # liked events of the same user from this one on, itself included
    left[order] = np.repeat(total[1:], np.diff(borders)) - through + liked
    folds = []
    for n in range(1, split.folds + 3):
        known = data.take((left > n) | ((left == n) & ~data.liked))
        labels = np.where(data.liked, left == n, left == n - 1)
        folds.append(_fold(data, _name(n - 1, split.folds), known, labels, known.last_times + 1, seen))
    thin = f" (no window held {split.users} warm users in every fold, or too few users still come)"
    fallback = "" if split.kind == "last" else thin
    why = (
        f"last: each user's last liked interaction is held out{fallback}; optimistic, sources see others' later events"
    )
    return _plan("last", None, why, folds, _serving(data, data.last_times + 1))


def _plan_random(data: Dataset, split: SplitSettings, seen: bool, seed: int) -> Plan:
    """Fold n holds out the pairs whose hash falls into its share, and knows all others but the verdict's.

    No share is later than another, so nothing speaks against knowing the labels of other folds, and the ranker learns
    from fits on nearly as much as those that serve. Shares cut across time, so times are put aside: nothing may take a
    held-out event's neighbours for its past.
    """
    share = min(float(np.clip(HELD / max(1, len(data)), LEAST_HELD, MOST_HELD)), 1 / (split.folds + 2))
    why = f"random: {share:.0%} of pairs a fold by hash" + ("" if data.has_times else ", since the data has no times")
    data = replace(data, has_times=False, times=np.zeros_like(data.times))
    place = shares(seed, data.users, data.items)
    as_of = np.full(data.n_users, data.as_of, np.int64)
    folds = []
    for n in range(split.folds + 2):
        labels = (place >= n * share) & (place < (n + 1) * share)
        known = data.take((place >= share) & ~labels)
        folds.append(_fold(data, _name(n, split.folds), known, labels, as_of, seen))
    return _plan("random", None, why, folds, _serving(data, as_of))


def _fold(data: Dataset, name: str, known: Dataset, held: Flags, as_of: Times, seen: bool) -> Fold:
    labels = held & data.liked
    cut = int(as_of[0]) if len(as_of) and np.ptp(as_of) == 0 else data.as_of
    users, items = data.users[labels], data.items[labels]
    pairs = distinct(users.astype(np.int64) * data.n_items + items)
    if not seen:
        met = known.users.astype(np.int64) * data.n_items + known.items
        pairs = pairs[~contains(np.sort(met), pairs)]
    users, items = (pairs // data.n_items).astype(np.int32), (pairs % data.n_items).astype(np.int32)
    may = data.listable(cut)[items]
    return Fold(name, known, as_of, cut, users[may], items[may], data.take(held))


def _serving(data: Dataset, as_of: Times) -> Fold:
    none = np.empty(0, np.int32)
    return Fold("serving", data, as_of, data.as_of, none, none)


def _name(n: int, n_folds: int) -> str:
    return "verdict" if n == 0 else f"label-{n}" if n <= n_folds else "tune"


def _plan(kind: Kind, window: int | None, why: str, folds: Sequence[Fold], serving: Fold) -> Plan:
    """Order folds, given newest first, oldest first; label folds where no user with a label is known are left out."""
    verdict, *labels, tune = folds
    labels = [fold for fold in reversed(labels) if _teaches(fold)]
    if not labels or not _teaches(verdict):
        raise DataError(
            f"too little data to hold anything out ({why}): no user has enough liked interactions for a label fold and "
            f"a verdict; {len(serving.known)} interactions of {serving.known.n_users} users were read"
        )
    return Plan(kind, window, why, tune, tuple(labels), verdict, serving)


def _teaches(fold: Fold) -> bool:
    """Whether any user with a label has a history by which he can be told from others."""
    return bool(fold.known.user_counts[fold.label_rows].any())
