"""Checks of what settings ask for against columns that were read."""

import polars as pl

from fusion.core.findings import Finding
from fusion.ingest.reading_findings import (
    AS_OF_FOR_ITEMS_ONLY,
    AS_OF_WITHOUT_TIMES,
    UNUSED_EVENTS,
    WINDOW_WITHOUT_TIMES,
)
from fusion.ingest.settings import DataSettings


def unused_events(settings: DataSettings, frame: pl.DataFrame) -> list[Finding]:
    """Find events with a weight that no interaction has.

    Args:
        settings: the `[data]` section.
        frame: (N,) interactions as read.

    Returns:
        A finding, or none.
    """
    if not settings.events:
        return []
    events = frame["event"].unique()
    unused = [name for name in settings.events if name not in events]
    if not unused:
        return []
    message = f"no interaction has the event {', '.join(map(repr, unused))}"
    examples = [{"event": name} for name in unused]
    return [UNUSED_EVENTS.finding("interactions", len(unused), message, examples)]


def uses_of_time(items: pl.DataFrame | None, as_of: int | None) -> list[Finding]:
    """Find what needs times, where interactions have none.

    Nothing can be cut then, and no moment says which items are available.

    Args:
        items: the items as read; None without them.
        as_of: epoch ms from which on events would be left out; None keeps all.

    Returns:
        A finding, or none.
    """
    windows = {"available_from", "available_until"}
    has_windows = items is not None and not windows.isdisjoint(items.columns)
    if has_windows and as_of is None:
        message = "items have times of availability, but the interactions have no times"
        return [WINDOW_WITHOUT_TIMES.finding("items", 1, message)]
    if has_windows:
        message = "the interactions have no times to cut by: all of them are used"
        return [AS_OF_FOR_ITEMS_ONLY.finding("interactions", 1, message)]
    if as_of is not None:
        message = "the interactions have no times to cut by"
        return [AS_OF_WITHOUT_TIMES.finding("interactions", 1, message)]
    return []
