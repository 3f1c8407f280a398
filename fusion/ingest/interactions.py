"""The interactions as read: roles instead of file columns, ids as text, times and weights as numbers."""

import polars as pl

from fusion.errors import UnknownName
from fusion.ingest.cell_parsing import id_text, numbers
from fusion.ingest.files import Table
from fusion.ingest.label_expression import columns_of, positive_expr
from fusion.ingest.settings import DataSettings
from fusion.ingest.time_parsing import to_ms

EXTRA = "@"
"""Begins the names of columns that only `positive` uses."""


def role_columns(settings: DataSettings) -> dict[str, str]:
    """Columns the configuration names: role -> name in the file."""
    given = settings.columns
    roles = {
        "user": given.user,
        "item": given.item,
        "time": given.time,
        "weight": given.weight,
        "event": given.event,
    }
    return {role: name for role, name in roles.items() if name is not None}


def _positive_columns(settings: DataSettings, known: list[str]) -> dict[str, str]:
    """Names in `positive` -> columns of the frame; `weight` and `event` mean what is configured as such."""
    roles = set(role_columns(settings)) & {"weight", "event"} | (
        {"weight"} if settings.events else set()
    )
    columns = {}
    for name in columns_of(settings.positive or ""):
        if name not in roles and name not in known:
            raise UnknownName("column in [data] positive", name, {*known, *roles})
        columns[name] = name if name in roles else EXTRA + name
    return columns


def read_interactions(settings: DataSettings, table: Table) -> pl.DataFrame:
    """Read what is needed: `row`, `blank`, `user`, `item` (text) and what the configuration names.

    `time` is Int64 ms and `weight` Float64, both null where unreadable; `time_text` and
    `weight_text` hold them as they stand in the file; `event` is text. Columns that only `positive`
    uses begin with "@". Raises Unusable, and UnknownName for a column in `positive` that does not
    exist.
    """
    used = _positive_columns(settings, table.columns)
    extra = {name: name.removeprefix(EXTRA) for name in used.values() if name.startswith(EXTRA)}
    frame = table.pick({**role_columns(settings), **extra})
    frame = frame.with_columns(id_text(frame["user"]), id_text(frame["item"]))
    if "time" in frame.columns:
        frame = frame.with_columns(_filled(frame["time"]))
        times = to_ms(frame["time"], settings.timezone)
        frame = frame.rename({"time": "time_text"}).with_columns(times.alias("time"))
    if "weight" in frame.columns:
        frame = frame.with_columns(_filled(frame["weight"]))
        weights = numbers(frame["weight"])
        frame = frame.rename({"weight": "weight_text"}).with_columns(weights.alias("weight"))
    if "event" in frame.columns:
        frame = frame.with_columns(id_text(frame["event"]))
    return frame


def _filled(values: pl.Series) -> pl.Series:
    """Cells (n,) with null instead of empty text."""
    return (
        values.replace("", None) if values.dtype == pl.String and (values == "").any() else values
    )


def weigh(frame: pl.DataFrame, settings: DataSettings) -> pl.DataFrame:
    """Set `weight` (Float32: the weight column times the weight of the event, 1 without) and `liked` (bool)."""
    weight = pl.col("weight") if "weight" in frame.columns else pl.lit(1.0)
    if settings.events:
        weight = weight * pl.col("event").replace_strict(
            settings.events, default=None, return_dtype=pl.Float64
        )
    weighted = frame.with_columns(weight.cast(pl.Float32).alias("weight"))
    if settings.positive is None:
        return weighted.with_columns(liked=pl.lit(True))
    known = [name.removeprefix(EXTRA) for name in frame.columns]
    used = _positive_columns(settings, known)
    columns = {name: (column, weighted.schema[column]) for name, column in used.items()}
    return weighted.with_columns(positive_expr(settings.positive, columns).alias("liked"))
