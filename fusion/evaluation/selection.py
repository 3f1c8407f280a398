"""The verdict: every row judged on the same later window, what is chosen, and by how much it wins."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.core.hashing import shares
from fusion.metrics.bootstrap import RESAMPLES, Interval, paired_gap, user_counts
from fusion.ranking.method import RANDOM, RANKER

PARTS = 5
Z95 = 1.959964


@dataclass(frozen=True)
class Choice:
    """Which method is published, why, and the ranker's paired difference to its best rival."""

    method: str
    reason: str
    rival: str
    difference: Interval


def select_method(
    values: Mapping[str, NDArray[np.floating]], seed: int, live_method: str | None = None
) -> Choice:
    """Choose between the ranker and its best rival by their per-user values (n,), paired.

    The rival is the best source or the plain blend. Upper bound of the difference below 0: the
    rival; lower bound above 0: the ranker; otherwise the live run's method if it is one of the rows
    and not worse for certain, else the ranker. The rival is the luckiest of many on these users, so
    a higher mean alone says little for it.
    """
    rival = best_rival(values)
    gap = paired_gap(values[RANKER], values[rival], seed)
    if gap.high < 0:
        return Choice(rival, f"{rival} beats {RANKER}", rival, gap)
    if gap.low > 0:
        return Choice(RANKER, f"{RANKER} beats {rival}", rival, gap)
    if live_method is not None and live_method != RANDOM and live_method in values:
        behind = paired_gap(values[RANKER], values[live_method], seed)
        if behind.low <= 0:
            reason = (
                f"the {RANKER} and {rival} do not differ for certain; the live run's method stays"
            )
            return Choice(live_method, reason, rival, gap)
    return Choice(RANKER, f"{rival} does not beat {RANKER} for certain", rival, gap)


def best_rival(values: Mapping[str, NDArray[np.floating]]) -> str:
    """The source, or the plain blend, with the highest mean of per-user values (n,)."""
    rivals = [name for name in values if name not in (RANKER, RANDOM)]
    return max(rivals, key=lambda name: float(values[name].mean()))


def cross_fitted(
    values: Mapping[str, NDArray[np.floating]],
    users: NDArray[np.int32],
    seed: int,
    live_method: str | None = None,
) -> Interval:
    """What the chosen row scores on users that did not choose it.

    Users fall into five parts by hash; each part is scored by what the other four choose, so that
    picking the best of n rows does not flatter it. The bootstrap repeats the choice, with a normal
    interval in place of the inner one.
    """
    candidates = {name: column for name, column in values.items() if name != RANDOM}
    names = list(candidates)
    table = np.column_stack(list(candidates.values())).astype(np.float64)
    live = names.index(live_method) if live_method in candidates else None
    parts = (shares(seed, users) * PARTS).astype(int)

    def score(weights: NDArray[np.float64]) -> float:
        total = 0.0
        for part in range(PARTS):
            here = parts == part
            chosen = _quick_choice(table, names.index(RANKER), live, np.where(here, 0.0, weights))
            total += float(weights[here] @ table[here, chosen])
        return total / float(weights.sum())

    draws = np.array([score(counts) for counts in user_counts(len(users), seed, RESAMPLES // 4)])
    return Interval.of(score(np.ones(len(users))), draws)


def _quick_choice(
    table: NDArray[np.floating], ranker: int, live: int | None, weights: NDArray[np.float64]
) -> int:
    """Column that `choose` would pick among weighted users, by a normal interval of the paired difference."""
    if weights.sum() < 2:
        return ranker
    means = weights @ table / weights.sum()
    rival = int(np.argmax(np.where(np.arange(table.shape[1]) == ranker, -np.inf, means)))
    gap, error = _gap(table[:, ranker] - table[:, rival], weights)
    if gap < -Z95 * error:
        return rival
    if live is not None and gap <= Z95 * error:
        behind, doubt = _gap(table[:, ranker] - table[:, live], weights)
        return live if behind <= Z95 * doubt else ranker
    return ranker


def _gap(gaps: NDArray[np.floating], weights: NDArray[np.float64]) -> tuple[float, float]:
    """Weighted mean of differences (n,) and its standard error."""
    total = weights.sum()
    mean = weights @ gaps / total
    return float(mean), float(np.sqrt(weights @ (gaps - mean) ** 2) / total)
