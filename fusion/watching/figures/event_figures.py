"""Figures of the events of one window: volume, repeats, newcomers, crowding, weights, hours."""

from dataclasses import dataclass

import polars as pl

from fusion.watching import causes
from fusion.watching.figure import Figure, Measurement, count_values, share
from fusion.watching.scales import AMOUNT, COUNT, DISTANCE, SHARE

ROWS = Figure(
    "interactions",
    "rows",
    COUNT,
    "interactions",
    low=causes.FEWER,
    far_low=causes.MISSING,
    high=causes.MORE,
)
ACTIVE_USERS = Figure(
    "users",
    "active",
    COUNT,
    "active users",
    low=causes.FEWER,
    far_low=causes.MISSING,
    high=causes.MORE,
)
ACTIVE_ITEMS = Figure(
    "items", "active", COUNT, "items with an event", low=causes.CROWDED, high=causes.MORE
)
EMPTIEST_DAY = Figure(
    "interactions",
    "emptiest_day",
    SHARE,
    "the emptiest day beside the mean one",
    far_low=causes.MISSING,
)
REPEATED = Figure(
    "interactions", "repeated", SHARE, "rows that repeat another", high=causes.DOUBLED
)
UNREADABLE = Figure(
    "interactions",
    "unreadable",
    SHARE,
    "rows with a cell that is missing or cannot be read",
    "cells",
    high=causes.UNREADABLE,
)
PER_USER = Figure(
    "users", "events_each", AMOUNT, "events of a user", high=causes.CROWDED, low=causes.FEWER
)
NEW_USERS = Figure(
    "users",
    "new",
    SHARE,
    "users never seen before",
    low=causes.NEWCOMERS,
    high=causes.NEWCOMERS,
    far_high=causes.REKEYED,
)
NEW_ITEMS = Figure(
    "items",
    "new",
    SHARE,
    "items never seen before",
    low=causes.NEWCOMERS,
    high=causes.NEWCOMERS,
    far_high=causes.REKEYED,
)
HEAVIEST_USER = Figure(
    "users",
    "heaviest",
    SHARE,
    "events of the busiest user",
    high=causes.CROWDED,
    far_high=causes.BOTS,
)
BUSIEST_USERS = Figure(
    "users",
    "busiest",
    SHARE,
    "events of the busiest 0.1 % of users",
    high=causes.CROWDED,
    far_high=causes.BOTS,
)
TOP_ITEMS = Figure(
    "items",
    "top_five",
    SHARE,
    "events on the five most frequent items",
    high=causes.CROWDED,
    far_high=causes.BOTS,
)
MEAN_WEIGHT = Figure(
    "interactions",
    "mean",
    AMOUNT,
    "mean weight",
    "weight",
    low=causes.WEIGHTS,
    far_low=causes.UNIT,
    high=causes.WEIGHTS,
    far_high=causes.UNIT,
)
COMMONEST_WEIGHT = Figure(
    "interactions",
    "commonest",
    SHARE,
    "rows with the commonest weight",
    "weight",
    high=causes.WEIGHTS,
    far_high=causes.CONSTANT,
)
LIKED = Figure(
    "interactions", "liked", SHARE, "liked interactions", low=causes.LIKED, high=causes.LIKED
)
HOURS = Figure(
    "interactions",
    "hours",
    DISTANCE,
    "distance of the hours from those of before",
    "hours",
    high=causes.RHYTHM,
    far_high=causes.CLOCK,
)
WEEKDAYS = Figure(
    "interactions",
    "weekdays",
    DISTANCE,
    "distance of the weekdays from those of before",
    "weekdays",
    high=causes.RHYTHM,
)

TOP = 5
"""Items whose share of events is looked at: bots promote a few."""
BUSIEST = 1000
"""One user in so many counts as busiest, and at least one."""


@dataclass(frozen=True)
class WindowEvents:
    """Events of one closed window.

    Attributes:
        events: (n,) rows of an `EventLog`.
        start: first ms of the window.
        timezone: IANA zone of its days and hours.
        days: its length.
        first: "user" and "item" -> frame with that id and `first`, the ms of its first event.
        has_weights: whether events have weights.
        has_likes: whether [data] positive says what is liked.
    """

    events: pl.DataFrame
    start: int
    timezone: str
    days: int
    first: dict[str, pl.DataFrame]
    has_weights: bool
    has_likes: bool


