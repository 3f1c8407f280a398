"""Tables of items and users: one cleaned row an id, with findings about what was cleaned."""

from collections.abc import Iterable, Mapping

import polars as pl

from fusion.core.findings import Finding, FindingKind, declare, example_rows
from fusion.ingest.cell_parsing import categories, id_text, numbers
from fusion.ingest.files import Table
from fusion.ingest.settings import DataSettings
from fusion.ingest.time_parsing import to_ms

TEXT_SEPARATOR = " · "
"""Stands between the columns that make an item's text; no word of a language, so no token either."""
PREFIX = "@"
"""Begins names while a table is read: a feature may be called `row`, as our row number is."""

NULL_ID = declare(
    FindingKind(
        code="null_id",
        severity="warning",
        what="a row of the items or users without an id",
        happens="the row is left out",
        cure="Give every row an id.",
        limit=0.01,
    )
)
DUPLICATE_ID = declare(
    FindingKind(
        code="duplicate_id",
        severity="warning",
        what="an id with several, different rows in the items or users",
        happens="the first row counts",
        cure="Keep one row an id.",
    )
)
UNPARSABLE_NUMBER = declare(
    FindingKind(
        code="unparsable_number",
        severity="warning",
        what="a number feature that is no finite number",
        happens="the cell counts as missing",
        cure="Mend the cells, or declare the column under `category`.",
    )
)
UNPARSABLE_WINDOW = declare(
    FindingKind(
        code="unparsable_window",
        severity="error",
        what="an available_from or available_until that is no time",
        happens="nothing is read: an item might be listed that must not be",
        cure="Write dates, ISO 8601 text or epoch seconds; leave the cell empty for no border.",
    )
)


def read_items(settings: DataSettings, table: Table) -> tuple[pl.DataFrame, list[Finding]]:
    """Read the items file, one row an id.

    Args:
        settings: the `[data]` section.
        table: the opened items.

    Returns:
        `id` and `text` (String), categories (List(String)), numbers (Float64), and as far as
        configured `available_from` and `available_until` (Int64 ms); and the findings.

    Raises:
        Unusable: a column is missing, or the file cannot be read.
    """
    features = settings.item_features
    windows = {}
    if settings.item_columns.available_from is not None:
        windows["available_from"] = settings.item_columns.available_from
    if settings.item_columns.available_until is not None:
        windows["available_until"] = settings.item_columns.available_until
    names = {_text_name(name): name for name in features.text}
    names |= {name: name for name in (*features.category, *features.number)}
    names |= windows
    rows = _Rows(table, settings.item_id, names)
    columns = [rows.ids(), rows.joined_text(features.text)]
    columns += [categories(rows.cells(name)) for name in features.category]
    columns += [rows.number(name) for name in features.number]
    columns += [rows.window(role, settings.timezone) for role in windows]
    return pl.DataFrame(columns), rows.findings


def read_users(settings: DataSettings, table: Table) -> tuple[pl.DataFrame, list[Finding]]:
    """Read the users file, one row an id.

    Args:
        settings: the `[data]` section.
        table: the opened users.

    Returns:
        `id` and categories (String), numbers (Float64); and the findings.

    Raises:
        Unusable: a column is missing, or the file cannot be read.
    """
    features = settings.user_features
    names = {name: name for name in (*features.category, *features.number)}
    rows = _Rows(table, settings.user_id, names)
    columns = [rows.ids()]
    columns += [id_text(rows.cells(name)) for name in features.category]
    columns += [rows.number(name) for name in features.number]
    return pl.DataFrame(columns), rows.findings


def _text_name(column: str) -> str:
    """Name here of a column that is joined into the text: it may also be a category or number."""
    return f"text {column}"


