"""Bytes of CSV and Parquet files: small valid tables, changed where tables are known to break."""

import bz2
import csv
import gzip
import io
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tests.flows.world import CONFIG as SHOP
from tests.flows.world import START
from tests.fuzz.case import CONFIG, Case
from tests.fuzz.values import MARKS, TEXTS

ROWS = 40
COLUMNS = ("userId", "movieId", "timestamp", "rating")
"""Columns of interactions, as the shop's configuration names them."""
SIDE = {"items": ("movies.csv", ("movieId", "title")), "users": ("users.csv", ("userId", "club"))}
"""The other tables: the file that the configuration names, and its columns."""
Grid = list[list[str]]
ENCODINGS = [*["utf-8"] * 12, "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]
STRAY = ['"', '""', "'", ",", "\n", "\r", "\0", "\x1a", "#", "\\", "\f"]
ENDINGS = [".csv", ".csv.gz", ".tsv", ".txt", ".CSV", ".csv.zst", "", ".json", ".parquet", ".pq"]
ROLES = ['text = ["title"]', 'category = ["title"]', 'number = ["title"]']
"""What the configuration may say of the items' column."""

TIMES: list[Callable[[int], str]] = [
    lambda moment: f"{moment}000",
    lambda moment: f"{moment}000000",
    lambda moment: f"{moment}000000000",
    lambda moment: f"{moment}.5",
    lambda moment: str(-moment),
    lambda moment: f"{moment:e}",
    lambda moment: datetime.fromtimestamp(moment, UTC).isoformat(),
    lambda moment: datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z"),
    lambda moment: datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "+25:00"),
    lambda moment: datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", " Mars/X"),
    lambda moment: f"{datetime.fromtimestamp(moment, UTC):%d/%m/%Y %H:%M}",
    lambda moment: f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}",
    lambda moment: f"{datetime.fromtimestamp(moment, UTC):%Y%m%d}",
    lambda moment: f"9{moment}-01-01",
    lambda moment: "9" * 30,
]
"""Ways to write a moment."""


def _table(columns: tuple[str, ...]) -> Grid:
    cells: dict[str, Callable[[int], object]] = {
        "userId": lambda row: f"u{row % 8}",
        "movieId": lambda row: f"i{row % 11}",
        "timestamp": lambda row: START + 86_400 * row,
        "rating": lambda row: row % 5 + 1,
        "title": lambda row: f"Film {row}",
        "club": lambda row: "red" if row % 2 else "blue",
    }
    return [[*columns], *([str(cells[name](row)) for name in columns] for row in range(ROWS))]


