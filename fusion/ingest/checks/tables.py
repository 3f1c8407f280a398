"""Checks of the items table: windows of availability, and texts."""

import polars as pl

from fusion.core.findings import Finding, FindingKind, declare, example_rows
from fusion.ingest.checks.registry import Facts, data_check

MAX_EMPTY_SHARE = 0.5
"""Share of items without text above which sources that read texts know only the smaller part."""

BACKWARDS = declare(
    FindingKind(
        code="window_backwards",
        severity="warning",
        what="an item whose availability ends before it begins",
        happens="it is never listed",
        cure="Mend the two times; perhaps their columns are swapped.",
    )
)
EMPTY_TEXT = declare(
    FindingKind(
        code="text_mostly_empty",
        severity="warning",
        what=f"text for fewer than {1 - MAX_EMPTY_SHARE:.0%} of the items",
        happens="sources that read know only the others",
        cure="Name more columns in [data.item_features] text.",
    )
)


@data_check
def window_backwards(facts: Facts) -> Finding | None:
    """Find items whose `available_until` is at or before `available_from`.

    Args:
        facts: the items are looked at.

    Returns:
        A finding, or None.
    """
    # One border alone cannot be the wrong way round.
    windows = {"available_from", "available_until"}
    if facts.items is None or not windows <= set(facts.items.columns):
        return None
    is_backwards = pl.col("available_until") <= pl.col("available_from")
    bad = facts.items.filter(is_backwards)
    if bad.is_empty():
        return None
    # Times in ms mean nothing to a person.
    readable = [pl.from_epoch(pl.col(name), "ms").cast(pl.String) for name in sorted(windows)]
    examples = example_rows(bad.select("id", *readable))
    return BACKWARDS.finding("items", len(bad), f"{len(bad)} items end before they begin", examples)


@data_check
def text_mostly_empty(facts: Facts) -> Finding | None:
    """Count items without text, where text columns are configured.

    Args:
        facts: the items are looked at.

    Returns:
        A finding, or None.
    """
    if facts.items is None or not facts.settings.item_features.text:
        return None
    empty = facts.items.filter(pl.col("text").is_null())
    if len(empty) <= MAX_EMPTY_SHARE * len(facts.items):
        return None
    message = f"{len(empty)} of {len(facts.items)} items have no text"
    examples = example_rows(empty.select("id"))
    return EMPTY_TEXT.finding("items", len(empty), message, examples, total=len(facts.items))