def measure_events(window: WindowEvents) -> dict[Figure, Measurement]:
    """Measure the events of a window.

    Args:
        window: with at least one event.

    Returns:
        The figures that can be had of this data.
    """
    measured = _volume(window.events) | _newcomers(window) | _crowding(window.events)
    measured |= _rhythm(window)
    if window.has_weights:
        measured |= _weights(window.events)
    if window.has_likes:
        liked = window.events["liked"].drop_nulls()
        measured[LIKED] = share(int(liked.sum()), len(liked))
    return measured


def _volume(events: pl.DataFrame) -> dict[Figure, Measurement]:
    n_rows = len(events)
    n_distinct = events.n_unique(["user", "item", "time"])
    is_unreadable = pl.any_horizontal(pl.col("user", "item", "weight").is_null())
    n_unreadable = int(events.select(is_unreadable.sum()).item())
    n_users, n_items = events["user"].n_unique(), events["item"].n_unique()
    return {
        ROWS: Measurement(n_rows, n_rows),
        ACTIVE_USERS: Measurement(n_users, n_rows),
        ACTIVE_ITEMS: Measurement(n_items, n_rows),
        PER_USER: Measurement(n_rows / n_users, n_users),
        REPEATED: share(n_rows - n_distinct, n_rows),
        UNREADABLE: share(n_unreadable, n_rows),
    }


def _newcomers(window: WindowEvents) -> dict[Figure, Measurement]:
    """Shares of the users, and of the items, that had no event before the window."""
    measured = {}
    for column, figure in (("user", NEW_USERS), ("item", NEW_ITEMS)):
        active = window.events.select(column).drop_nulls().unique()
        first = active.join(window.first[column], on=column, how="left")
        n_new = int((first["first"] >= window.start).sum())
        measured[figure] = share(n_new, len(active))
    return measured


def _crowding(events: pl.DataFrame) -> dict[Figure, Measurement]:
    by_user = events["user"].drop_nulls().value_counts()["count"].sort(descending=True)
    by_item = events["item"].drop_nulls().value_counts()["count"].sort(descending=True)
    n_busiest = max(len(by_user) // BUSIEST, 1)
    n_users, n_items = int(by_user.sum()), int(by_item.sum())
    return {
        HEAVIEST_USER: share(int(by_user.head(1).sum()), n_users),
        BUSIEST_USERS: share(int(by_user.head(n_busiest).sum()), n_users),
        TOP_ITEMS: share(int(by_item.head(TOP).sum()), n_items),
    }


def _weights(events: pl.DataFrame) -> dict[Figure, Measurement]:
    weights = events["weight"].drop_nulls()
    measured = {}
    if len(weights):
        commonest = int(weights.value_counts()["count"].max() or 0)  # type: ignore[arg-type]
        measured[COMMONEST_WEIGHT] = share(commonest, len(weights))
        # The mean of magnitudes: weights of either sign may add up to nothing.
        mean = float(weights.cast(pl.Float64).abs().mean() or 0.0)  # type: ignore[arg-type]
        measured[MEAN_WEIGHT] = Measurement(mean, len(weights))
    return measured


def _rhythm(window: WindowEvents) -> dict[Figure, Measurement]:
    """Counts by hour and weekday, and the share of the mean day that the emptiest day has."""
    moments = pl.from_epoch(window.events["time"], time_unit="ms").dt.replace_time_zone("UTC")
    local = moments.dt.convert_time_zone(window.timezone)
    n_rows = len(local)
    days = local.dt.date().value_counts()["count"]
    # A day without any event is in no row of the counts.
    emptiest = int(days.min() or 0) if len(days) >= window.days else 0  # type: ignore[arg-type]
    share = min(emptiest * window.days / n_rows, 1.0)
    return {
        EMPTIEST_DAY: Measurement(share, n_rows),
        HOURS: Measurement(None, n_rows, count_values(local.dt.hour())),
        WEEKDAYS: Measurement(None, n_rows, count_values(local.dt.weekday())),
    }
