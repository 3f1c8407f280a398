"""Gaps between segments: how much better or worse each is served than everyone else.

Segments are compared with all other users, so the two groups share nobody: the interval is Welch's
("The generalization of Student's problem", Biometrika 1947). Of many segments one always looks
badly served by chance, so they are corrected together (Holm, "A simple sequentially rejective
multiple test procedure", Scandinavian Journal of Statistics 1979).
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_ind

from fusion.core.arrays import Flags, Scores
from fusion.evaluation.verdict_report import SegmentGap
from fusion.metrics.bootstrap import Interval

RISK = 0.05
"""Chance at most that any gap is called sure where there is none."""
MIN_SIDE = 10
"""Users that a segment and its others need at least to be compared, as in the verdict."""


def segment_gaps(values: Scores, segments: Mapping[str, Flags]) -> dict[str, SegmentGap]:
    """Compare the NDCG@10 of each segment with that of everyone else.

    Args:
        values: NDCG@10 of the chosen row (n,).
        segments: members (n,) by segment.

    Returns:
        By segment, in their order; those are left out that have too few users, or all but too few.
        An interval leaves out 0 exactly where Holm's procedure calls the gap sure.
    """
    judged = {
        name: members
        for name, members in segments.items()
        if min(members.sum(), (~members).sum()) >= MIN_SIDE
    }
    sides = {name: (_values(values, members)) for name, members in judged.items()}
    chances = {name: _chance(*both) for name, both in sides.items()}
    adjusted, levels = holm(chances)
    return {
        name: SegmentGap(
            users=len(inside),
            difference=_interval(inside, others, levels[name]),
            others=float(others.mean()),
            chance=adjusted[name],
        )
        for name, (inside, others) in sides.items()
    }


def _values(values: Scores, members: Flags) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    wide = values.astype(np.float64)
    return wide[members], wide[~members]


def _chance(inside: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """Return the chance of so large a gap between two groups that are served alike."""
    if _is_constant(inside) and _is_constant(others):
        return 1.0 if inside[0] == others[0] else 0.0
    return float(ttest_ind(inside, others, equal_var=False).pvalue)


def _is_constant(values: NDArray[np.float64]) -> bool:
    return bool(np.ptp(values) == 0)


def holm(chances: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Correct chances for how many there are.

    Args:
        chances: by name, each of a test of its own.

    Returns:
        By name the corrected chance, and the level at which Holm's procedure tests the name: the
        least likely at `RISK` over all, the next at `RISK` over the rest, up to the first that
        is not sure; those after it at the same level as that one.
    """
    adjusted, levels = {}, {}
    largest, level, is_open = 0.0, RISK, True
    for place, name in enumerate(sorted(chances, key=lambda name: chances[name])):
        left = len(chances) - place
        largest = max(largest, min(1.0, left * chances[name]))
        if is_open:
            level = RISK / left
            is_open = chances[name] <= level
        adjusted[name], levels[name] = largest, level
    return adjusted, levels


def _interval(inside: NDArray[np.float64], others: NDArray[np.float64], level: float) -> Interval:
    """Return the gap with its interval of 1 - level."""
    gap = float(inside.mean() - others.mean())
    if _is_constant(inside) and _is_constant(others):
        return Interval(gap, gap, gap)
    ends = ttest_ind(inside, others, equal_var=False).confidence_interval(1 - level)
    return Interval(gap, float(ends.low), float(ends.high))
