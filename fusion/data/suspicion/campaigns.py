"""Groups of accounts that took the same item, and are odder together than chance allows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from fusion.data.suspicion.defaults import DEFAULTS
from fusion.data.suspicion.item_tests import Windows, begun_together, odd_takers, scale, tail
from fusion.data.suspicion.taken_sets import Floats, Ints, TakenSets


@dataclass(frozen=True)
class Group:
    """Accounts that seem to promote an item.

    Attributes:
        item: row.
        users: (n,) rows.
    """

    item: int
    users: Ints


def odd_groups(rarities: Mapping[str, Floats], taken: TakenSets) -> Iterator[Group]:
    """Find items that have far too many odd takers, and these takers.

    Args:
        rarities: by signal (U,), the smaller, the odder.
        taken: what users took.

    Yields:
        A group for each item and signal.
    """
    tests = odd_takers(rarities, taken)
    n_tested = max(int((taken.takers >= DEFAULTS.min_takers).sum()), 1)
    limit = np.log10(n_tested * len(tests) / DEFAULTS.false_items)
    by_item = taken.matrix.T.tocsr()
    for name, test in tests.items():
        for item in np.flatnonzero(test.evidence / test.scale > limit):
            takers = _takers(by_item, item)
            odd = takers[rarities[name][takers] <= DEFAULTS.wider * test.border[item]]
            odd = _of_like_length(odd, taken)
            if _is_group(len(odd), len(takers)):
                yield Group(int(item), odd)


def window_groups(rarities: Mapping[str, Floats], taken: TakenSets) -> list[Group]:
    """Find items with too many takers who began together and are odd beside others who did.

    The two tests tell of different things, and their evidence adds up (Fisher).

    Args:
        rarities: by signal (U,), the smaller, the odder.
        taken: what users took.

    Returns:
        A group for each item and window.
    """
    windows = Windows.of(taken)
    begun = begun_together(taken, windows)
    is_tested = taken.takers >= DEFAULTS.min_takers
    best = np.zeros(len(taken.takers))
    np.maximum.at(best, begun.items, begun.evidence)
    evidence = begun.evidence / scale(best[is_tested], len(windows.sizes))
    n_tests = max(is_tested.sum(), 1) * len(windows.sizes) * len(rarities)
    limit = _limit_of_sum(float(np.log10(n_tests / DEFAULTS.false_items)))
    pairs = np.flatnonzero((evidence >= DEFAULTS.min_both) & is_tested[begun.items])
    groups = _WindowGroups(taken, windows, np.stack(list(rarities.values())))
    found = [groups.test(begun.items[pair], begun.windows[pair]) for pair in pairs]
    oddness = np.array([one.evidence for one in found])
    beyond = (oddness >= DEFAULTS.min_both) & (evidence[pairs] + oddness > limit)
    return [found[place].group for place in np.flatnonzero(beyond) if found[place].is_large]


@dataclass(frozen=True)
class _Oddness:
    """How odd the takers of an item are who began in one window.

    Attributes:
        evidence: -log10 of the probability that they are as odd by chance.
        group: those who are.
        is_large: whether they are a group, and few others took the item.
    """

    evidence: float
    group: Group
    is_large: bool


class _WindowGroups:
    """Takers of an item who began in one window, beside others who began there."""

    def __init__(self, taken: TakenSets, windows: Windows, signals: Floats) -> None:
        self.taken = taken
        self.by_item = taken.matrix.T.tocsr()
        self.members = windows.members.T.tocsr()
        self.signals = signals

    def test(self, item: int, window: int) -> _Oddness:
        """Test whether they are odder than the others, by the signal that says so best."""
        takers, together = _takers(self.by_item, item), _takers(self.members, window)
        group = np.intersect1d(takers, together)
        others = np.setdiff1d(together, takers)
        shares = np.array(DEFAULTS.rare_shares)
        odd = (self.signals[:, group, None] <= shares).sum(axis=1)
        odd_others = (self.signals[:, others, None] <= shares).sum(axis=1)
        # As if there were two more others, of whom as many are odd as anywhere.
        usual = (odd_others + 2 * shares) / (len(others) + 2)
        evidence = tail(odd, np.full(odd.shape, len(group)), np.maximum(usual, shares))
        signal, border = np.unravel_index(int(evidence.argmax()), evidence.shape)
        near = self.signals[signal, group] <= DEFAULTS.wider * shares[border]
        found = Group(int(item), _of_like_length(group[near], self.taken))
        is_large = _is_group(len(found.users), len(takers))
        return _Oddness(float(evidence[signal, border]), found, is_large)


def _takers(matrix: csr_array, row: int | np.integer) -> Ints:
    return np.sort(matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]])


def _is_group(n_odd: int, n_takers: int) -> bool:
    """Tell whether a group is large enough, and few others took the item."""
    return n_odd >= DEFAULTS.min_group and n_odd >= DEFAULTS.min_share * n_takers


def _of_like_length(users: Ints, taken: TakenSets) -> Ints:
    """Leave out of a group whoever took much more: they take most things, this among them."""
    sizes = taken.sizes[users]
    return users[sizes <= DEFAULTS.max_length * np.median(sizes)] if len(users) else users


def _limit_of_sum(limit: float) -> float:
    """Return what the sum of two independent evidences must exceed for one limit of both.

    A sum x of two -log10 p is exceeded by chance with 10^-x (1 + x ln 10).
    """
    total = limit
    for _ in range(20):
        total = limit + np.log10(1 + total * np.log(10))
    return float(total)
