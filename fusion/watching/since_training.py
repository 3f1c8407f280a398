"""What has arrived since a run's data ends: new events, users and items that it does not reach."""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class KnownToRun:
    """Users and items that a run knew, by hashed ids.

    Attributes:
        as_of: moment at which its data ends, epoch ms.
        users: (n,) UInt64, users who have a list of their own.
        items: (n,) UInt64, all items; None where that is not known.
        table_items: (n,) UInt64, items that stood in the items file; None where there was none.
    """

    as_of: int
    users: pl.Series
    items: pl.Series | None = None
    table_items: pl.Series | None = None


@dataclass(frozen=True)
class SinceTraining:
    """Figures of what has arrived since a run's data ends; None where it is not known.

    Attributes:
        new_events: events since then.
        known_events: events before.
        users_without_list: share of the new events by users without a list of their own.
        unknown_items: share of the new events on items that the run did not know.
        items_known: items that the run knew.
        items_arrived: items that it did not know, in the items file or, without one, in events.
        items_gone: items that the items file does not hold any more.
    """

    new_events: int
    known_events: int
    users_without_list: float | None = None
    unknown_items: float | None = None
    items_known: int | None = None
    items_arrived: int | None = None
    items_gone: int | None = None

    @property
    def turnover(self) -> float | None:
        """Items gone or arrived, as a share of those that the run knew."""
        if not self.items_known or self.items_arrived is None:
            return None
        return (self.items_arrived + (self.items_gone or 0)) / self.items_known


def measure_since_training(
    events: pl.DataFrame, known: KnownToRun, table_items: pl.Series | None = None
) -> SinceTraining:
    """Measure what a run does not know.

    Args:
        events: (N,) rows of `EventLog.events`, in time order.
        known: what the run knew.
        table_items: (n,) UInt64, hashed ids of the items file as it is now; None without one.

    Returns:
        Counts and shares; of no new event there is no share.
    """
    begin = int(events["time"].search_sorted(known.as_of, side="left"))
    new = events[begin:]
    users, items = new["user"].drop_nulls(), new["item"].drop_nulls()
    arrived = gone = None
    if known.items is not None:
        present = items.unique() if table_items is None else table_items.unique()
        arrived = _n_missing(present, known.items)
    if known.table_items is not None and table_items is not None:
        gone = _n_missing(known.table_items, table_items)
    return SinceTraining(
        new_events=len(new),
        known_events=begin,
        users_without_list=_share_missing(users, known.users),
        unknown_items=None if known.items is None else _share_missing(items, known.items),
        items_known=None if known.items is None else len(known.items),
        items_arrived=arrived,
        items_gone=gone,
    )


def _n_missing(ids: pl.Series, known: pl.Series) -> int:
    return len(ids) - int(ids.is_in(known.implode()).sum())


def _share_missing(ids: pl.Series, known: pl.Series) -> float | None:
    return _n_missing(ids, known) / len(ids) if len(ids) else None
