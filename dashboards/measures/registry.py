"""The measures of drift, in the order in which they are tried on a column.

A measure of your own is one file with a `DriftMeasure`, and its line in `MEASURES`.
"""

import polars as pl

from dashboards.measures.jensen_shannon import JENSEN_SHANNON
from dashboards.measures.measure import DriftMeasure
from dashboards.measures.psi import PSI

MEASURES = (PSI, JENSEN_SHANNON)
"""The first that applies to both sides of a column measures it; the last applies to everything."""


def measure_for(reference: pl.Series, current: pl.Series) -> DriftMeasure:
    """Return the measure of a column.

    Args:
        reference: values (n,) before.
        current: values (m,) now; of another type than before, they are compared as words.

    Returns:
        The first measure that applies to both sides.
    """
    for measure in MEASURES:
        if measure.applies(reference) and measure.applies(current):
            return measure
    raise AssertionError("the last measure applies to every column")


def measure_named(name: str) -> DriftMeasure:
    """Return the measure with a name.

    Args:
        name: as stored, such as `psi`.

    Returns:
        The measure of that name.

    Raises:
        KeyError: no measure has it.
    """
    return {measure.name: measure for measure in MEASURES}[name]
