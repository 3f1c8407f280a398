"""Vectors rounded so that their products can be added in any order with the same result."""

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Scores

ExactVectors = NDArray[np.float64]
"""Vectors (n, F) with so few bits that sums of their products are exact."""
DOUBLE_BITS = 53
"""Bits of a float64's significand."""


def round_for_exact_sums(vectors: Scores) -> ExactVectors:
    """Round vectors so that a sum of products of two of them is exact in float64.

    A product of two b-bit numbers has 2b bits, and a sum of F of them log2(F) more; float64 holds
    53. With 64 factors b is 23, as good as the float32 that they came from. Each row is rounded
    relative to its own largest number.

    Args:
        vectors: (n, F) float32.

    Returns:
        (n, F) float64.
    """
    bits_of_sum = max(1, vectors.shape[1] - 1).bit_length()
    bits = (DOUBLE_BITS - bits_of_sum) // 2
    wide = vectors.astype(np.float64)
    largest = np.abs(wide).max(axis=1, initial=0.0)
    _, exponents = np.frexp(largest)
    # The value of the last bit that each row keeps.
    steps = np.ldexp(1.0, exponents - bits)[:, None]
    rounded: ExactVectors = np.rint(wide / steps) * steps
    return rounded
