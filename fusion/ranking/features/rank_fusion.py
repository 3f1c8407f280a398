"""Agreement of the sources on a candidate; the blend is the yardstick that a ranker has to beat."""

from collections.abc import Callable

import numpy as np

from fusion.core.arrays import Flags, Scores

DAMPING = 60.0
"""Added to every rank, so that no single source's first place decides alone; the paper's value."""
NO_RANK = np.float32(1e6)
"""Best rank of a candidate that every source is silent on: worse than any rank there is."""


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


def proposal_count(is_proposed: Flags) -> Scores:
    """Count the sources that propose each candidate.

    Args:
        is_proposed: whether the source's own list holds it (C, S).
    """
    return is_proposed.sum(axis=1).astype(np.float32)


def best_rank(ranks: Scores) -> Scores:
    """Return the best rank that any source gives each candidate.

    Args:
        ranks: ranks (C, S) from 1, NaN where a source is silent.
    """
    no_rank = np.full(len(ranks), NO_RANK, np.float32)
    return np.nanmin(np.column_stack([ranks, no_rank]), axis=1)


Agreement = Callable[[Scores, Flags], Scores]
"""Computes a column (C,) from ranks and proposals (C, S) of the sources, and from nothing else."""

AGREEMENT: dict[str, Agreement] = {
    "blend": lambda ranks, is_proposed: blend(ranks),
    "proposed_by": lambda ranks, is_proposed: proposal_count(is_proposed),
    "best_rank": lambda ranks, is_proposed: best_rank(ranks),
}
"""Columns that change when a source leaves, by name; all other declared features stay the same."""
