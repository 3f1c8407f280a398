"""Checks that look at one interaction at a time; a row that one of them finds is left out, counted and shown."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from fusion.core.arrays import DAY
from fusion.core.findings import Finding, FindingKind, declare, example_rows
from fusion.ingest.settings import DataSettings

RARE = 0.01
"""Share of rows above which bad ones are no accident any more: the export is wrong."""
LEFT_OUT = "the row is left out"
SHOWN = {"time_text": "time", "weight_text": "weight"}
Bad = Callable[[DataSettings, int], pl.Expr]


@dataclass(frozen=True)
class RowCheck:
    """Which rows are bad, given the settings and now (ms); only where the column `needs` was read."""

    rule: FindingKind
    needs: str
    bad: Bad


ROW_CHECKS: list[RowCheck] = []


def row_check(rule: FindingKind, needs: str) -> Callable[[Bad], Bad]:
    """Register the function below it as a check of every row."""

    def add(bad: Bad) -> Bad:
        ROW_CHECKS.append(RowCheck(declare(rule), needs, bad))
        return bad

    return add


@row_check(
    FindingKind("blank_row", "warning", "an empty line", LEFT_OUT, "Nothing needs doing."), "blank"
)
def blank_row(_settings: DataSettings, _now: int) -> pl.Expr:
    """No cell of the row holds anything."""
    return pl.col("blank")


@row_check(
    FindingKind(
        "null_user", "warning", "no user", LEFT_OUT, "Export only rows that have a user.", RARE
    ),
    "user",
)
def null_user(_settings: DataSettings, _now: int) -> pl.Expr:
    """Null, NaN or an empty text instead of a user."""
    return pl.col("user").is_null() & ~pl.col("blank")


@row_check(
    FindingKind(
        "null_item", "warning", "no item", LEFT_OUT, "Export only rows that have an item.", RARE
    ),
    "item",
)
def null_item(_settings: DataSettings, _now: int) -> pl.Expr:
    """Null, NaN or an empty text instead of an item."""
    return pl.col("item").is_null() & ~pl.col("blank")


@row_check(
    FindingKind(
        "null_time",
        "warning",
        "no time",
        LEFT_OUT,
        "Export the time of every row, or set no time column.",
        RARE,
    ),
    "time",
)
def null_time(_settings: DataSettings, _now: int) -> pl.Expr:
    """Null instead of a time."""
    return pl.col("time_text").is_null() & ~pl.col("blank")


@row_check(
    FindingKind(
        "unparsable_time",
        "warning",
        "a time that cannot be read, or is in another unit than most",
        LEFT_OUT,
        "Write times as epoch seconds or ms (one unit for all), as dates (2024-01-31) or as ISO 8601 text.",
        RARE,
    ),
    "time",
)
def unparsable_time(_settings: DataSettings, _now: int) -> pl.Expr:
    """Something that is no time."""
    return pl.col("time").is_null() & pl.col("time_text").is_not_null()


@row_check(
    FindingKind(
        "future_time",
        "warning",
        "a time more than a day ahead of now",
        LEFT_OUT,
        "Check the clock, the time zone ([data] timezone) and the unit of the times.",
        RARE,
    ),
    "time",
)
def future_time(_settings: DataSettings, now: int) -> pl.Expr:
    """A day of grace: local dates without a zone may run ahead of UTC."""
    return pl.col("time") > now + DAY


@row_check(
    FindingKind(
        "null_weight",
        "warning",
        "no weight",
        LEFT_OUT,
        "Fill the column, or set no weight column.",
        RARE,
    ),
    "weight",
)
def null_weight(_settings: DataSettings, _now: int) -> pl.Expr:
    """Null instead of a weight."""
    return pl.col("weight_text").is_null() & ~pl.col("blank")


@row_check(
    FindingKind(
        "unparsable_weight",
        "warning",
        "a weight that is no number",
        LEFT_OUT,
        "Write numbers with a decimal point and without thousands separators.",
        RARE,
    ),
    "weight",
)
def unparsable_weight(_settings: DataSettings, _now: int) -> pl.Expr:
    """Text where a number should be."""
    return pl.col("weight").is_null() & pl.col("weight_text").is_not_null()


@row_check(
    FindingKind(
        "infinite_weight",
        "warning",
        "a weight that is NaN or infinite",
        LEFT_OUT,
        "Mend the export.",
        RARE,
    ),
    "weight",
)
def infinite_weight(_settings: DataSettings, _now: int) -> pl.Expr:
    """Not finite, also after rounding to float32."""
    return ~pl.col("weight").cast(pl.Float32).is_finite()


@row_check(
    FindingKind(
        "negative_weight",
        "warning",
        "a weight below 0",
        LEFT_OUT,
        "Weights say how much somebody liked or used a thing, from 0; shift the scale if these rows matter.",
    ),
    "weight",
)
def negative_weight(_settings: DataSettings, _now: int) -> pl.Expr:
    """A dislike, or a return: nothing to learn a liking from."""
    return (pl.col("weight") < 0) & pl.col("weight").is_finite()


@row_check(
    FindingKind(
        "unknown_event",
        "warning",
        "an event without a weight in [data.events]",
        LEFT_OUT,
        "Give the event a weight in [data.events], or leave it out on purpose.",
    ),
    "event",
)
def unknown_event(settings: DataSettings, _now: int) -> pl.Expr:
    """With [data.events], only what is named there counts."""
    if not settings.events:
        return pl.lit(False)
    return ~pl.col("event").is_in(list(settings.events)).fill_null(False) & ~pl.col("blank")


def check_rows(
    frame: pl.DataFrame, settings: DataSettings, now: int
) -> tuple[pl.DataFrame, list[Finding], dict[str, int]]:
    """Leave out bad interactions: what remains, the findings, and rows left out by the first reason that met each."""
    used = [check for check in ROW_CHECKS if check.needs in frame.columns]
    flags = frame.select(
        check.bad(settings, now).fill_null(False).alias(check.rule.code) for check in used
    )
    counts = flags.select(pl.all().sum()).row(0, named=True)
    findings, dropped = [], {}
    gone = pl.repeat(False, len(frame), eager=True, dtype=pl.Boolean)
    for check in used:
        code, count = check.rule.code, counts[check.rule.code]
        if not count:
            continue
        bad = flags[code]
        dropped[code] = int((bad & ~gone).sum())
        gone = gone | bad
        message = f"{count} of {len(frame)} interactions have {check.rule.what}"
        findings.append(
            check.rule.finding(
                "interactions", count, message, _examples(frame, bad, check), len(frame)
            )
        )
    return (frame.filter(~gone) if gone.any() else frame), findings, dropped


def _examples(frame: pl.DataFrame, bad: pl.Series, check: RowCheck) -> list[dict[str, object]]:
    first = bad.arg_true().head(1000)
    rows = frame[first]
    if check.rule.code == unknown_event.__name__:
        rows = rows.unique("event", maintain_order=True)
    told = [
        name
        for name in ("row", "user", "item", "time_text", "weight_text", "event")
        if name in frame.columns
    ]
    return example_rows(rows.select(told).rename(SHOWN, strict=False))
