"""Times of every usual form -> milliseconds since 1970-01-01 UTC."""

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

UNITS = ((1e11, 1000, 1), (1e14, 1, 1), (1e17, 1, 1000), (float("inf"), 1, 1_000_000))
"""Epoch seconds, ms, µs and ns: below which magnitude, times what, divided by what gives ms."""
YMD = (19_000_101, 21_001_231)
"""Integers in here are dates written as yyyymmdd; as epoch seconds they would all be days of 1970.
"""
FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
ZONE = r"(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
HOUR = 3_600_000
CHUNK = 500_000
"""Texts read at a time, for the sake of memory."""


def moment_ms(moment: datetime, zone: str) -> int:
    """Give `moment` in ms; without a zone of its own it is read in `zone`."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return round(aware.timestamp() * 1000)


def to_ms(values: pl.Series, zone: str) -> pl.Series:
    """Times (n,) of any type -> Int64 ms (n,), null where a cell is no time.

    Numbers are epoch seconds, ms, µs or ns by the magnitude of the column's median; a number of
    another magnitude is no time, since its unit cannot be known. Dates and texts without a zone are
    read in `zone`; a clock time that summer time skipped counts one hour later, one that it
    repeated counts as the first.
    """
    name, dtype = values.name, values.dtype
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return _from_datetimes(values, zone)
    if dtype.is_numeric():
        return _from_numbers(values, zone)
    if dtype == pl.Null:
        return values.cast(pl.Int64)
    text = values.cast(pl.String, strict=False)
    as_numbers = text.cast(pl.Int64, strict=False)
    if as_numbers.null_count() > text.null_count():
        floats = text.cast(pl.Float64, strict=False)
        if floats.null_count() < as_numbers.null_count():
            as_numbers = floats
    found = _from_numbers(as_numbers, zone)
    if as_numbers.null_count() > text.null_count():
        found = found.zip_with(as_numbers.is_not_null(), _from_texts(text, zone))
    return found.alias(name)


def _from_numbers(values: pl.Series, zone: str) -> pl.Series:
    values = _finite(values) if values.dtype.is_float() else values.cast(pl.Int64, strict=False)
    size = values.abs()
    middle = size.median()
    if not isinstance(middle, int | float):
        return values.cast(pl.Int64, strict=False)
    if YMD[0] <= middle <= YMD[1]:
        days = (
            values.cast(pl.Int64, strict=False).cast(pl.String).str.to_date("%Y%m%d", strict=False)
        )
        return _from_datetimes(days, zone)
    place = next(i for i, unit in enumerate(UNITS) if middle < unit[0])
    above = 0.0 if place == 0 else UNITS[place - 1][0]
    below, times, parts = UNITS[place]
    kept = values.set(~size.is_between(above, below, closed="left").fill_null(False), None)
    if kept.dtype.is_float():
        return (kept * times / parts).round(0).cast(pl.Int64, strict=False)
    return kept * times // parts


def _finite(values: pl.Series) -> pl.Series:
    """Null for NaN and infinities: the title "Infinity" is a number to a parser, and no time."""
    return values.to_frame("v").select(pl.when(pl.col("v").is_finite()).then("v"))["v"]


def _from_datetimes(values: pl.Series, zone: str) -> pl.Series:
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is not None:
        return values.dt.epoch("ms")
    naive = values.cast(pl.Datetime("ms"))
    if zone == "UTC":
        return naive.dt.epoch("ms")
    local = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    found = local.dt.epoch("ms")
    if found.null_count() == naive.null_count():
        return found
    later = naive.dt.offset_by("1h").dt.replace_time_zone(
        zone, ambiguous="earliest", non_existent="null"
    )
    return found.zip_with(found.is_not_null(), later.dt.epoch("ms"))


def _from_texts(text: pl.Series, zone: str) -> pl.Series:
    parts = (_parse(text.slice(start, CHUNK), zone) for start in range(0, len(text), CHUNK))
    return pl.concat(list(parts))


def _parse(text: pl.Series, zone: str) -> pl.Series:
    tidy = (
        text.str.strip_chars()
        .str.replace_all("/", "-", literal=True)
        .str.replace("T", " ", literal=True)
    )
    utc = tidy.str.ends_with("Z").fill_null(False)
    clock = _clock(tidy.str.strip_suffix("Z"))
    found = clock.dt.epoch("ms").zip_with(utc, _from_datetimes(clock, zone))
    left = (found.is_null() & tidy.is_not_null()).arg_true()
    if len(left):
        rest = tidy.gather(left)
        zoned = _clock(rest.str.replace(ZONE, "${1}").set(~rest.str.contains(ZONE), None))
        found = found.scatter(left, zoned.dt.epoch("ms") - _offset(rest))
    return found


def _clock(text: pl.Series) -> pl.Series:
    """Datetimes (n,) as a clock on the wall shows them, null where no format fits."""
    found = text.str.to_datetime(FORMATS[0], time_unit="ms", strict=False)
    for form in FORMATS[1:]:
        if found.null_count() == text.null_count():
            break
        found = found.zip_with(
            found.is_not_null(), text.str.to_datetime(form, time_unit="ms", strict=False)
        )
    return found


def _offset(text: pl.Series) -> pl.Series:
    """Milliseconds (n,) that each text's own zone is ahead of UTC; 0 for Z."""
    mark = text.str.extract(ZONE, 2).to_frame("mark")
    digits = pl.col("mark").str.replace_all(r"[^0-9]", "")
    hours = digits.str.slice(0, 2).cast(pl.Int64, strict=False).fill_null(0)
    minutes = digits.str.slice(2, 2).cast(pl.Int64, strict=False).fill_null(0)
    sign = pl.when(pl.col("mark").str.starts_with("-")).then(-1).otherwise(1)
    return mark.select(((hours * HOUR + minutes * (HOUR // 60)) * sign).alias("mark"))["mark"]