@st.composite
def _cells(draw: st.DrawFn, grid: Grid) -> Grid:
    """Put texts into cells, headers included."""
    for _ in range(draw(st.integers(1, 4))):
        row = draw(st.sampled_from([0, 1, 2, ROWS // 2, ROWS]))
        if not grid or not grid[min(row, len(grid) - 1)]:
            continue
        cells = grid[min(row, len(grid) - 1)]
        cells[draw(st.integers(0, len(cells) - 1))] = draw(TEXTS)
    return grid


@st.composite
def _column(draw: st.DrawFn, grid: Grid) -> Grid:
    """Write a whole column otherwise."""
    place = draw(st.integers(0, len(grid[0]) - 1))
    put = draw(st.sampled_from(MARKS))
    return [grid[0], *([*row[:place], put, *row[place + 1 :]] for row in grid[1:])]


@st.composite
def _moments(draw: st.DrawFn, grid: Grid) -> Grid:
    """Write times in another way, or in several."""
    ways = draw(st.lists(st.sampled_from(TIMES), min_size=1, max_size=2))
    if "timestamp" not in grid[0]:
        return grid
    place = grid[0].index("timestamp")
    for number, row in enumerate(grid[1:]):
        # Not twice: milliseconds taken for seconds have no date.
        is_there = place < len(row) and row[place].isdigit()
        if is_there and int(row[place]) < 2**32:
            row[place] = ways[number % len(ways)](int(row[place]))
    return grid


@st.composite
def _shape(draw: st.DrawFn, grid: Grid) -> Grid:
    """Take or double columns and rows, or make rows ragged."""
    change = draw(st.integers(0, 7))
    last = len(grid[0]) - 1
    place = draw(st.integers(0, last))
    ragged = min(len(grid) - 1, draw(st.integers(0, ROWS)))
    if change == 0:
        return grid[1:] or [[]]
    if change == 1:
        return grid[:1]
    if change == 2:
        return [[*row, row[place]] if len(row) > place else row for row in grid]
    if change == 3:
        return [row[:place] + row[place + 1 :] for row in grid]
    if change == 4:
        grid[ragged] = grid[ragged][:place]
    if change == 5:
        grid[ragged] = [*grid[ragged], *draw(st.lists(TEXTS, max_size=3))]
    if change == 6:
        grid[ragged] = []
    if change == 7:
        return [row[::-1] for row in grid]
    return grid


@st.composite
def csv_bytes(draw: st.DrawFn, columns: tuple[str, ...]) -> bytes:
    """Draw a text file."""
    grid = _table(columns)
    for _ in range(draw(st.integers(0, 2))):
        change = draw(st.sampled_from([_cells, _column, _moments, _shape]))
        grid = draw(change(grid))
        if not grid or not grid[0]:
            break
    file = io.StringIO()
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    delimiter = draw(st.sampled_from([*[","] * 12, ";", "\t", "|", " "]))
    end = draw(st.sampled_from([*["\n"] * 6, "\r\n", "\r"]))
    csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(grid)
    text = file.getvalue()
    if draw(st.integers(0, 5)) == 0:
        text = draw(_raw_text(text))
    encoding = draw(st.sampled_from(ENCODINGS))
    return draw(_packed(text.encode(encoding, "surrogatepass")))


@st.composite
def _raw_text(draw: st.DrawFn, text: str) -> str:
    """Put quotes, NULs and line ends where no writer would."""
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(text)))
        put = draw(st.sampled_from(STRAY))
        text = text[:place] + put + text[place:]
    return text


@st.composite
def _packed(draw: st.DrawFn, raw: bytes) -> bytes:
    """Compress, cut or flip bytes, mostly not."""
    packings = [gzip.compress, zlib.compress, bz2.compress, lambda raw: gzip.compress(raw)[:-9]]
    change = draw(st.integers(0, 15))
    if change == 0:
        return draw(st.sampled_from(packings))(raw)
    if change == 1:
        return raw[: draw(st.integers(0, len(raw)))]
    if change == 2:
        return draw(_flipped(raw))
    return raw


@st.composite
def _flipped(draw: st.DrawFn, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(draw(st.integers(1, 4))):
        if changed:
            changed[draw(st.integers(0, len(changed) - 1))] = draw(st.integers(0, 255))
    return bytes(changed)


ZONES = ["UTC", "Asia/Shanghai", "+03:00", "-12:34", "Mars/X", "EST5EDT", "", "Z", "GMT+3"]


def _typed(kind: str, row: int) -> Any:
    """A value of a kind of Parquet column."""
    moment = datetime.fromtimestamp(START + 86_400 * row, UTC)
    made: dict[str, Any] = {
        "text": f"u{row % 8}",
        "bytes": bytes([row, 255]),
        "yes": row % 2 == 0,
        "date": moment.date(),
        "clock": moment.time(),
        "span": moment - datetime(2020, 1, 1, tzinfo=UTC),
        "decimal": Decimal(row) / 4,
        "list": [row, row + 1],
        "struct": {"a": row, "b": f"x{row}"},
        "map": [("a", row)],
        "none": None,
        "float": [1.5, float("nan"), float("inf"), -0.0][row % 4],
        "small": row % 8,
        "large": 2**63 + row,
        "seconds": START + 86_400 * row,
    }
    return made[kind]


@st.composite
def _parquet_column(draw: st.DrawFn) -> pa.Array:
    unit = draw(st.sampled_from(["s", "ms", "us", "ns"]))
    zone = draw(st.sampled_from([None, *ZONES]))
    types: dict[str, tuple[str, pa.DataType]] = {
        "text": ("text", pa.string()),
        "large text": ("text", pa.large_string()),
        "view": ("text", pa.string_view()),
        "dictionary": ("text", pa.dictionary(pa.int32(), pa.string())),
        "bytes": ("bytes", pa.binary()),
        "boolean": ("yes", pa.bool_()),
        "date": ("date", pa.date32()),
        "date64": ("date", pa.date64()),
        "clock": ("clock", pa.time64("us")),
        "span": ("span", pa.duration("us")),
        "decimal": ("decimal", pa.decimal128(20, 4)),
        "wide decimal": ("decimal", pa.decimal256(60, 4)),
        "list": ("list", pa.list_(pa.int64())),
        "fixed list": ("list", pa.list_(pa.int64(), 2)),
        "struct": ("struct", pa.struct({"a": pa.int64(), "b": pa.string()})),
        "map": ("map", pa.map_(pa.string(), pa.int64())),
        "null": ("none", pa.null()),
        "empty": ("none", pa.int64()),
        "float": ("float", pa.float64()),
        "float32": ("float", pa.float32()),
        "half": ("float", pa.float16()),
        "int8": ("small", pa.int8()),
        "int64": ("seconds", pa.int64()),
        "uint64": ("large", pa.uint64()),
        "moment": ("seconds", pa.timestamp(unit, zone)),
    }
    kind, dtype = types[draw(st.sampled_from(sorted(types)))]
    rows = draw(st.sampled_from([ROWS, ROWS, ROWS]))
    values = [_typed(kind, row) for row in range(rows)]
    if kind == "seconds" and not pa.types.is_integer(dtype):
        scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
        values = [value * scale for value in values]
        if draw(st.booleans()):
            values[3] = draw(st.sampled_from([2**63 - 1, -(2**63), 0]))
    if draw(st.booleans()):
        values[draw(st.integers(0, ROWS - 1))] = None
    return pa.array(values, dtype)


@st.composite
def parquet_bytes(draw: st.DrawFn, columns: tuple[str, ...]) -> bytes:
    """Draw a Parquet file."""
    grid = _table(columns)
    arrays = [pa.array([row[place] for row in grid[1:]]) for place in range(len(columns))]
    names = list(columns)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(columns) - 1))
        arrays[place] = draw(_parquet_column())
    if draw(st.integers(0, 5)) == 0:
        names[draw(st.integers(0, len(names) - 1))] = draw(st.one_of(TEXTS, st.sampled_from(names)))
    table = pa.Table.from_arrays(arrays, names)
    if draw(st.integers(0, 9)) == 0:
        table = table.slice(0, 0)
    file = io.BytesIO()
    codec = draw(st.sampled_from(["snappy", "zstd", "gzip", "none", "brotli", "lz4"]))
    # Types that only Arrow has are written as what Parquet has for them.
    try:
        pq.write_table(table, file, compression=codec)
    except pa.ArrowException:
        pq.write_table(table.select([]), file)
    return draw(_packed(file.getvalue()))


