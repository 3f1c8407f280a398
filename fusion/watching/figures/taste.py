"""Whether people still choose what their own past says: a figure of taste that needs no model."""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fusion.watching import causes
from fusion.watching.figure import Figure, Measurement
from fusion.watching.scales import SHARE

TASTE = Figure(
    "users",
    "taste",
    SHARE,
    "choices that fit one's own past better than another's choice does",
    low=causes.TASTE,
)
PAST_DAYS = 90
"""Days before a window by which its choices are judged: older ones say little of a taste."""
USERS = 1000
"""Users of a window who are judged, those with the smallest hashes."""
PAST_USERS = 20_000
"""Users whose pasts say which items are alike, those with the smallest hashes."""
ITEMS = 2000
"""Items of the past that are told apart, the most frequent ones."""
DECIMALS = 5
"""Of a likeness: what comes after them hangs on the order of additions."""
LEAST_CHOICES = 50
"""Choices below which the share says nothing."""
DAY = 86_400_000

Floats = NDArray[np.float32]
Ints = NDArray[np.intp]


def measure_taste(events: pl.DataFrame, start: int, end: int) -> Measurement | None:
    """Measure how often a choice fits the user's own past better than another's choice does.

    Each choice is compared with all choices of the window, so that what is popular among all says
    nothing. Half would be chance. Likeness to a past is the sum of cosines over the users of two
    items, as item neighbours have it.

    Args:
        events: of an `EventLog`, in time order.
        start: first ms of the window.
        end: first ms after it.

    Returns:
        The share; None where the log does not go back far enough, or too few choices can be judged.
    """
    times = events["time"]
    begin = int(times.search_sorted(start - PAST_DAYS * DAY, side="left"))
    if begin == 0:
        # A past that grows from window to window would make the figure grow, too.
        return None
    first, last = (int(times.search_sorted(at, side="left")) for at in (start, end))
    pairs = [
        events[a:b].select("user", "item").drop_nulls().unique()
        for a, b in ((begin, first), (first, last))
    ]
    past, chosen = pairs
    known = past["user"].unique().sort()
    past = past.filter(pl.col("user").is_in(known.head(PAST_USERS).implode()))
    frequent = past["item"].value_counts().sort(["count", "item"], descending=[True, False])
    items = frequent["item"].head(ITEMS).sort()
    chosen = chosen.filter(pl.col("item").is_in(items.implode()))
    present = chosen["user"].unique().sort()
    users = present.filter(present.is_in(known.head(PAST_USERS).implode())).head(USERS)
    chosen = chosen.filter(pl.col("user").is_in(users.implode())).sort("user", "item")
    if len(chosen) < LEAST_CHOICES:
        return None
    likeness = _likeness(past.filter(pl.col("item").is_in(items.implode())), users, items)
    rows = users.search_sorted(chosen["user"]).to_numpy().astype(np.intp)
    columns = items.search_sorted(chosen["item"]).to_numpy().astype(np.intp)
    return Measurement(_share_of_own(likeness, rows, columns), len(chosen))


def _likeness(past: pl.DataFrame, users: pl.Series, items: pl.Series) -> Floats:
    """Likeness (u, i) of each item to each user's past."""
    everybody = past["user"].unique().sort()
    rows = everybody.search_sorted(past["user"]).to_numpy()
    columns = items.search_sorted(past["item"]).to_numpy()
    ones = np.ones(len(past), np.float32)
    taken = csr_matrix((ones, (rows, columns)), shape=(len(everybody), len(items)))
    norms = np.sqrt(np.maximum(np.asarray(taken.sum(axis=0)).ravel(), 1))
    cosines = (taken.T @ taken).toarray() / np.outer(norms, norms)
    # An item is no sign of itself, or every repeat would be a taste.
    np.fill_diagonal(cosines, 0.0)
    own = taken[everybody.search_sorted(users).to_numpy()]
    likeness: Floats = np.round(own @ cosines, DECIMALS).astype(np.float32)
    return likeness


def _share_of_own(likeness: Floats, rows: Ints, columns: Ints) -> float:
    """Share of choices that are liker than another choice of the window; ties count half."""
    popularity = np.bincount(columns, minlength=likeness.shape[1]).astype(float)
    # What nobody chose is no rival.
    rivals = np.flatnonzero(popularity)
    wins = 0.0
    for row in np.unique(rows):
        order = rivals[np.argsort(likeness[row, rivals], kind="stable")]
        ordered = likeness[row, order]
        below = np.append(0.0, popularity[order].cumsum())
        own = likeness[row, columns[rows == row]]
        left = below[np.searchsorted(ordered, own, side="left")]
        right = below[np.searchsorted(ordered, own, side="right")]
        wins += float((left + right).sum()) / 2
    return wins / (len(rows) * popularity.sum())
