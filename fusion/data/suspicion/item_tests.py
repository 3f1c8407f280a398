"""Tests of items: whether more of their takers are odd, or began together, than chance allows."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import betainc

from fusion.data.suspicion.defaults import DEFAULTS
from fusion.data.suspicion.taken_sets import Floats, Ints, TakenSets

PRIOR_TAKERS = 20
"""Takers, of whom the usual share is odd, whom every group of items has besides its own."""
AT_THE_START = 2
"""Windows of users who were there when the data began, and began before it."""
SMALLEST = 1e-300
"""Probability below which all are the same."""


@dataclass(frozen=True)
class OddTakers:
    """Items' tests by one signal.

    Attributes:
        evidence: (I,) -log10 of the probability that as many takers are odd by chance, at the
            border where that is smallest and they are a large part of the takers; else 0.
        border: (I,) that border, a share of users.
        scale: what `scale` gives for these items, whether their odd takers are a large part or not.
    """

    evidence: Floats
    border: Floats
    scale: float


def tail(successes: Floats, trials: Floats, chance: Floats) -> Floats:
    """Return -log10 of the probability of as many successes or more.

    Args:
        successes: (n,) of `trials`.
        trials: (n,).
        chance: (n,) of each.
    """
    some = np.maximum(successes, 1)
    probability = betainc(some, trials - some + 1, np.clip(chance, SMALLEST, 1))
    evidence: Floats = np.where(successes > 0, -np.log10(np.maximum(probability, SMALLEST)), 0.0)
    return evidence


def odd_takers(rarities: Mapping[str, Floats], taken: TakenSets) -> dict[str, OddTakers]:
    """Test, by each signal, whether an item's takers are odd more often than takers of its like.

    That is target item analysis (Zhou, Wen, Xiong, Gao, Zeng: "Shilling attacks detection in
    recommender systems based on target item analysis", PLoS ONE 2015): what bots have in common is
    what they promote.

    Args:
        rarities: by signal (U,), the smaller, the odder.
        taken: what users took.

    Returns:
        By signal, the tests of I items.
    """
    bands = np.floor(np.log2(np.maximum(taken.takers, 1))).astype(np.int64)
    in_bands = np.bincount(bands, taken.takers)[bands]
    is_tested = taken.takers >= DEFAULTS.min_takers
    tests = {}
    for name, rarity in rarities.items():
        evidence, border = np.zeros(len(bands)), np.zeros(len(bands))
        highest = np.zeros(len(bands))
        for share in DEFAULTS.rare_shares:
            odd = taken.matrix.T @ (rarity <= share).astype(np.float64)
            # What is usual for other items that are as popular: odd people like what is rare.
            others = (in_bands - taken.takers) + PRIOR_TAKERS
            usual = (np.bincount(bands, odd)[bands] - odd + share * PRIOR_TAKERS) / others
            chance = np.maximum(usual, share / 4)
            found = tail(odd, taken.takers, chance)
            highest = np.maximum(highest, found)
            # With very many takers the least difference is beyond chance, and no campaign.
            needed = np.maximum(DEFAULTS.min_share, DEFAULTS.min_excess * chance)
            is_better = (found > evidence) & is_tested & (odd >= needed * taken.takers)
            evidence[is_better], border[is_better] = found[is_better], share
        tests[name] = OddTakers(evidence, border, scale(highest[is_tested]))
    return tests


@dataclass(frozen=True)
class Windows:
    """Users in windows by the beginning of their histories; most are in two.

    Attributes:
        members: (U, W) float32 ones.
        sizes: (W,) users in each.
    """

    members: csr_array
    sizes: Floats

    @classmethod
    def of(cls, taken: TakenSets) -> "Windows":
        """Lay two rows of windows, one half a window later than the other.

        The first users were there before the data begins, and are in no window.

        Args:
            taken: what users took.
        """
        active = np.flatnonzero(taken.sizes > 0)
        order = active[np.lexsort((taken.user_ranks[active], taken.begun[active]))]
        position = np.arange(len(order)) / len(order) * DEFAULTS.windows
        first = np.floor(position).astype(np.int64)
        second = np.floor(position + 0.5).astype(np.int64) + DEFAULTS.windows
        n_windows = 2 * DEFAULTS.windows + 1
        has_begun = np.tile(position >= AT_THE_START, 2)
        columns = np.concatenate([first, second])[has_begun]
        cells = (np.ones(len(columns), np.float32), (np.tile(order, 2)[has_begun], columns))
        members = csr_array(cells, shape=(len(taken.sizes), n_windows))
        return cls(members, np.bincount(columns, minlength=n_windows).astype(np.float64))


@dataclass(frozen=True)
class BegunTogether:
    """Items of whose takers several began in one window.

    Attributes:
        items: (n,) int64.
        windows: (n,) int64, of `Windows`.
        evidence: (n,) -log10 of the probability that as many began there by chance.
    """

    items: Ints
    windows: Ints
    evidence: Floats


def begun_together(taken: TakenSets, windows: Windows) -> BegunTogether:
    """Test whether an item's takers began in one window more than chance allows.

    Bots are made together, and act together on the same items (Beutel, Xu, Guruswami, Palow,
    Faloutsos: "CopyCatch", WWW 2013).

    Args:
        taken: what users took.
        windows: in which users began.

    Returns:
        The tests of all items and windows with a group that is large enough.
    """
    counts = (taken.matrix.T @ windows.members).tocoo()
    is_group = (counts.data >= DEFAULTS.min_group) & (
        counts.data >= DEFAULTS.min_share * taken.takers[counts.row]
    )
    items, columns = counts.row[is_group], counts.col[is_group]
    together = counts.data[is_group].astype(np.float64)
    shares = windows.sizes / float(np.count_nonzero(taken.sizes))
    evidence = tail(together, taken.takers[items], shares[columns])
    return BegunTogether(items.astype(np.int64), columns.astype(np.int64), evidence)


def scale(evidence: Floats, n_tests: int = 1) -> float:
    """Compute by how much the items' own evidence exceeds what chance alone would make.

    It is the genomic control of Devlin and Roeder (Biometrics 1999) at a high quantile: people are
    not independent draws, and how far they are from it is seen on most of the items.

    Args:
        evidence: (n,) of the items that are tested.
        n_tests: of each item, of which the best is its evidence.

    Returns:
        1 or more; what evidence is divided by.
    """
    quantile = DEFAULTS.scale_quantile
    if not len(evidence):
        return 1.0
    by_chance = np.log10(n_tests) - np.log10(1 - quantile)
    return max(1.0, float(np.quantile(evidence, quantile, method="lower")) / by_chance)