@st.composite
def _settings(draw: st.DrawFn) -> str:
    """Draw what the configuration says of columns; nothing is live that could be compared with."""
    config = SHOP.replace("[lists]", '[lists]\nplacement = "other"')
    for line in ('time = "timestamp"\n', 'weight = "rating"\n'):
        if draw(st.integers(0, 3)) == 0:
            config = config.replace(line, "")
    if draw(st.integers(0, 3)) == 0:
        config = config.replace('weight = "rating"', 'event = "rating"')
    if draw(st.integers(0, 3)) == 0:
        condition = draw(st.sampled_from(["rating >= 4", "rating in ('4', '5')", "timestamp > 5"]))
        config = config.replace("[data.columns]", f'positive = "{condition}"\n\n[data.columns]')
    if draw(st.integers(0, 3)) == 0:
        role = draw(st.sampled_from(ROLES))
        config = config.replace('text = ["title"]', role)
    return config


@st.composite
def _shaped(draw: st.DrawFn, name: str, raw: bytes, columns: tuple[str, ...]) -> tuple[str, Case]:
    """Draw how a file is named: by itself, in a folder, by a link; or what is no file."""
    shape = draw(st.integers(0, 30))
    file = (name, raw)
    if shape == 0:
        target = draw(st.sampled_from([name, "nowhere.csv", "link.csv"]))
        return "link.csv", Case((), files=(file,), links=(("link.csv", target),))
    if shape == 1:
        return "pipe.csv", Case((), fifos=("pipe.csv",))
    if shape in (2, 3):
        other = (f"folder/a{name}", draw(csv_bytes(columns)))
        place = draw(st.sampled_from(["folder", "folder/*", f"folder/{name}", "folder/**/*"]))
        return place, Case((), files=((f"folder/{name}", raw), other))
    return name, Case((), files=(file,))


@st.composite
def files(draw: st.DrawFn) -> Case:
    """Draw a check of a table, or a guess about it."""
    role = draw(st.sampled_from(["interactions", "interactions", *SIDE]))
    replaced, columns = SIDE.get(role, ("ratings.csv", COLUMNS))
    is_text = draw(st.booleans())
    raw = draw(csv_bytes(columns) if is_text else parquet_bytes(columns))
    right = ".csv" if is_text else ".parquet"
    name = f"case{draw(st.sampled_from([*[right] * 20, *ENDINGS]))}"
    place, case = draw(_shaped(name, raw, columns))
    if draw(st.integers(0, 3)) == 0:
        named = ("ratings.csv", f"--{role}", place) if role in SIDE else (place,)
        return replace(case, words=("init", *named, "--config", CONFIG))
    config = draw(_settings()).replace(replaced, place)
    words = draw(st.sampled_from([(), (), ("--json",), ("--as-of", "2020-10-01")]))
    return replace(case, words=("check", *words, "--config", CONFIG), config=config)