class _Rows:
    """Rows of a table, the first of each id, and the findings about its cells.

    Args:
        table: the opened table.
        id_column: name of its column of ids.
        names: name here -> name in the file, of the other columns.
    """

    def __init__(self, table: Table, id_column: str, names: Mapping[str, str]) -> None:
        self.subject = table.subject
        self.findings: list[Finding] = []
        frame = _picked(table, {"id": id_column, **names})
        frame = self._with_ids(frame, id_column)
        # Equal rows fall together without a word; different rows of one id are a finding.
        frame = frame.unique(["id", *names], keep="first", maintain_order=True)
        self._frame = self._first_of_id(frame)

    def _with_ids(self, frame: pl.DataFrame, id_column: str) -> pl.DataFrame:
        """Leave out rows without an id."""
        bad = frame.filter(pl.col("id").is_null())
        if bad.is_empty():
            return frame
        message = f"{len(bad)} of {len(frame)} rows have no id in column {id_column!r}"
        examples = _examples(bad)
        self.findings.append(
            NULL_ID.finding(self.subject, len(bad), message, examples, total=len(frame))
        )
        return frame.filter(pl.col("id").is_not_null())

    def _first_of_id(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Keep the first row of each id."""
        repeated = frame.filter(pl.col("id").is_duplicated())
        if repeated.is_empty():
            return frame
        count = repeated["id"].n_unique()
        message = f"{count} ids stand in several rows that differ"
        examples = _examples(repeated.sort("id"))
        self.findings.append(DUPLICATE_ID.finding(self.subject, count, message, examples))
        return frame.unique("id", keep="first", maintain_order=True)

    def ids(self) -> pl.Series:
        """Ids (n,) as text."""
        return self._frame["id"]

    def cells(self, name: str) -> pl.Series:
        """Cells (n,) of a column as they stand in the file."""
        return self._frame[name]

    def joined_text(self, columns: Iterable[str]) -> pl.Series:
        """Join text columns; null (n,) where all of them are empty."""
        texts = [pl.lit(_words(self._frame[_text_name(name)])) for name in columns]
        if not texts:
            empty = pl.repeat(None, len(self._frame), dtype=pl.String, eager=True)
            return empty.alias("text")
        filled = [text.str.strip_chars().replace("", None) for text in texts]
        joined = pl.concat_str(filled, separator=TEXT_SEPARATOR, ignore_nulls=True)
        return self._frame.select(joined.replace("", None).alias("text"))["text"]

    def number(self, name: str) -> pl.Series:
        """Read a number feature (n,), null where there is no finite number."""
        values = numbers(self._frame[name])
        is_finite = values.is_finite().fill_null(False)
        bad = self._filled(name, ~is_finite)
        if len(bad):
            message = f"{len(bad)} cells of number feature {name!r} are no finite numbers"
            examples = _cell_examples(bad, name)
            self.findings.append(
                UNPARSABLE_NUMBER.finding(self.subject, len(bad), message, examples)
            )
        return values.set(~is_finite, None)

    def window(self, role: str, zone: str) -> pl.Series:
        """Read a border of availability (n,) in ms, null where there is none."""
        times = to_ms(self._frame[role], zone)
        bad = self._filled(role, times.is_null())
        if len(bad):
            message = f"{len(bad)} cells of {role} are no times"
            examples = _cell_examples(bad, role)
            self.findings.append(UNPARSABLE_WINDOW.finding("items", len(bad), message, examples))
        return times

    def _filled(self, name: str, flags: pl.Series) -> pl.DataFrame:
        """Flagged rows with something in the column `name`."""
        cells = self._frame[name]
        is_filled = cells.is_not_null() & (cells.cast(pl.String) != "")
        return self._frame.filter(flags & is_filled)


def _picked(table: Table, names: Mapping[str, str]) -> pl.DataFrame:
    """Read columns, with ids as text; blank rows are left out, and the row number is `@row`."""
    prefixed = {PREFIX + name: column for name, column in names.items()}
    read = table.pick(prefixed).filter(~pl.col("blank")).drop("blank")
    plain = {PREFIX + name: name for name in names}
    frame = read.rename({**plain, "row": f"{PREFIX}row"})
    return frame.with_columns(id_text(frame["id"]))


def _words(values: pl.Series) -> pl.Series:
    """Cells (n,) as text, lists joined by commas."""
    if values.dtype.is_nested():
        return values.cast(pl.List(pl.String)).list.join(", ")
    return values.cast(pl.String)


def _examples(rows: pl.DataFrame) -> list[dict[str, object]]:
    """First rows as examples."""
    return example_rows(rows.rename({f"{PREFIX}row": "row"}))


def _cell_examples(rows: pl.DataFrame, name: str) -> list[dict[str, object]]:
    """First rows as examples, with the cell in question only."""
    row_number = pl.col(f"{PREFIX}row").alias("row")
    return example_rows(rows.select(row_number, "id", name))
