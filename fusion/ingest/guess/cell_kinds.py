"""Kinds of columns by their cells alone: numbers, times, events, ids."""

import polars as pl

from fusion.ingest.cell_parsing import id_text, numbers
from fusion.ingest.guess.vocabulary import is_event_word
from fusion.ingest.time_parsing import to_ms

SURE_SHARE = 0.95
"""Share of cells that must parse for a type to be believed: a few broken ones are usual."""
START_OF_1990 = 631_152_000_000
"""Epoch ms. Few logs are older, and few columns of other numbers would all read as later times."""


def is_number(values: pl.Series) -> bool:
    """Return True where nearly all cells are finite numbers.

    Args:
        values: cells of any type; nulls do not count.
    """
    known = values.drop_nulls()
    if known.is_empty() or values.dtype.is_temporal() or values.dtype.is_nested():
        return False
    return _share(numbers(known).is_finite()) >= SURE_SHARE


def is_time(values: pl.Series, *, named: bool) -> bool:
    """Return True where nearly all cells are times.

    Args:
        values: cells of any type; nulls do not count.
        named: the name says so too; otherwise numbers and texts must be after 1990, so that they
            are unlikely to be anything else.
    """
    known = values.drop_nulls()
    if known.is_empty() or values.dtype.is_nested():
        return False
    times = to_ms(known, "UTC")
    if _share(times.is_not_null()) < SURE_SHARE:
        return False
    return named or values.dtype.is_temporal() or _share(times > START_OF_1990) >= SURE_SHARE


def _share(flags: pl.Series) -> float:
    """Share of True among flags (n,); null counts as False."""
    n_true = flags.fill_null(False).sum()
    return float(n_true) / max(1, len(flags))


def holds_events(values: pl.Series) -> bool:
    """Return True where every cell is a word for what people do, such as click and purchase.

    Args:
        values: cells of any type; nulls do not count.
    """
    if values.dtype.is_nested():
        return False
    different = id_text(values.unique()).drop_nulls()
    return len(different) > 1 and all(map(is_event_word, different))


def could_be_id(values: pl.Series) -> bool:
    """Return True where a column is mostly filled, and holds no times, lists or fractions.

    Args:
        values: cells of any type.
    """
    if values.dtype.is_temporal() or values.dtype.is_nested():
        return False
    # An id that most rows lack would leave most rows out.
    if values.null_count() > len(values) // 2:
        return False
    is_fraction = id_text(values).str.contains(r"^-?\d+\.\d+$").fill_null(False)
    return not is_fraction.any()
