"""Reasons packed as JSON, one text a user: a quarter of the bytes that a row a reason takes."""

import polars as pl

REASON = ("item_id", "source", "source_rank", "reason", "detail", "gain")
"""Places of a reason's array, as the view `explanation` reads them."""
_KEY = "x"
_BEFORE = len(f'{{"{_KEY}":')
"""Characters before the value of an object with one short key."""


def pack_reasons(frame: pl.DataFrame) -> pl.DataFrame:
    """Pack the reasons of each user.

    Args:
        frame: user_id and `REASON`, a row each.

    Returns:
        user_id, reasons: a JSON object whose `rows` are arrays, in the order of the rows here.
        Users come by first row.
    """
    cells = [_as_json(name) for name in REASON]
    array = pl.format("[{}]", pl.concat_str(cells, separator=","))
    packed = frame.select("user_id", array.alias("reasons"))
    grouped = packed.group_by("user_id", maintain_order=True).agg(pl.col("reasons").str.join(","))
    document = pl.concat_str(pl.lit('{"rows":['), "reasons", pl.lit("]}"))
    return grouped.with_columns(document.alias("reasons"))


def _as_json(name: str) -> pl.Expr:
    """Encode a column's cells: as objects of one key, of which only the value is kept."""
    encoded = pl.struct(pl.col(name).alias(_KEY)).struct.json_encode()
    return encoded.str.slice(_BEFORE).str.strip_suffix("}")
