import struct

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.loading.binary import binary_rows

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
ROWS = st.lists(
    st.tuples(
        st.none() | TEXT,
        st.none() | st.integers(-(2**31), 2**31 - 1),
        TEXT,
        st.none() | st.floats(width=32),
        st.none() | st.floats(),
    ),
    max_size=6,
)
KINDS = {"a": pl.String, "b": pl.Int32, "c": pl.String, "d": pl.Float32, "e": pl.Float64}
CODES = {pl.Int32: ">i", pl.Float32: ">f", pl.Float64: ">d"}


def field(value, kind) -> bytes:
    if value is None:
        return struct.pack(">i", -1)
    data = value.encode() if kind == pl.String else struct.pack(CODES[kind], value)
    return struct.pack(">i", len(data)) + data


def slowly(frame: pl.DataFrame) -> bytes:
    """The same row by row, as the server's documentation says it."""
    rows = frame.rows()
    return b"".join(
        struct.pack(">h", frame.width) + b"".join(map(field, row, frame.schema.values()))
        for row in rows
    )


@settings(deadline=None)
@given(rows=ROWS, columns=st.permutations(list(KINDS)), width=st.integers(1, 5))
def test_rows_are_those_of_the_format(rows, columns, width):
    frame = pl.DataFrame(rows, schema=KINDS, orient="row").select(columns[:width])
    assert bytes(memoryview(binary_rows(frame))) == slowly(frame)


@pytest.mark.parametrize("start", [0, 1, 3])
def test_a_slice_is_no_more_than_its_rows(start):
    frame = pl.DataFrame({"a": [f"user {n}" * n for n in range(6)], "b": [None, 1, 2, None, 4, 5]})
    frame = frame.with_columns(pl.col("b").cast(pl.Int32)).slice(start, 2)
    assert bytes(memoryview(binary_rows(frame))) == slowly(frame)
