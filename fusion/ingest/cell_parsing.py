"""Parsers of single cells: ids, numbers and lists of categories, alike for every file type."""

import numpy as np
import polars as pl

DAYS_READABLE = (-719_162, 2_932_896)
"""From the year 1 to the year 9999, in days since 1970: Polars panics where it writes what lies far
beyond them."""
PER_DAY: dict[pl.DataType, int] = {
    pl.Date(): 1,
    pl.Datetime("ms"): 86_400 * 10**3,
    pl.Datetime("us"): 86_400 * 10**6,
}
"""Units of a day. Nanoseconds in 64 bits never reach beyond the years."""
INT64_BOUND = 2**63
"""Whole floats from here on do not fit a 64-bit integer; they keep the text of a float."""


def as_text(values: pl.Series) -> pl.Series:
    """Write cells as text.

    Args:
        values: (n,) of any type but lists.

    Returns:
        (n,) text; null for null, and for dates and times before the year 1 or after 9999.
    """
    per_day = PER_DAY.get(_without_zone(values.dtype))
    if per_day is not None:
        days = values.to_physical().cast(pl.Int64) // per_day
        is_readable = days.is_between(*DAYS_READABLE)
        values = pl.select(pl.when(is_readable).then(values).alias(values.name)).to_series()
    return values.cast(pl.String, strict=False)


def _without_zone(dtype: pl.DataType) -> pl.DataType:
    return pl.Datetime(dtype.time_unit) if isinstance(dtype, pl.Datetime) else dtype


def is_filled(values: pl.Series) -> pl.Series:
    """Return which cells hold something.

    Args:
        values: (n,) of any type but lists.

    Returns:
        (n,) False for null and for empty text.
    """
    if values.dtype.is_temporal():
        return values.is_not_null()
    return values.is_not_null() & (values.cast(pl.String, strict=False) != "")


def id_text(values: pl.Series) -> pl.Series:
    """Write ids of any type as text.

    Integers lose a trailing ".0", which they get where an integer column with holes was written as
    floats. This is decided cell by cell, so that later rows never change the text of an earlier id.

    Args:
        values: (n,) ids of any type.

    Returns:
        (n,) text; null for null, NaN, infinities and empty text.
    """
    if values.dtype.is_float():
        return _float_id_text(values)
    text = as_text(values)
    if values.dtype.is_decimal():  # databases give integers as "100.00"
        text = text.str.replace(r"\.0+$", "")
    elif text.str.ends_with(".0").any():
        text = text.str.replace(r"^([+-]?\d+)\.0$", "${1}")
    # Replacing copies the column, which most columns of ids can be spared.
    has_empty = (text == "").any()
    return text.replace("", None) if has_empty else text


def _float_id_text(values: pl.Series) -> pl.Series:
    """Write float ids as text, whole ones as integers."""
    cell = pl.col("id")
    is_integral = cell.is_finite() & (cell == cell.floor())
    is_whole = is_integral & (cell.abs() < INT64_BOUND)
    whole_text = pl.when(is_whole).then(cell).cast(pl.Int64).cast(pl.String)
    float_text = cell.cast(pl.String)
    text = pl.when(cell.is_finite()).then(pl.coalesce(whole_text, float_text))
    frame = values.alias("id").to_frame().select(text)
    return frame["id"].alias(values.name)


def label_type() -> pl.Categorical:
    """Return a type for the ids of one column: each distinct text once, and four bytes a row."""
    return pl.Categorical(pl.Categories.random())


def id_labels(values: pl.Series, labels: pl.Categorical) -> pl.Series:
    """Write ids as `id_text` does, as labels: the text of a whole column is never in memory.

    Args:
        values: (n,) ids of any type; those of the type `labels` are texts as they stand in files.
        labels: of `label_type`.

    Returns:
        (n,) labels; null where `id_text` has null.
    """
    if values.dtype != labels:
        return id_text(values).cast(labels)
    written = values.drop_nulls().unique()
    as_written = written.cast(pl.String)
    texts = id_text(as_written)
    if texts.equals(as_written):
        return values
    # Two spellings may be one id: the rows get the label of the text that each is written as.
    codes = written.to_physical()
    place_of_code = np.zeros(int(codes.max()) + 1, np.uint32)  # type: ignore[arg-type]
    place_of_code[codes.to_numpy()] = np.arange(len(codes), dtype=np.uint32)
    places = pl.Series(place_of_code).gather(values.to_physical())
    return texts.cast(labels).gather(places).alias(values.name)


def number(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Build the expression that reads cells as numbers.

    In text "4,5" is read as 4.5, but never exactly three digits after the comma: "1,234" could mean
    either.

    Args:
        cell: the column to read.
        dtype: its type in the frame.

    Returns:
        Float64, null where there is no number.
    """
    # Labels have numbers of their own in memory; what counts is the word they stand for. Bytes may
    # be text whose writer did not say so.
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Binary):
        cell, dtype = cell.cast(pl.String), pl.String()
    if dtype != pl.String:
        return cell.cast(pl.Float64, strict=False)
    text = cell.str.strip_chars()
    has_decimal_comma = text.str.contains(r"^[+-]?\d+,(\d{1,2}|\d{4,})$")
    with_point = text.str.replace(",", ".", literal=True)
    plain = pl.when(has_decimal_comma).then(with_point).otherwise(text)
    return plain.cast(pl.Float64, strict=False)


def numbers(values: pl.Series) -> pl.Series:
    """Read cells as numbers.

    Args:
        values: (n,) cells of any type; text as `number` reads it.

    Returns:
        Float64 (n,), null where there is no number; NaN and infinities stay.
    """
    if values.dtype == pl.String:
        # Most columns of numbers need no repair: one plain cast is much faster than the expression.
        plain = values.cast(pl.Float64, strict=False)
        if plain.null_count() == values.null_count():
            return plain
    parsed = number(pl.col(values.name), values.dtype)
    return values.to_frame().select(parsed)[values.name]


def categories(values: pl.Series) -> pl.Series:
    """Read cells as lists of categories: "a|b|c" is a list of three, a list stays one.

    Args:
        values: (n,) cells of any type.

    Returns:
        List(String) (n,) without blanks round the categories; null where none is left.
    """
    name = values.name
    if isinstance(values.dtype, pl.List | pl.Array):
        lists = values.cast(pl.List(pl.String))
    else:
        lists = id_text(values).str.split("|")
    element = pl.element().str.strip_chars()
    is_named = element.is_not_null() & (element != "")
    named = pl.col(name).list.eval(element.filter(is_named))
    cleaned = lists.to_frame().select(named)
    # A null list, not an empty one: missing stays missing.
    is_filled = pl.col(name).list.len() > 0
    return cleaned.select(pl.when(is_filled).then(pl.col(name)))[name]
