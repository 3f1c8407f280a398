"""Tables of items and users: one cleaned row an id, with findings about what was cleaned."""

from collections.abc import Iterable, Mapping

import polars as pl

from fusion.core.findings import Finding, example_rows
from fusion.ingest.cell_parsing import as_text, categories, id_text, is_filled, numbers
from fusion.ingest.column_settings import column_name, column_names
from fusion.ingest.formats.files import Table
from fusion.ingest.reading_findings import (
    DUPLICATE_ID,
    NULL_ID,
    UNPARSABLE_NUMBER,
    UNPARSABLE_WINDOW,
)
from fusion.ingest.settings import DataSettings
from fusion.ingest.time_parsing import to_ms

TEXT_SEPARATOR = " · "
"""Stands between the columns that make an item's text: no word, so no token either."""
PREFIX = "@"
"""Begins names while a table is read: a feature may be called `row`, as our row number is."""


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
    texts = column_names(settings.item_features.text)
    labels = column_names(settings.item_features.category)
    figures = column_names(settings.item_features.number)
    borders = settings.item_columns.model_dump(include={"available_from", "available_until"})
    windows = {role: column_name(name) for role, name in borders.items() if name is not None}
    # The order of the columns here is that of the table, and so of the features made of it.
    names = {_text_name(name): name for name in texts}
    names |= {name: name for name in (*labels, *figures)}
    names |= windows
    rows = _Rows(table, settings.item_id, names)
    columns = [rows.ids(), rows.joined_text(texts)]
    columns += [categories(rows.cells(name)) for name in labels]
    columns += [rows.number(name) for name in figures]
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
    labels = column_names(settings.user_features.category)
    figures = column_names(settings.user_features.number)
    names = {name: name for name in (*labels, *figures)}
    rows = _Rows(table, settings.user_id, names)
    columns = [rows.ids()]
    columns += [id_text(rows.cells(name)) for name in labels]
    columns += [rows.number(name) for name in figures]
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
        n_ids = frame["id"].n_unique()
        finding = DUPLICATE_ID.finding(self.subject, count, message, examples, total=n_ids)
        self.findings.append(finding)
        return frame.unique("id", keep="first", maintain_order=True)

    def ids(self) -> pl.Series:
        """Ids (n,) as text."""
        return self._frame["id"]

    def cells(self, name: str) -> pl.Series:
        """Return the cells of a column as they stand in the file.

        Args:
            name: of the column here.

        Returns:
            (n,), of the type that the file gave them.
        """
        return self._frame[name]

    def joined_text(self, columns: Iterable[str]) -> pl.Series:
        """Join text columns to one.

        Args:
            columns: names in the file, in the order of the text.

        Returns:
            String (n,), null where all of them are empty.
        """
        texts = [pl.lit(_words(self._frame[_text_name(name)])) for name in columns]
        if not texts:
            empty = pl.repeat(None, len(self._frame), dtype=pl.String, eager=True)
            return empty.alias("text")
        # Null for empty parts, or separators would stand beside nothing.
        filled = [text.str.strip_chars().replace("", None) for text in texts]
        joined = pl.concat_str(filled, separator=TEXT_SEPARATOR, ignore_nulls=True)
        text = joined.replace("", None).alias("text")
        return self._frame.select(text)["text"]

    def number(self, name: str) -> pl.Series:
        """Read a number feature.

        Args:
            name: of the column here.

        Returns:
            Float64 (n,), null where there is no finite number.
        """
        values = numbers(self._frame[name])
        is_finite = values.is_finite().fill_null(False)
        bad = self._filled(name, ~is_finite)
        if len(bad):
            message = f"{len(bad)} cells of number feature {name!r} are no finite numbers"
            examples = _cell_examples(bad, name)
            n_cells = len(self._frame)
            self.findings.append(
                UNPARSABLE_NUMBER.finding(self.subject, len(bad), message, examples, total=n_cells)
            )
        return values.set(~is_finite, None)

    def window(self, role: str, zone: str) -> pl.Series:
        """Read a border of availability.

        Args:
            role: "available_from" or "available_until".
            zone: the IANA zone in which times without one are read.

        Returns:
            Int64 ms (n,), null where there is none.
        """
        times = to_ms(self._frame[role], zone)
        bad = self._filled(role, times.is_null())
        if len(bad):
            message = f"{len(bad)} cells of {role} are no times"
            examples = _cell_examples(bad, role)
            n_cells = len(self._frame)
            self.findings.append(
                UNPARSABLE_WINDOW.finding("items", len(bad), message, examples, total=n_cells)
            )
        return times

    def _filled(self, name: str, flags: pl.Series) -> pl.DataFrame:
        """Flagged rows with something in the column `name`."""
        return self._frame.filter(flags & is_filled(self._frame[name]))


def _picked(table: Table, names: Mapping[str, str]) -> pl.DataFrame:
    """Read columns, with ids as text; blank rows are left out, and the row number is `@row`."""
    prefixed = {PREFIX + name: column for name, column in names.items()}
    rows = table.pick(prefixed)
    filled = rows.filter(~pl.col("blank")).drop("blank")
    plain = {PREFIX + name: name for name in names}
    frame = filled.rename({**plain, "row": f"{PREFIX}row"})
    return frame.with_columns(id_text(frame["id"]))


def _words(values: pl.Series) -> pl.Series:
    """Cells (n,) as text, lists joined by commas."""
    if values.dtype.is_nested():
        return values.cast(pl.List(pl.String)).list.join(", ")
    return as_text(values)


def _examples(rows: pl.DataFrame) -> list[dict[str, object]]:
    """First rows as examples."""
    return example_rows(rows.rename({f"{PREFIX}row": "row"}))


def _cell_examples(rows: pl.DataFrame, name: str) -> list[dict[str, object]]:
    """First rows as examples, with the cell in question only."""
    row_number = pl.col(f"{PREFIX}row").alias("row")
    return example_rows(rows.select(row_number, "id", name))
