"""Checks of single interactions; a row that one of them flags is left out, counted and shown."""

import polars as pl

from fusion.core.arrays import DAY
from fusion.core.findings import FindingKind
from fusion.ingest.checks.row_checks import is_missing, is_unparsable, row_check
from fusion.ingest.settings import DataSettings

RARE = 0.01
"""Share of rows above which bad ones are no accident any more: the export is wrong."""
LEFT_OUT = "the row is left out"


@row_check(
    FindingKind(
        code="blank_row",
        severity="warning",
        what="an empty line",
        happens=LEFT_OUT,
        cure="Nothing needs doing.",
    ),
    needs="blank",
)
def blank_row(_settings: DataSettings, _now: int) -> pl.Expr:
    """Flag rows without anything in any cell.

    Returns:
        Boolean, one a row.
    """
    return pl.col("blank")


@row_check(
    FindingKind(
        code="null_user",
        severity="warning",
        what="no user",
        happens=LEFT_OUT,
        cure="Export only rows that have a user.",
        limit=RARE,
    ),
    needs="user",
)
def null_user(_settings: DataSettings, _now: int) -> pl.Expr:
    """Flag null, NaN or an empty text instead of a user.

    Returns:
        Boolean, one a row.
    """
    return is_missing("user")


@row_check(
    FindingKind(
        code="null_item",
        severity="warning",
        what="no item",
        happens=LEFT_OUT,
        cure="Export only rows that have an item.",
        limit=RARE,
    ),
    needs="item",
)
def null_item(_settings: DataSettings, _now: int) -> pl.Expr:
    """Flag null, NaN or an empty text instead of an item.

    Returns:
        Boolean, one a row.
    """
    return is_missing("item")


@row_check(
    FindingKind(
        code="null_time",
        severity="warning",
        what="no time",
        happens=LEFT_OUT,
        cure="Export the time of every row, or set no time column.",
        limit=RARE,
    ),
    needs="time",
)
def null_time(_settings: DataSettings, _now: int) -> pl.Expr:
    """Flag null instead of a time.

    Returns:
        Boolean, one a row.
    """
    return is_missing("time_text")


@row_check(
    FindingKind(
        code="unparsable_time",
        severity="warning",
        what="a time that cannot be read, or is in another unit than most",
        happens=LEFT_OUT,
        cure="Write times as epoch seconds or ms (one unit for all), as dates (2024-01-31) or as "
        "ISO 8601 text.",
        limit=RARE,
    ),
    needs="time",
)
def unparsable_time(_settings: DataSettings, _now: int) -> pl.Expr:
    """Flag cells that are no time.

    Returns:
        Boolean, one a row.
    """
    return is_unparsable("time")


@row_check(
    FindingKind(
        code="future_time",
        severity="warning",
        what="a time more than a day ahead of now",
        happens=LEFT_OUT,
        cure="Check the clock, the time zone ([data] timezone) and the unit of the times.",
        limit=RARE,
    ),
    needs="time",
)
def future_time(_settings: DataSettings, now: int) -> pl.Expr:
    """Flag times ahead of now.

    A day of grace is given: local dates without a zone may run ahead of UTC.

    Args:
        now: epoch ms.

    Returns:
        Boolean, one a row.
    """
    return pl.col("time") > now + DAY


@row_check(
    FindingKind(
        code="null_weight",
        severity="warning",
        what="no weight",
        happens=LEFT_OUT,
        cure="Fill the column, or set no weight column.",
        limit=RARE,
    ),
    needs="weight",
)
def null_weight(_settings: DataSettings, _now: int) -> pl.Expr:
    """Flag null instead of a weight.

    Returns:
        Boolean, one a row.
    """
    return is_missing("weight_text")


@row_check(
    FindingKind(
        code="unparsable_weight",
        severity="warning",
        what="a weight that is no number",
        happens=LEFT_OUT,
        cure="Write numbers with a decimal point and without thousands separators.",
        limit=RARE,
    ),
    needs="weight",
)
def unparsable_weight(_settings: DataSettings, _now: int) -> pl.Expr:
    """Flag text where a number should be.

    Returns:
        Boolean, one a row.
    """
    return is_unparsable("weight")


@row_check(
    FindingKind(
        code="infinite_weight",
        severity="warning",
        what="a weight that is NaN or infinite",
        happens=LEFT_OUT,
        cure="Mend the export.",
        limit=RARE,
    ),
    needs="weight",
)
def infinite_weight(_settings: DataSettings, _now: int) -> pl.Expr:
    """Flag weights that are not finite, also after rounding to float32, as datasets hold them.

    Returns:
        Boolean, one a row.
    """
    # 1e39 is a number in a file, and infinite in a dataset.
    return ~pl.col("weight").cast(pl.Float32).is_finite()


@row_check(
    FindingKind(
        code="negative_weight",
        severity="warning",
        what="a weight below 0",
        happens=LEFT_OUT,
        cure="Weights say how much somebody liked or used a thing, from 0; shift the scale if "
        "these rows matter.",
    ),
    needs="weight",
)
def negative_weight(_settings: DataSettings, _now: int) -> pl.Expr:
    """Flag dislikes and returns: implicit feedback has nothing to learn a preference from there.

    Returns:
        Boolean, one a row.
    """
    # An infinite weight is one finding, not two.
    weight = pl.col("weight")
    return (weight < 0) & weight.is_finite()


@row_check(
    FindingKind(
        code="unknown_event",
        severity="warning",
        what="an event without a weight in [data.events]",
        happens=LEFT_OUT,
        cure="Give the event a weight in [data.events], or leave it out on purpose.",
    ),
    needs="event",
    differ_by="event",
)
def unknown_event(settings: DataSettings, _now: int) -> pl.Expr:
    """Flag events that `[data.events]` does not name, where it names any.

    Args:
        settings: the `[data]` section.

    Returns:
        Boolean, one a row.
    """
    if not settings.events:  # then an event is a column for `positive` alone
        return pl.lit(False)
    is_named = pl.col("event").is_in(list(settings.events)).fill_null(False)
    return ~is_named & ~pl.col("blank")
