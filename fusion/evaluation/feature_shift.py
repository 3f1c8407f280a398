"""Feature shift: how features moved between the last training table and what is served."""

from collections.abc import Mapping

import polars as pl

from fusion.metrics.divergence import counts, number_codes, psi
from fusion.ranking.features.compute import steady_columns
from fusion.ranking.features.registry import FEATURES
from fusion.ranking.features.source_columns import source_column
from fusion.ranking.method import BLEND, RANKER
from fusion.runs.run_folder import ListsFolder

MAX_ROWS = 200_000
"""Candidates looked at on each side, taken evenly: shares of deciles are exact to 0.1 % by then."""


def feature_shift(folder: ListsFolder, method: str) -> dict[str, float]:
    """Measure how the steady features that lists of a method depend on have moved.

    Compared are candidates of some users in the verdict fold's table and candidates of the same
    users as they are served. Bins are deciles of the first. Missing cells are a bin of their own,
    so that a source gone silent is seen.

    Args:
        folder: the lists, with `features_before` and `features`.
        method: "ranker", "blend" or the name of a source.

    Returns:
        Population stability index by feature, largest first; a feature without rows on either side
        is left out.
    """
    # Lazily, column by column: the tables are larger than any one of their columns.
    before, now = pl.scan_parquet(folder.features_before), pl.scan_parquet(folder.features)
    columns_now = set(now.collect_schema().names())
    shift = {}
    for name in steady_columns(before.collect_schema().names()):
        if name not in columns_now or not _matters(name, method):
            continue
        old, new = _sampled(before, name), _sampled(now, name)
        if len(old) and len(new):
            old_codes, new_codes = number_codes(old, new)
            shift[name] = psi(*counts(old_codes, new_codes))
    return dict(sorted(shift.items(), key=lambda entry: -entry[1]))


def past(shift: Mapping[str, float], limit: float) -> dict[str, float]:
    """Select the features that moved too far.

    Args:
        shift: PSI by feature.
        limit: the PSI that a feature may reach.

    Returns:
        Those above the limit, in the order given.
    """
    return {name: value for name, value in shift.items() if value > limit}


def _matters(name: str, method: str) -> bool:
    """Tell whether lists of a method depend on a column.

    The ranker and the blend depend on all; a source on its own columns and on those about data
    alone, which a change of the data moves.
    """
    about_data = {feature.name for feature in FEATURES if feature.needs}
    column = source_column(name)
    is_own = column is not None and column.source == method
    return method in (RANKER, BLEND) or is_own or name in about_data


def _sampled(frame: pl.LazyFrame, name: str) -> pl.Series:
    """Read a column, every so-maniest row of it where there are more than MAX_ROWS."""
    column = frame.select(name).collect()[name]
    step = -(-len(column) // MAX_ROWS) or 1  # rounded up; an empty column needs a step too
    return column.gather_every(step)
