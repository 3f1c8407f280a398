"""Backward elimination: the least useful source goes, then the rest is asked again.

A source is left out where the hypothesis that it is worth its cost is rejected: a test of
non-inferiority, whose margin is a share of NDCG@10 that follows from what the source costs. Holm's
procedure ("A simple sequentially rejective multiple test procedure", 1979) keeps the chance that
any source is left out wrongly below `risk`, although the least useful of many is tested.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Rows
from fusion.metrics.bootstrap import Interval

Values = NDArray[np.float64]
"""NDCG@10 (repeats, n) of n users of folds, one row for each set of fits."""
Ask = Callable[[Collection[str]], Values]
"""Sources that never took part -> values of the lists that the others make."""
NORMAL = NormalDist()
TWO_SIDED_95 = NORMAL.inv_cdf(0.975)


@dataclass(frozen=True)
class Contribution:
    """NDCG@10 that is lost without a source.

    Attributes:
        loss: with its interval of 95 %.
        margin: loss below which the source is not worth its cost.
        beside: other sources in use when it was asked.
        p: chance of so small a loss where the source is worth its cost.
    """

    loss: Interval
    margin: float
    beside: int
    p: float


@dataclass(frozen=True)
class Elimination:
    """The end of an elimination.

    Attributes:
        base: mean NDCG@10 of the small rankers with every source.
        contributions: by source, as it was asked last.
        left_out: sources that are not worth their cost, the first that went first.
        asked: sets of sources that rankers were fitted without.
    """

    base: float
    contributions: dict[str, Contribution]
    left_out: tuple[str, ...]
    asked: int


@dataclass(frozen=True)
class _Answer:
    """The lists without one more source.

    Attributes:
        values: of these lists.
        removed: sources that had gone before.
        base: mean NDCG@10 with the source.
        loss: mean NDCG@10 lost without it.
        user_variance: of the loss, by which users there are.
        fit_variance: of the loss, by which halves the rankers were fitted on.
    """

    values: Values
    removed: tuple[str, ...]
    base: float
    loss: float
    user_variance: float
    fit_variance: float


@dataclass
class _Search:
    """An elimination under way.

    Attributes:
        ask: fits and judges.
        users: the user (n,) of each value; one of two folds stands twice.
        shares: share of NDCG@10 that each source must bring, by source, in their order.
        base: values with every source that is still in use.
        removed: sources that have gone.
        answers: the newest for each source.
        fit_variances: of all answers so far.
    """

    ask: Ask
    users: Rows
    shares: Mapping[str, float]
    base: Values
    removed: tuple[str, ...] = ()
    answers: dict[str, _Answer] = field(default_factory=dict)
    fit_variances: list[float] = field(default_factory=list)

    def question(self, source: str) -> None:
        """Ask what is lost without one more source."""
        values = self.ask((*self.removed, source))
        gaps = self.base - values
        answer = _Answer(
            values,
            self.removed,
            base=float(self.base.mean()),
            loss=float(gaps.mean()),
            user_variance=clustered_variance(gaps.mean(axis=0), self.users),
            fit_variance=float(gaps.mean(axis=1).var(ddof=1)) / len(gaps),
        )
        self.answers[source] = answer
        self.fit_variances.append(answer.fit_variance)

    def is_stale(self, source: str) -> bool:
        """Return whether other sources have gone since a source was asked."""
        return self.answers[source].removed != self.removed

    def contribution(self, source: str) -> Contribution:
        """Return what a source adds, by its newest answer."""
        answer = self.answers[source]
        # Of few halvings one variance says little: that of all answers says more.
        error = (answer.user_variance + float(np.mean(self.fit_variances))) ** 0.5
        margin = self.shares[source] * answer.base
        spread = TWO_SIDED_95 * error
        return Contribution(
            loss=Interval(answer.loss, answer.loss - spread, answer.loss + spread),
            margin=margin,
            beside=len(self.shares) - len(answer.removed) - 1,
            p=chance_of(answer.loss - margin, error),
        )

    def least(self, optional: Sequence[str], limit: float) -> tuple[str, float]:
        """Return the source least likely to be worth its cost, and its p.

        Lazy: what is lost without a source mostly grows as others go, so that only a source that
        would be the next to go is asked again.
        """
        while True:
            chances = {source: self.contribution(source).p for source in optional}
            # The last of several: people list first what they trust most.
            source = min(reversed(optional), key=chances.__getitem__)
            if not self.is_stale(source) or chances[source] >= limit:
                return source, chances[source]
            self.question(source)


def eliminate(
    ask: Ask,
    users: Rows,
    shares: Mapping[str, float],
    kept: Collection[str],
    at_least: int,
    risk: float,
) -> Elimination:
    """Ask what every source adds, and leave out those that are surely not worth their cost.

    Args:
        ask: fits small rankers without some sources and judges their lists.
        users: the user (n,) of each value.
        shares: share of NDCG@10 that each source must bring, by source, in their order.
        kept: sources that stay, whatever they add.
        at_least: sources beside `kept` that stay.
        risk: chance at most that any source goes that is worth its cost.
    """
    everything = ask(())
    search = _Search(ask, users, shares, everything)
    for source in shares:
        search.question(source)
    optional = [source for source in shares if source not in kept]
    while len(optional) > at_least:
        # Holm: the fewer hypotheses are left, the less each has to be sure.
        limit = risk / len(optional)
        source, chance = search.least(optional, limit)
        if chance >= limit:
            break
        optional.remove(source)
        search.base = search.answers[source].values
        search.removed = (*search.removed, source)
    # What is left adds more since others went: a copy nothing beside its twin, much without it.
    for source in shares:
        if source not in search.removed and search.is_stale(source):
            search.question(source)
    contributions = {source: search.contribution(source) for source in shares}
    return Elimination(
        float(everything.mean()), contributions, search.removed, 1 + len(search.fit_variances)
    )


def chance_of(excess: float, error: float) -> float:
    """Return the chance of so small a loss where the true one is the margin.

    Args:
        excess: loss less the margin.
        error: standard error of the loss.
    """
    if error > 0:
        return NORMAL.cdf(excess / error)
    # Without any spread nothing changed for anybody: a margin above nothing is out of reach.
    return 0.0 if excess < 0 else 1.0


def clustered_variance(gaps: NDArray[np.float64], users: Rows) -> float:
    """Return the variance of a mean over users, each of whom may stand several times.

    Args:
        gaps: values (n,).
        users: the user (n,) of each; values of the same user are not independent.
    """
    _, owners = np.unique(users, return_inverse=True)
    residuals = np.bincount(owners, gaps - gaps.mean())
    return float((residuals**2).sum()) / len(gaps) ** 2
