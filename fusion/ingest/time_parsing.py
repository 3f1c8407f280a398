"""Parsers of times: every usual form -> milliseconds since 1970-01-01 UTC."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl


@dataclass(frozen=True)
class EpochUnit:
    """A unit in which epochs are written, and the magnitudes by which it is recognised.

    Attributes:
        start: smallest magnitude of this unit.
        end: magnitude from which on the next finer unit is meant.
        factor: ms are the number times this, ...
        divisor: ... divided by this.
    """

    start: float
    end: float
    factor: int
    divisor: int


EPOCH_UNITS = (
    EpochUnit(0.0, 1e11, 1000, 1),
    EpochUnit(1e11, 1e14, 1, 1),
    EpochUnit(1e14, 1e17, 1, 1000),
    EpochUnit(1e17, float("inf"), 1, 1_000_000),
)
"""Seconds, ms, µs and ns. The bounds keep every moment from 1973 to 5138 in one unit."""
FIRST_YMD = 19_000_101
LAST_YMD = 21_001_231
"""Integers between the two are dates written as yyyymmdd.

As epoch seconds they would all be days of 1970, which no log holds.
"""
FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")
"""Tried in this order, the commonest first: most columns need one pass only."""
ZONE = r"(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
"""A clock time (group 1) with the zone behind it (group 2)."""
HOUR = 3_600_000
MINUTE = 60_000
CHUNK = 500_000
"""Texts parsed at a time: parsing makes several copies, which would not fit for a whole column."""


def moment_ms(moment: datetime, zone: str) -> int:
    """Convert one moment to epoch milliseconds.

    Args:
        moment: with or without a zone of its own.
        zone: the IANA zone in which a moment without one is read.

    Returns:
        Milliseconds since 1970-01-01 UTC.
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    return round(aware.timestamp() * 1000)


def to_ms(values: pl.Series, zone: str) -> pl.Series:
    """Convert a column of times to epoch milliseconds.

    Numbers are epoch seconds, ms, µs or ns by the magnitude of the column's median; a number of
    another magnitude is no time, since its unit cannot be known. A clock time that summer time
    skipped counts one hour later, one that it repeated counts as the first.

    Args:
        values: (n,) dates, datetimes, numbers or text.
        zone: the IANA zone in which dates and texts without one are read.

    Returns:
        Int64 ms (n,), null where a cell is no time.
    """
    dtype = values.dtype
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return _from_datetimes(values, zone)
    if dtype.is_numeric():
        return _from_numbers(values, zone)
    if dtype == pl.Null:
        return values.cast(pl.Int64)
    text = values.cast(pl.String, strict=False)
    epochs = _epochs_in(text)
    times = _from_numbers(epochs, zone)
    if epochs.null_count() > text.null_count():  # not all cells are numbers
        times = times.zip_with(epochs.is_not_null(), _from_texts(text, zone))
    return times.alias(values.name)


def _epochs_in(text: pl.Series) -> pl.Series:
    """Read texts (n,) as integers, or as floats where that reads more of them; null for the rest.

    Integers are preferred, because floats cannot hold every epoch in ns.
    """
    integers = text.cast(pl.Int64, strict=False)
    if integers.null_count() == text.null_count():
        return integers
    floats = text.cast(pl.Float64, strict=False)
    return floats if floats.null_count() < integers.null_count() else integers


def _from_numbers(values: pl.Series, zone: str) -> pl.Series:
    """Convert numbers (n,): dates as yyyymmdd, or epochs in the unit of the median."""
    values = _finite(values) if values.dtype.is_float() else values.cast(pl.Int64, strict=False)
    magnitudes = values.abs()
    # One unit for the column, by its median, which stray values such as 0 for "never" do not move.
    median = magnitudes.median()
    if not isinstance(median, int | float):  # nothing but nulls
        return values.cast(pl.Int64, strict=False)
    if FIRST_YMD <= median <= LAST_YMD:
        digits = values.cast(pl.Int64, strict=False).cast(pl.String)
        return _from_datetimes(digits.str.to_date("%Y%m%d", strict=False), zone)
    unit = next(unit for unit in EPOCH_UNITS if median < unit.end)
    is_of_unit = magnitudes.is_between(unit.start, unit.end, closed="left").fill_null(False)
    epochs = values.set(~is_of_unit, None)
    if epochs.dtype.is_float():
        milliseconds = epochs * unit.factor / unit.divisor
        return milliseconds.round(0).cast(pl.Int64, strict=False)
    return epochs * unit.factor // unit.divisor


