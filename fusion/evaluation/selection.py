"""Model selection: the method that is published, and what its choice is worth."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.core.hashing import shares
from fusion.metrics.bootstrap import RESAMPLES, Interval, paired_gap, user_counts
from fusion.ranking.method import RANDOM, RANKER

PARTS = 5
"""Parts of users in cross-fitting: four fifths of them choose, which is nearly all there are."""
Z95 = 1.959964
"""The 97.5 % quantile of the normal distribution, for two-sided intervals of 95 %."""


@dataclass(frozen=True)
class Choice:
    """A method chosen to be published.

    Attributes:
        method: "ranker", "blend" or the name of a source.
        reason: why, for people.
        rival: the best of the others than the ranker.
        difference: ranker minus rival, paired.
    """

    method: str
    reason: str
    rival: str
    difference: Interval


def select_method(
    values: Mapping[str, NDArray[np.floating]], seed: int, live_method: str | None = None
) -> Choice:
    """Choose between the ranker and its best rival by paired differences.

    The rival is the best source or the blend. Upper bound of the difference below 0: the rival;
    lower bound above 0: the ranker; otherwise the live run's method if it is one of the rows and
    not worse for certain, else the ranker. The rival is the luckiest of many on these users, so a
    higher mean alone says little for it.

    Args:
        values: NDCG@10 of the same users (n,) by row.
        seed: of the bootstrap.
        live_method: the method of the live run; None where nothing is live.

    Returns:
        The choice.
    """
    rival = best_rival(values)
    gap = paired_gap(values[RANKER], values[rival], seed)
    # The interval of the difference decides, never two intervals side by side: users are the same.
    if gap.high < 0:
        return Choice(rival, f"{rival} beats {RANKER}", rival, gap)
    if gap.low > 0:
        return Choice(RANKER, f"{RANKER} beats {rival}", rival, gap)
    if live_method is not None and live_method != RANDOM and live_method in values:
        behind_live = paired_gap(values[RANKER], values[live_method], seed)
        if behind_live.low <= 0:
            reason = (
                f"the {RANKER} and {rival} do not differ for certain; the live run's method stays"
            )
            return Choice(live_method, reason, rival, gap)
    return Choice(RANKER, f"{rival} does not beat {RANKER} for certain", rival, gap)


def best_rival(values: Mapping[str, NDArray[np.floating]]) -> str:
    """Return the source, or the blend, with the highest mean.

    Args:
        values: per-user values (n,) by row.

    Returns:
        Its name.
    """
    rivals = [name for name in values if name not in (RANKER, RANDOM)]
    return max(rivals, key=lambda name: float(values[name].mean()))


def cross_fitted(
    values: Mapping[str, NDArray[np.floating]],
    users: NDArray[np.int32],
    seed: int,
    live_method: str | None = None,
) -> Interval:
    """Estimate what the chosen row scores on users that did not choose it.

    Users fall into five parts by hash. Each part is scored by what the other four choose, so that
    picking the best of n rows does not flatter it. The bootstrap repeats the choice in every
    resample, with a normal interval in place of the inner bootstrap.

    Args:
        values: per-user values (n,) by row; random is not chosen.
        users: rows of these users (n,).
        seed: of parts and resamples.
        live_method: the method of the live run; None where nothing is live.

    Returns:
        Mean and interval.
    """
    election = _Election.of(values, users, seed, live_method)
    table = election.table

    def _score(weights: NDArray[np.float64]) -> float:
        total = 0.0
        for in_part, chosen in election.choices(weights):
            total += float(weights[in_part] @ table[in_part, chosen])
        return total / float(weights.sum())

    # A quarter of the usual resamples: each costs five choices, and bounds move little by more.
    resamples = user_counts(len(users), seed, RESAMPLES // 4)
    draws = np.array([_score(counts) for counts in resamples])
    return Interval.of(_score(np.ones(len(users))), draws)


def chosen_by_others(
    values: Mapping[str, NDArray[np.floating]],
    users: NDArray[np.int32],
    seed: int,
    live_method: str | None = None,
) -> list[str]:
    """Return for each user the row that the users of the other parts choose.

    Args:
        values: as `cross_fitted` takes them, and likewise below.
        users: rows of these users (n,).
        seed: of the parts.
        live_method: the method of the live run; None where nothing is live.

    Returns:
        (n,) names of rows.
    """
    election = _Election.of(values, users, seed, live_method)
    chosen = [RANKER] * len(users)
    for in_part, column in election.choices(np.ones(len(users))):
        for place in np.flatnonzero(in_part):
            chosen[place] = election.names[column]
    return chosen


@dataclass(frozen=True)
class _Election:
    """The parts of users, and the rows between which each part's others choose.

    Attributes:
        names: of rows.
        table: (n, M) values of their users.
        ranker: column of the ranker.
        live: column of the live run's method; None where it is no row.
        parts: (n,) part of each user.
    """

    names: list[str]
    table: NDArray[np.float64]
    ranker: int
    live: int | None
    parts: NDArray[np.int_]

    @classmethod
    def of(
        cls,
        values: Mapping[str, NDArray[np.floating]],
        users: NDArray[np.int32],
        seed: int,
        live_method: str | None,
    ) -> "_Election":
        """Put users into parts by hash."""
        # Random is never chosen, however lucky.
        candidates = {name: column for name, column in values.items() if name != RANDOM}
        names = list(candidates)
        return cls(
            names=names,
            table=np.column_stack(list(candidates.values())).astype(np.float64),
            ranker=names.index(RANKER),
            live=names.index(live_method) if live_method in candidates else None,
            parts=(shares(seed, users) * PARTS).astype(int),
        )

    def choices(self, weights: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.bool_], int]]:
        """Yield the members (n,) of each part, and the column that the others choose.

        Args:
            weights: (n,) of users.
        """
        for part in range(PARTS):
            in_part = self.parts == part
            others = np.where(in_part, 0.0, weights)
            yield in_part, _quick_choice(self.table, self.ranker, self.live, others)


def _quick_choice(
    table: NDArray[np.floating], ranker: int, live: int | None, weights: NDArray[np.float64]
) -> int:
    """Choose a column of `table` (n, M) as `select_method` would among weighted users (n,).

    The interval of a paired difference is the normal one.
    """
    # One user has no standard error, and no resample of a small part may be left without a choice.
    if weights.sum() < 2:
        return ranker
    means = weights @ table / weights.sum()
    is_ranker = np.arange(table.shape[1]) == ranker
    rival = int(np.argmax(np.where(is_ranker, -np.inf, means)))
    gap, error = _gap(table[:, ranker] - table[:, rival], weights)
    if gap < -Z95 * error:
        return rival
    if live is not None and gap <= Z95 * error:
        gap_to_live, live_error = _gap(table[:, ranker] - table[:, live], weights)
        return live if gap_to_live <= Z95 * live_error else ranker
    return ranker


def _gap(gaps: NDArray[np.floating], weights: NDArray[np.float64]) -> tuple[float, float]:
    """Return the weighted mean of differences (n,) and its standard error."""
    total = weights.sum()
    mean = weights @ gaps / total
    # The standard error of a mean of `total` users: the deviation over the root of their number.
    error = np.sqrt(weights @ (gaps - mean) ** 2) / total
    return float(mean), float(error)
