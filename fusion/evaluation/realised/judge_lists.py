"""Metrics of lists as they were served, paired with what the fallback would have had."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows, Scores
from fusion.data.defaults import DEFAULTS
from fusion.data.segments import ROUTES
from fusion.evaluation.realised.labels import PAIR, Labels
from fusion.evaluation.realised.served_lists import UNKNOWN, ServedLists
from fusion.evaluation.segments import CUTOFFS
from fusion.lists.business_rules.list_segments import ALL
from fusion.metrics.bootstrap import Interval, resampled_means_of_alike
from fusion.metrics.ranking import ndcg, per_user

METRICS = ("ndcg", "recall", "precision", "hit")
"""Of those that the verdict has, what is realised."""
ANY_HIT = "any_hit"
"""Share of users with a hit anywhere in what they were shown."""
EVERYONE = "everyone"
"""Segment of all users with a label, those without a history too."""
NEW_ITEMS = "new_items"
"""Segment of labels that nobody had taken before, over the users who have one."""


@dataclass(frozen=True)
class RealisedFigure:
    """A metric of a part of the users.

    Attributes:
        segment: "all" (users with a history, as in the verdict), "everyone", a route, "new_items"
            or "column=value".
        name: ndcg, recall, precision, hit or any_hit.
        k: places that count.
        users: users with a label.
        lists: of what was served.
        fallback: of the fallback for the same users.
        gap: lists less fallback, paired.
    """

    segment: str
    name: str
    k: int
    users: int
    lists: Interval
    fallback: Interval
    gap: Interval


@dataclass(frozen=True)
class Realised:
    """Lists judged by the labels of a span.

    Attributes:
        users: users with a label.
        labels: labels.
        figures: by segment, name and k.
    """

    users: int
    labels: int
    figures: tuple[RealisedFigure, ...]

    def figure(self, segment: str, name: str, k: int) -> RealisedFigure | None:
        """Return one figure; None where its segment has no users.

        Args:
            segment: as in `RealisedFigure`.
            name: of the metric.
            k: places that count.
        """
        for one in self.figures:
            if (one.segment, one.name, one.k) == (segment, name, k):
                return one
        return None


def judge_lists(served: ServedLists, labels: Labels, seed: int) -> Realised:
    """Judge lists by labels, as they were served when each label happened.

    A user without a list of their own has the fallback of their segment, and one to whom nothing
    at all was shown counts 0, as in the verdict: the metrics are the same code, over the whole
    catalogue and with binary gain.

    Args:
        served: lists, fallback and blocks of a run.
        labels: of a span of time.
        seed: of the resamples of users.

    Returns:
        Figures with intervals; none without labels.
    """
    rows = labels.rows
    users = rows["user"].unique().sort()
    if users.is_empty():
        return Realised(0, 0, ())
    everyone = _Judged(_hits(served, labels, users), _n_labels(rows, users), served.size, seed)
    is_known = users.is_in(rows.filter("is_known")["user"].implode()).to_numpy()
    figures: list[RealisedFigure] = []
    for segment, members in _segments(served.groups(users), is_known):
        figures += everyone.of(members).figures(segment)
    new_labels = Labels(labels.start, labels.end, rows.filter("is_new"))
    n_new = _n_labels(new_labels.rows, users)
    new = _Judged(_hits(served, new_labels, users), n_new, served.size, seed)
    figures += new.of(n_new > 0).figures(NEW_ITEMS)
    return Realised(len(users), len(rows), tuple(figures))


def first_screen_ndcg(served: ServedLists, labels: Labels) -> Scores:
    """Return the NDCG@10 of each user with a history and a label.

    Args:
        served: lists, fallback and blocks of a run.
        labels: of a span of time.

    Returns:
        (n,) values, in the order of the users' ids.
    """
    known = Labels(labels.start, labels.end, labels.rows.filter("is_known"))
    users = known.rows["user"].unique().sort()
    hits = _hits(served, known, users)
    return ndcg(hits.lists, _n_labels(known.rows, users), CUTOFFS[0])


@dataclass(frozen=True)
class _Hits:
    """Places (n, size) that held a label when it happened."""

    lists: Flags
    fallback: Flags


@dataclass(frozen=True)
class _Judged:
    """Hits and labels of n users."""

    hits: _Hits
    counts: Rows
    size: int
    seed: int

    def of(self, members: Flags) -> "_Judged":
        """Select some of the users."""
        hits = _Hits(self.hits.lists[members], self.hits.fallback[members])
        return _Judged(hits, self.counts[members], self.size, self.seed)

    def figures(self, segment: str) -> list[RealisedFigure]:
        """Compute the metrics of these users; none where they are nobody."""
        n_users = len(self.counts)
        if not n_users:
            return []
        lists, fallback = self._columns(self.hits.lists), self._columns(self.hits.fallback)
        names = list(lists)
        served, instead = np.column_stack([*lists.values()]), np.column_stack([*fallback.values()])
        values = np.column_stack([served, instead, served - instead])
        # One resample of the users serves all columns, so that what is compared is paired.
        draws = resampled_means_of_alike(values, self.seed)
        means = values.mean(axis=0, dtype=np.float64)
        intervals = [Interval.of(means[at], draws[:, at]) for at in range(len(means))]
        figures = []
        for at, (name, k) in enumerate(names):
            of_lists, of_fallback, gap = intervals[at :: len(names)]
            figures.append(RealisedFigure(segment, name, k, n_users, of_lists, of_fallback, gap))
        return figures

    def _columns(self, places: Flags) -> dict[tuple[str, int], Scores]:
        columns = {}
        for k in CUTOFFS:
            metrics = per_user(places, self.counts, k)
            for name in METRICS:
                columns[name, k] = metrics[f"{name}@{k}"]
        has_hit: Flags = np.any(places, axis=1)
        columns[ANY_HIT, self.size] = has_hit.astype(np.float32)
        return columns


def _hits(served: ServedLists, labels: Labels, users: pl.Series) -> _Hits:
    """Find the places of labels, each in what was shown when it happened."""
    lists = np.zeros((len(users), served.size), bool)
    fallback = lists.copy()
    numbers = users.to_frame().with_row_index("row")
    moments = served.moments(labels.start, labels.end)
    for moment, after in pairwise([*moments, labels.end]):
        is_within = pl.col("time").is_between(moment, after, closed="left")
        pairs = labels.rows.filter(is_within).select(PAIR)
        who = pairs["user"].unique()
        for flags, shown in (
            (lists, served.shown(who, moment)),
            (fallback, served.fallback_shown(who, moment)),
        ):
            hit = shown.join(pairs, on=PAIR).join(numbers, on="user")
            flags[hit["row"].to_numpy(), hit["place"].to_numpy()] = True
    return _Hits(lists, fallback)


def _n_labels(rows: pl.DataFrame, users: pl.Series) -> Rows:
    """Count the labels (n,) of each user."""
    counts = rows.group_by("user").len("labels")
    joined = users.to_frame().join(counts, on="user", how="left", maintain_order="left")
    return joined["labels"].fill_null(0).cast(pl.Int32).to_numpy()


def _segments(groups: pl.DataFrame, is_known: Flags) -> Iterator[tuple[str, Flags]]:
    """Members (n,) of the parts of the users that figures are of."""
    yield ALL, is_known
    yield EVERYONE, np.ones(len(is_known), bool)
    for route in (*ROUTES, UNKNOWN):
        yield route, (groups["route"] == route).to_numpy()
    named = groups["segment"].drop_nulls()
    counts = named.filter(named != ALL).value_counts()
    largest = counts.sort(["count", "segment"], descending=[True, False])
    for segment in largest["segment"].head(DEFAULTS.max_segments):
        yield segment, (groups["segment"] == segment).fill_null(False).to_numpy()
