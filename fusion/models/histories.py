"""What a history matrix holds when a source reads it: ones, damped weights or the weights themselves."""

from typing import Literal

import numpy as np
from scipy.sparse import csr_array

Weighting = Literal["binary", "log", "raw"]


def weigh(history: csr_array, weighting: Weighting) -> csr_array:
    """A copy of (B, I) histories with every stored weight w turned into 1, log(1 + w) or left as w."""
    weighed = history.copy()
    if weighting == "binary":
        weighed.data[:] = 1.0
    elif weighting == "log":
        weighed.data = np.log1p(np.maximum(weighed.data, 0.0))
    return weighed
