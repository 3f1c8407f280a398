"""Checks of what the catalogue says of items: windows in which they may be listed, and their texts."""

import polars as pl

from fusion.core.findings import Finding, FindingKind, declare, example_rows
from fusion.ingest.checks.registry import Facts, data_check

MOSTLY = 0.5

BACKWARDS = declare(
    FindingKind(
        "window_backwards",
        "warning",
        "an item whose availability ends before it begins",
        "it is never listed",
        "Mend the two times; perhaps their columns are swapped.",
    )
)
NO_WINDOW_TIME = declare(
    FindingKind(
        "window_without_times",
        "error",
        "availability of items beside interactions without times",
        "nothing is read: it is not known which moment counts",
        "Name a time column in [data.columns], or say the moment by --as-of.",
    )
)
EMPTY_TEXT = declare(
    FindingKind(
        "text_mostly_empty",
        "warning",
        f"text for fewer than {1 - MOSTLY:.0%} of the items",
        "sources that read know only the others",
        "Name more columns in [data.item_features] text.",
    )
)


@data_check
def window_backwards(facts: Facts) -> Finding | None:
    """`available_until` at or before `available_from`."""
    windows = {"available_from", "available_until"}
    if facts.items is None or not windows <= set(facts.items.columns):
        return None
    bad = facts.items.filter(pl.col("available_until") <= pl.col("available_from"))
    if bad.is_empty():
        return None
    shown = bad.select(
        "id", *(pl.from_epoch(pl.col(name), "ms").cast(pl.String) for name in sorted(windows))
    )
    message = f"{len(bad)} items end before they begin"
    return BACKWARDS.finding("items", len(bad), message, example_rows(shown))


@data_check
def text_mostly_empty(facts: Facts) -> Finding | None:
    """Only where text columns are configured."""
    if facts.items is None or not facts.settings.item_features.text:
        return None
    empty = facts.items.filter(pl.col("text").is_null())
    if len(empty) <= MOSTLY * len(facts.items):
        return None
    message = f"{len(empty)} of {len(facts.items)} items have no text"
    return EMPTY_TEXT.finding("items", len(empty), message, example_rows(empty.select("id")))