def _finite(values: pl.Series) -> pl.Series:
    """Null for NaN and infinities: the title "Infinity" is a number to a parser, and no time."""
    is_finite = pl.col("value").is_finite()
    return values.to_frame("value").select(pl.when(is_finite).then("value"))["value"]


def _from_datetimes(values: pl.Series, zone: str) -> pl.Series:
    """Convert dates or datetimes (n,), those without a zone as clock times of `zone`."""
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is not None:
        return values.dt.epoch("ms")
    clock = values.cast(pl.Datetime("ms"))
    if zone == "UTC":  # the usual case needs no look at a zone's history
        return clock.dt.epoch("ms")
    times = _in_zone(clock, zone)
    if times.null_count() == clock.null_count():
        return times
    # What is null now are clock times that summer time skipped: one hour later they exist.
    an_hour_later = _in_zone(clock.dt.offset_by("1h"), zone)
    return times.zip_with(times.is_not_null(), an_hour_later)


def _in_zone(clock: pl.Series, zone: str) -> pl.Series:
    """Epoch ms (n,) of clock times in `zone`, null for those that it skipped."""
    local = clock.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return local.dt.epoch("ms")


def _from_texts(text: pl.Series, zone: str) -> pl.Series:
    """Convert texts (n,), in chunks for the sake of memory."""
    starts = range(0, len(text), CHUNK)
    return pl.concat([_parse(text.slice(start, CHUNK), zone) for start in starts])


def _parse(text: pl.Series, zone: str) -> pl.Series:
    """Convert texts (n,): first those without a zone or with Z, then those with an offset."""
    with_dashes = text.str.strip_chars().str.replace_all("/", "-", literal=True)
    tidy = with_dashes.str.replace("T", " ", literal=True)
    # Without its Z, by far the commonest zone, a text is one that the plain formats read.
    is_utc = tidy.str.ends_with("Z").fill_null(False)
    clock = _clock(tidy.str.strip_suffix("Z"))
    as_utc = clock.dt.epoch("ms")
    times = as_utc.zip_with(is_utc, _from_datetimes(clock, zone))
    unread = (times.is_null() & tidy.is_not_null()).arg_true()
    if len(unread):
        # Regular expressions are slow, so they see only what is left.
        rest = tidy.gather(unread)
        has_zone = rest.str.contains(ZONE)
        zoned = _clock(rest.str.replace(ZONE, "${1}").set(~has_zone, None))
        times = times.scatter(unread, zoned.dt.epoch("ms") - _offset(rest))
    return times


def _clock(text: pl.Series) -> pl.Series:
    """Datetimes (n,) as a clock on the wall shows them, null where no format fits."""
    clock = text.str.to_datetime(FORMATS[0], time_unit="ms", strict=False)
    for form in FORMATS[1:]:
        if clock.null_count() == text.null_count():
            break
        parsed = text.str.to_datetime(form, time_unit="ms", strict=False)
        clock = clock.zip_with(clock.is_not_null(), parsed)
    return clock


def _offset(text: pl.Series) -> pl.Series:
    """Milliseconds (n,) that each text's own zone is ahead of UTC; 0 for Z."""
    mark = text.str.extract(ZONE, 2).to_frame("mark")
    digits = pl.col("mark").str.replace_all(r"[^0-9]", "")
    hours = digits.str.slice(0, 2).cast(pl.Int64, strict=False).fill_null(0)
    minutes = digits.str.slice(2, 2).cast(pl.Int64, strict=False).fill_null(0)
    is_behind = pl.col("mark").str.starts_with("-")
    sign = pl.when(is_behind).then(-1).otherwise(1)
    offset = (hours * HOUR + minutes * MINUTE) * sign
    return mark.select(offset.alias("mark"))["mark"]
