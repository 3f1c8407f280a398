"""Rows in PostgreSQL's binary COPY format, made column by column.

The format is that of the server's documentation, "COPY: Binary Format": a signature, then for each
row the number of fields, and for each field its length in bytes (-1: null) and its value,
big-endian. Against the text format it needs no escapes, and costs both sides less.

Whole columns are turned into bytes at once: fields of a fixed width that follow each other become
one NumPy record array, texts one Arrow array, and Arrow joins them row by row.
"""

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""Signature, flags and the length of the header's extension, both 0."""
END = b"\xff\xff"
"""A row of -1 fields ends the stream."""

_NUMBERS: dict[type[pl.DataType], str] = {pl.Int32: ">i4", pl.Float32: ">f4", pl.Float64: ">f8"}
"""Big-endian types of NumPy for the numbers that our tables hold."""
_FIELD_COUNT = ">i2"
_LENGTH = ">i4"
_NULL = -1

_Values = npt.NDArray[np.generic] | int
"""One value a row, or one for all rows."""
_Part = tuple[str, _Values]
"""A type of NumPy, and values of that type."""


def binary_rows(frame: pl.DataFrame) -> pa.Buffer:
    """Return the rows of a frame in the binary format, without signature and end.

    Args:
        frame: String, Int32, Float32 and Float64 columns. The columns of the table must be text,
            int4, float4 and float8, since the server casts nothing here.

    Returns:
        The bytes of all rows.
    """
    pieces: list[pa.Array] = []
    # Parts with the same width in every row gather until a text comes, and become one piece.
    fixed: list[_Part] = [(_FIELD_COUNT, frame.width)]
    for column in frame:
        lengths, values = _field(column)
        fixed.append((_LENGTH, lengths))
        if isinstance(values, pa.Array):
            pieces += [_side_by_side(fixed, len(frame)), values]
            fixed = []
        elif values is not None:
            fixed.append((_NUMBERS[type(column.dtype)], values))
    if fixed:
        pieces.append(_side_by_side(fixed, len(frame)))
    separator = pa.scalar(b"", pa.large_binary())
    rows = pc.binary_join_element_wise(*pieces, separator)
    _, offsets, data = rows.buffers()
    # The buffer may be longer than its data.
    row_ends = np.frombuffer(offsets, np.int64)
    end = int(row_ends[len(frame)])
    return data.slice(0, end)


def _field(column: pl.Series) -> tuple[_Values, npt.NDArray[np.generic] | pa.Array | None]:
    """Return the lengths and the values of a column.

    The values are an array of numbers, or an Arrow array of bytes where their width differs, or
    None where all are null.
    """
    if column.null_count() == len(column):
        return _NULL, None
    if column.dtype == pl.String:
        text_lengths = column.str.len_bytes().cast(pl.Int32).fill_null(_NULL)
        texts = column.fill_null("").to_arrow()
        return text_lengths.to_numpy(), texts.cast(pa.large_binary())
    dtype = np.dtype(_NUMBERS[type(column.dtype)])
    if column.null_count() == 0:
        return dtype.itemsize, column.to_numpy()
    # A null has a length and no value, so the width of the column differs from row to row.
    lengths = np.where(column.is_null().to_numpy(), _NULL, dtype.itemsize)
    offsets = np.concatenate([[0], np.cumsum(np.maximum(lengths, 0))])
    numbers = column.drop_nulls().to_numpy().astype(dtype)
    return lengths, _bytes_array(numbers, offsets)


def _side_by_side(parts: list[_Part], rows: int) -> pa.Array:
    """Lay values of fixed widths side by side: one string of bytes a row."""
    fields = [(f"{position}", dtype) for position, (dtype, _) in enumerate(parts)]
    records = np.empty(rows, np.dtype(fields))
    for position, (_, values) in enumerate(parts):
        records[f"{position}"] = values
    offsets = np.arange(rows + 1) * records.dtype.itemsize
    return _bytes_array(records, offsets)


def _bytes_array(data: npt.NDArray[np.generic], offsets: npt.NDArray[np.int64]) -> pa.Array:
    """Return memory as Arrow's array of byte strings, without a copy."""
    validity = None
    starts = pa.py_buffer(offsets.astype(np.int64))
    content = pa.py_buffer(data.view(np.uint8))
    buffers = [validity, starts, content]
    return pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, buffers)
