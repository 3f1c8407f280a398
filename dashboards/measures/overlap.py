"""Overlap of ranked lists: Jaccard and rank-biased overlap, for many pairs of lists at once."""

import numpy as np
from numpy.typing import NDArray

Lists = NDArray[np.int32]
Floats = NDArray[np.float64]

PERSISTENCE = 0.9
"""How far down readers look (RBO's p): 86 % of the weight lies on the first ten places."""
BLOCK = 20_000
"""Pairs of lists worked on together, which bounds the memory."""


def overlaps(first: Lists, second: Lists, p: float = PERSISTENCE) -> tuple[Floats, Floats]:
    """Return Jaccard and extrapolated rank-biased overlap of pairs of lists.

    Works in blocks, at about 5 k * k bytes a row.

    Args:
        first: item codes (n, k), a list a row, best first, items unique, padded at its end with -1;
            each list holds at least one item.
        second: the other lists (n, k), coded alike.
        p: persistence of the reader, between 0 and 1.

    Returns:
        Jaccard (n,) and rank-biased overlap (n,); 1 for equal lists, 0 for disjoint ones.
    """
    jaccard = np.empty(len(first))
    rbo = np.empty(len(first))
    for start in range(0, len(first), BLOCK):
        block = slice(start, start + BLOCK)
        jaccard[block], rbo[block] = _overlaps_of_block(first[block], second[block], p)
    return jaccard, rbo


def _overlaps_of_block(first: Lists, second: Lists, p: float) -> tuple[Floats, Floats]:
    shared = shared_by_depth(first, second)
    n_first = (first >= 0).sum(1)
    n_second = (second >= 0).sum(1)
    shorter = np.minimum(n_first, n_second)
    longer = np.maximum(n_first, n_second)
    n_shared = shared[:, -1]
    n_either = shorter + longer - n_shared
    return n_shared / n_either, _rbo(shared, shorter, longer, p)


def shared_by_depth(first: Lists, second: Lists) -> Floats:
    """Count the items that the first d places of both lists share.

    Args:
        first: item codes (n, k), padded with -1.
        second: the other lists (n, k).

    Returns:
        (n, k): for each d = 1..k how many items are shared down to place d.
    """
    k = first.shape[1]
    is_item = (first >= 0)[:, :, None]
    same = (first[:, :, None] == second[:, None, :]) & is_item
    # A pair of places (i, j) counts from the deeper of both on: one matrix product adds it there.
    places = np.arange(k)
    deeper = np.maximum.outer(places, places).ravel()
    counts_from = (deeper[:, None] == places).astype(np.float32)  # (k * k, k)
    matches = same.reshape(len(first), k * k).astype(np.float32)
    new_at_depth: Floats = (matches @ counts_from).astype(np.float64)
    return new_at_depth.cumsum(1)


def _rbo(shared: Floats, shorter: NDArray[np.int64], longer: NDArray[np.int64], p: float) -> Floats:
    """Return extrapolated RBO (n,): equation 32 of Webber, Moffat and Zobel.

    A similarity measure for indefinite rankings, ACM TOIS 28(4), 2010. The agreement at the end of
    the lists is taken to go on for ever; places that the shorter list lacks are taken to agree as
    its last one did.
    """
    depth = np.arange(1, shared.shape[1] + 1)
    weight = np.where(depth <= longer[:, None], p**depth, 0.0)
    rows = np.arange(len(shared))
    at_shorter = shared[rows, shorter - 1]
    at_longer = shared[rows, longer - 1]
    agreement = (shared / depth * weight).sum(1)
    n_lacking = np.maximum(depth - shorter[:, None], 0)
    lacking = n_lacking / depth * weight
    last_agreement = at_shorter / shorter
    assumed = last_agreement * lacking.sum(1)
    beyond_shorter = (at_longer - at_shorter) / longer
    tail = (beyond_shorter + last_agreement) * p**longer
    head = agreement + assumed
    value: Floats = (1 - p) / p * head + tail
    return value
