"""Blend: rank fusion without learning, the yardstick a learned ranker has to beat."""

import numpy as np

from fusion.core.arrays import Scores

DAMPING = 60.0
"""Added to every rank, so that no single source's first place decides alone."""


def blend(ranks: Scores) -> Scores:
    """Reciprocal-rank fusion (C,) of ranks (C, S), silent sources (NaN) adding nothing.

    Source: Cormack, Clarke & Buettcher, Reciprocal Rank Fusion, SIGIR 2009.
    """
    fused: Scores = np.nansum(1.0 / (DAMPING + ranks), axis=1).astype(np.float32)
    return fused
