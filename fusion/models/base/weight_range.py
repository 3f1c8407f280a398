"""The range of weights that a fit has seen, and weights as shares of it."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Scores


@dataclass(frozen=True)
class WeightRange:
    """Lowest and highest weight of a fit.

    Attributes:
        bounds: (2,) float32, the lowest and the highest; without any weight inf and -inf.
    """

    bounds: Scores

    @classmethod
    def of(cls, weights: Scores) -> Self:
        """Measure the range of weights.

        Args:
            weights: (N,) float32.

        Returns:
            The range.
        """
        lowest = weights.min(initial=np.inf)
        highest = weights.max(initial=-np.inf)
        return cls(np.array([lowest, highest], np.float32))

    def to_unit(self, weights: Scores) -> Scores:
        """Turn weights into shares of the range.

        Args:
            weights: any shape, in the data's own unit; those outside of the range count as its
                bounds.

        Returns:
            Shares in [0, 1], float32.
        """
        low, high = self.bounds
        # The bound on the width keeps data with one weight only from dividing by zero.
        width = max(high - low, np.float32(1e-9))
        shares: Scores = np.clip((weights - low) / width, 0, 1).astype(np.float32)
        return shares

    def from_unit(self, shares: NDArray[np.floating]) -> Scores:
        """Turn shares of the range back into weights.

        Args:
            shares: numbers in [0, 1] of any shape.

        Returns:
            Weights in the data's own unit, float32.
        """
        low, high = self.bounds
        weights: Scores = (low + (high - low) * shares).astype(np.float32)
        return weights
