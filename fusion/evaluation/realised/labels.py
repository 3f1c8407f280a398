"""Labels of a span of time: what the verdict calls a label, of events that have times."""

from dataclasses import dataclass

import polars as pl

PAIR = ["user", "item"]
FIRSTS = {"first": PAIR, "first_of_user": ["user"], "first_of_item": ["item"]}
"""Columns that say when something was seen first."""


@dataclass(frozen=True)
class Labels:
    """Interactions of users within a span of time, and what was known when it began.

    Attributes:
        start: first ms of the span.
        end: first ms after it.
        rows: user, item, `time` (ms, of the first event of the pair within the span), `is_new`
            (nobody had taken the item before the span) and `is_known` (the user had an event before
            it); each pair once, sorted by it.
    """

    start: int
    end: int
    rows: pl.DataFrame


@dataclass(frozen=True)
class LabelLog:
    """Liked events from a moment on, each with when its user, its item and both were seen first.

    One pass over all events serves any number of spans.

    Attributes:
        rows: user, item, time, `first` (ms, of the pair), `first_of_user`, `first_of_item`; what
            was seen before the log begins has the moment before it.
    """

    rows: pl.DataFrame

    @classmethod
    def of(cls, events: pl.DataFrame, since: int) -> "LabelLog":
        """Look the liked events of late up in all events.

        Args:
            events: user, item, time (ms), liked, in time order. Ids may have any type; rows without
                an id are left out.
            since: no span that is asked for begins before it, ms.

        Returns:
            The log.
        """
        begin = int(events["time"].search_sorted(since))
        # A slice copies nothing, however long the history is.
        late = events[begin:].drop_nulls(PAIR)
        history = events[:begin].select(PAIR)
        rows = late.filter("liked").select(*PAIR, "time")
        pairs = rows.select(PAIR).unique().lazy()
        of_pairs = history.lazy().join(pairs, on=PAIR, how="semi").unique()
        seen = {
            "first": of_pairs.collect(engine="streaming"),
            "first_of_user": history.select(pl.col("user").unique()),
            "first_of_item": history.select(pl.col("item").unique()),
        }
        for name, ids in FIRSTS.items():
            before = seen[name].with_columns(pl.lit(since - 1, pl.Int64).alias("time"))
            all_times = pl.concat([before, late.select(*ids, "time")])
            first = all_times.group_by(ids).agg(pl.col("time").min().alias(name))
            rows = rows.join(first, on=ids)
        return cls(rows)

    def between(
        self, start: int, end: int, *, repeats: bool = False, unavailable: pl.Series | None = None
    ) -> Labels:
        """Return the labels of a span, by the rules of the verdict's fold.

        A label is liked, and news to its user: they had not taken the item before, unless lists
        repeat what was seen. The item could be listed when the span began.

        Args:
            start: first ms of the span.
            end: first ms after it.
            repeats: whether lists may show what a user has taken before.
            unavailable: items (n,) that could not be listed at `start`.

        Returns:
            The labels.
        """
        rows = self.rows.filter(pl.col("time").is_between(start, end, closed="left"))
        if not repeats:
            rows = rows.filter(pl.col("first") >= start)
        if unavailable is not None:
            rows = rows.filter(~pl.col("item").is_in(unavailable.implode()))
        pairs = rows.group_by(PAIR).agg(
            pl.col("time").min(),
            (pl.col("first_of_item").min() >= start).alias("is_new"),
            (pl.col("first_of_user").min() < start).alias("is_known"),
        )
        return Labels(start, end, pairs.sort(PAIR))
