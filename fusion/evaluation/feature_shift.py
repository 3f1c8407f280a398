"""The step from the last training table to what is served: features that changed their meaning on the way."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from fusion.metrics.divergence import counts, number_codes, psi
from fusion.ranking.features.compute import steady_columns
from fusion.ranking.features.registry import FEATURES
from fusion.ranking.features.source_columns import source_column
from fusion.ranking.method import BLEND, RANKER

ROWS = 200_000
"""Candidates looked at on each side, taken evenly."""


def feature_shift(folder: Path, method: str) -> dict[str, float]:
    """PSI of every steady feature that the lists of `method` depend on, largest first.

    `folder` holds `features_before.parquet`, candidates of some users in the verdict fold's table,
    and `features.parquet`, candidates of the same users as they are served. Bins are deciles of the
    first; missing cells are a bin of their own, so that a source gone silent is seen. Nothing is
    found where either side has no rows.
    """
    before, now = (
        pl.scan_parquet(folder / f"{name}.parquet") for name in ("features_before", "features")
    )
    served = set(now.collect_schema().names())
    found = {}
    for name in steady_columns(before.collect_schema().names()):
        if name in served and _matters(name, method):
            old, new = _thin(before, name), _thin(now, name)
            if len(old) and len(new):
                found[name] = psi(*counts(*number_codes(old, new)))
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def past(shift: Mapping[str, float], limit: float) -> dict[str, float]:
    """The features whose PSI is above the limit, in the order given."""
    return {name: value for name, value in shift.items() if value > limit}


def _matters(name: str, method: str) -> bool:
    """Whether lists by `method` depend on a column: a source's lists on its own and on those about data alone."""
    about_data = {one.name for one in FEATURES if one.needs}
    column = source_column(name)
    is_own = column is not None and column.source == method
    return method in (RANKER, BLEND) or is_own or name in about_data


def _thin(frame: pl.LazyFrame, name: str) -> pl.Series:
    column = frame.select(name).collect()[name]
    return column.gather_every(-(-len(column) // ROWS) or 1)
