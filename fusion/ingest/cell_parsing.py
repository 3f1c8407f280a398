"""What single cells mean: ids as text, numbers, lists of categories; the same whatever type a file gave them."""

import polars as pl

WHOLE = 2**63
"""Floats from here on are no 64-bit integers any more."""


def id_text(values: pl.Series) -> pl.Series:
    """Ids (n,) of any type -> text (n,), null where there is none.

    Integers lose a trailing ".0", which they catch where an integer column with holes was written
    as floats. It is decided cell by cell, so that later rows never change what an earlier id is
    called.
    """
    if values.dtype.is_float():
        whole = (
            pl.col("id").is_finite()
            & (pl.col("id") == pl.col("id").floor())
            & (pl.col("id").abs() < WHOLE)
        )
        number = pl.when(whole).then(pl.col("id")).cast(pl.Int64).cast(pl.String)
        text = pl.when(pl.col("id").is_finite()).then(
            pl.coalesce(number, pl.col("id").cast(pl.String))
        )
        return values.alias("id").to_frame().select(text)["id"].alias(values.name)
    text_values = values.cast(pl.String, strict=False)
    if values.dtype.is_decimal():
        text_values = text_values.str.replace(r"\.0+$", "")
    elif text_values.str.ends_with(".0").any():
        text_values = text_values.str.replace(r"^([+-]?\d+)\.0$", "${1}")
    return text_values.replace("", None) if (text_values == "").any() else text_values


def number(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Cells of type `dtype` -> Float64, null where there is no number.

    In text "4,5" is read as 4.5, but never exactly three digits after the comma: "1,234" could mean
    either.
    """
    if isinstance(dtype, pl.Categorical | pl.Enum):
        cell, dtype = cell.cast(pl.String), pl.String()
    if dtype != pl.String:
        return cell.cast(pl.Float64, strict=False)
    text = cell.str.strip_chars()
    decimal_comma = text.str.contains(r"^[+-]?\d+,(\d{1,2}|\d{4,})$")
    point = pl.when(decimal_comma).then(text.str.replace(",", ".", literal=True)).otherwise(text)
    return point.cast(pl.Float64, strict=False)


def numbers(values: pl.Series) -> pl.Series:
    """Cells (n,) -> Float64 (n,), null where there is no number; NaN and infinities stay."""
    if values.dtype == pl.String:
        plain = values.cast(pl.Float64, strict=False)
        if plain.null_count() == values.null_count():
            return plain
    return values.to_frame().select(number(pl.col(values.name), values.dtype))[values.name]


def categories(values: pl.Series) -> pl.Series:
    """Cells (n,) -> List(String) (n,): "a|b|c" is a list of three, a list stays one, nothing is null."""
    if isinstance(values.dtype, pl.List | pl.Array):
        lists = values.cast(pl.List(pl.String))
    else:
        lists = id_text(values).str.split("|")
    name = values.name
    cell = pl.element().str.strip_chars()
    cleaned = lists.to_frame().select(
        pl.col(name).list.eval(cell.filter(cell.is_not_null() & (cell != "")))
    )
    return cleaned.select(pl.when(pl.col(name).list.len() > 0).then(pl.col(name)))[name]
