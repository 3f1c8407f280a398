"""Interactions as read: roles for file columns, ids as text, times and weights as numbers."""

from collections.abc import Iterable

import polars as pl

from fusion.errors import UnknownName
from fusion.ingest.cell_parsing import id_labels, id_text, label_type, numbers
from fusion.ingest.column_settings import column_name
from fusion.ingest.formats.files import Table
from fusion.ingest.label_expression import TypedColumn, columns_of, positive_expr
from fusion.ingest.settings import DataSettings
from fusion.ingest.time_parsing import to_ms

EXTRA = "@"
"""Prefix of columns that only `positive` uses, so that none of them can take the name of a role."""


def role_columns(settings: DataSettings) -> dict[str, str]:
    """Map each configured role to its column in the file.

    Args:
        settings: the `[data]` section.

    Returns:
        Role ("user", "item", "time", "weight", "event") -> name in the file, in this order.
    """
    columns = settings.columns
    by_role = {
        "user": columns.user,
        "item": columns.item,
        "time": columns.time,
        "weight": columns.weight,
        "event": columns.event,
    }
    return {role: column_name(name) for role, name in by_role.items() if name is not None}


def read_interactions(settings: DataSettings, table: Table) -> pl.DataFrame:
    """Read the columns that the configuration uses.

    Args:
        settings: the `[data]` section.
        table: the opened interactions.

    Returns:
        (N,) rows with `row`, `blank` (see `Table.pick`), `user` and `item` as labels, and as far as
        configured: `time` (Int64 ms) and `weight` (Float64), null where unreadable, beside
        `time_text` and `weight_text` as they stand in the file; `event` as text. Columns that only
        `positive` uses begin with "@".

    Raises:
        Unusable: a column is missing, or the file cannot be read.
        UnknownName: `positive` names a column that does not exist.
        ConfigError: `positive` cannot be read.
    """
    labels = {"user": label_type(), "item": label_type()}
    cells = table.pick(columns_used(settings, table.columns), labels)
    ids = [id_labels(cells[name], of_column) for name, of_column in labels.items()]
    return _parse_values(settings, cells.with_columns(ids))


def columns_used(settings: DataSettings, file_columns: Iterable[str]) -> dict[str, str]:
    """Map the columns of interactions that the configuration uses to those of the file.

    Args:
        settings: the `[data]` section.
        file_columns: names of the columns in the file.

    Returns:
        Name here -> name in the file; columns that only `positive` uses begin with "@".

    Raises:
        UnknownName: `positive` names a column that does not exist.
        ConfigError: `positive` cannot be read.
    """
    columns = role_columns(settings)
    for column in _positive_columns(settings, file_columns).values():
        if column.startswith(EXTRA):
            columns[column] = column.removeprefix(EXTRA)
    return columns


def parse_interactions(settings: DataSettings, frame: pl.DataFrame) -> pl.DataFrame:
    """Parse cells of interactions as they stand in the file.

    Args:
        settings: the `[data]` section.
        frame: (N,) rows with the columns of `columns_used`.

    Returns:
        (N,) rows as `read_interactions` gives them, with `user` and `item` as text.
    """
    users = id_text(frame["user"])
    items = id_text(frame["item"])
    return _parse_values(settings, frame.with_columns(users, items))


def _parse_values(settings: DataSettings, frame: pl.DataFrame) -> pl.DataFrame:
    """Parse cells of interactions other than ids."""
    if "time" in frame.columns:
        cells = _empty_as_null(frame["time"])
        times = to_ms(cells, settings.timezone)
        frame = _beside_text(frame, cells, times)
    if "weight" in frame.columns:
        cells = _empty_as_null(frame["weight"])
        frame = _beside_text(frame, cells, numbers(cells))
    if "event" in frame.columns:
        frame = frame.with_columns(id_text(frame["event"]))
    return frame


def weigh(frame: pl.DataFrame, settings: DataSettings) -> pl.DataFrame:
    """Set the weight of each interaction, and whether it counts as liked.

    The weight is that of the weight column times that of the event, 1 where neither is configured.

    Args:
        frame: (N,) interactions as `read_interactions` gives them.
        settings: the `[data]` section.

    Returns:
        The same rows with `weight` (Float32) and `liked` (Boolean).
    """
    weight = pl.col("weight") if "weight" in frame.columns else pl.lit(1.0)
    if settings.events:
        # Null for other events, whose rows the check `unknown_event` left out.
        event_weight = pl.col("event").replace_strict(
            settings.events, default=None, return_dtype=pl.Float64
        )
        weight = weight * event_weight
    # float32 is what a dataset holds; `infinite_weight` has looked at what it makes of them.
    weighted = frame.with_columns(weight.cast(pl.Float32).alias("weight"))
    if settings.positive is None:
        return weighted.with_columns(liked=pl.lit(True))
    file_columns = [name.removeprefix(EXTRA) for name in frame.columns]
    columns = {}
    for name, column in _positive_columns(settings, file_columns).items():
        columns[name] = TypedColumn(column, weighted.schema[column])
    return weighted.with_columns(positive_expr(settings.positive, columns).alias("liked"))


def _positive_columns(settings: DataSettings, file_columns: Iterable[str]) -> dict[str, str]:
    """Map names in `positive` to columns of the frame.

    `weight` and `event` mean what is configured as such, also where the file has a column of that
    name.
    """
    roles = {"weight", "event"} & role_columns(settings).keys()
    if settings.events:
        roles.add("weight")
    known = {*file_columns, *roles}
    columns = {}
    for name in columns_of(settings.positive or ""):
        if name not in known:
            raise UnknownName("column in [data] positive", name, known)
        columns[name] = name if name in roles else EXTRA + name
    return columns


def _empty_as_null(values: pl.Series) -> pl.Series:
    """Cells (n,) with null for empty text."""
    # Text files have no null: an empty cell is empty text.
    has_empty = values.dtype == pl.String and (values == "").any()
    return values.replace("", None) if has_empty else values


def _beside_text(frame: pl.DataFrame, cells: pl.Series, parsed: pl.Series) -> pl.DataFrame:
    """Replace a column by its parsed values, and keep its cells, for findings, as `<name>_text`."""
    name = cells.name
    as_written = frame.with_columns(cells).rename({name: f"{name}_text"})
    return as_written.with_columns(parsed.alias(name))
