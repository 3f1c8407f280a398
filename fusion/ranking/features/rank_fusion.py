"""The blend: rank fusion without learning, the yardstick that a learned ranker has to beat."""

import numpy as np

from fusion.core.arrays import Scores

DAMPING = 60.0
"""Added to every rank, so that no single source's first place decides alone; the paper's value."""


def blend(ranks: Scores) -> Scores:
    """Fuse the sources' ranks of each candidate by the sum of their reciprocals.

    Reciprocal-rank fusion: Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms
    Condorcet and individual rank learning methods", SIGIR 2009.

    Args:
        ranks: ranks (C, S) from 1, NaN where a source is silent, which adds nothing.

    Returns:
        Fused scores (C,) float32, larger is better; 0 where every source is silent.
    """
    reciprocals = 1.0 / (DAMPING + ranks)
    fused: Scores = np.nansum(reciprocals, axis=1).astype(np.float32)
    return fused
