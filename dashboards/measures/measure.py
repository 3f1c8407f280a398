"""A measure of drift: how values are binned, and how far apart two distributions over bins are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dashboards.settings import MonitorSettings

Kind = Literal["number", "category"]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class DriftMeasure:
    """One way to say how far the distribution of a column moved.

    Attributes:
        name: stored in SQL and JSON as the figure's name.
        label: for people, in tables.
        meaning: a sentence for the top of the drift page: which columns, and what is measured.
        kind: how the column is drawn.
        applies: whether one side of a column can be measured this way; both sides are asked.
        to_codes: (reference, current) values to int64 codes (n,), (m,) of bins common to both.
        distance: of two arrays (b,) of counts over these bins; 0 where they are equal. Rounding
            must not lift it above its largest value, or chance would be passed by a hair.
        limit: above which a column is named as drifted, unless chance alone gives as much.
    """

    name: str
    label: str
    meaning: str
    kind: Kind
    applies: Callable[[pl.Series], bool]
    to_codes: Callable[[pl.Series, pl.Series], tuple[Codes, Codes]]
    distance: Callable[[Codes, Codes], float]
    limit: Callable[[MonitorSettings], float]
