"""Warm starts of the two towers: state kept for a later fit, and its beginning. Without torch."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from fusion.core.arrays import Rows, Scores, State, contains

MIN_STEPS_SHARE = 0.25
"""Share of the steps from nothing that a warm fit takes at least.

With fewer, a new item is seen too rarely to find its place.
"""


@dataclass(frozen=True)
class WarmState:
    """Towers of an earlier cut, as a later fit with K items begins with them.

    Attributes:
        ids: (K, d); zeros for items that had no history by then, so that they begin as they were
            scored, by their text alone.
        meaning: (d, t) projection of texts; None without texts.
        sequence: the GRU's weights by name.
        news: share of the events that are new.
    """

    ids: Scores
    meaning: Scores | None
    sequence: dict[str, Scores]
    news: float

    def steps(self, from_nothing: int) -> int:
        """Return how many steps a warm fit takes.

        Args:
            from_nothing: steps of a fit from nothing.

        Returns:
            As large a share of them as the news is of the events, `MIN_STEPS_SHARE` at least.
        """
        share = max(self.news, MIN_STEPS_SHARE)
        return min(from_nothing, ceil(from_nothing * share))


def keep(items: Rows, ids: Scores, meaning: Scores | None, n_events: int) -> State:
    """Collect what a later fit needs of this one beside the GRU.

    Args:
        items: (K,) int32 items with history.
        ids: (K, d) their id embeddings, without the part of the texts.
        meaning: (d, t) projection of texts, or None.
        n_events: events that were learned from.

    Returns:
        Named arrays.
    """
    kept: State = {"items": items, "ids": ids, "events": np.array(n_events)}
    return kept if meaning is None else kept | {"meaning": meaning}


def begin(kept: State, sequence: dict[str, Scores], items: Rows, n_events: int) -> WarmState:
    """Prepare the beginning of a later fit.

    Args:
        kept: result of `keep` in the earlier fit.
        sequence: the earlier GRU's weights by name.
        items: (K,) int32 items with history now, ascending.
        n_events: events now.

    Returns:
        The earlier towers, in the order of `items`.

    Raises:
        ValueError: nothing was kept, or it knows more than the data: it was fitted later, or on
            other data.
    """
    if not kept:
        raise ValueError("a warm start needs the state of a fit whose context said `keep`")
    before = kept["items"]
    n_before = int(kept["events"])
    if n_before > n_events or not contains(items, before).all():
        raise ValueError(
            "a warm start must come from an earlier cut of the same data: "
            f"this one knows {n_before} events and {len(before)} items, "
            f"and is to begin a fit on {n_events} events and {len(items)} items"
        )
    ids = np.zeros((len(items), kept["ids"].shape[1]), np.float32)
    ids[np.searchsorted(items, before)] = kept["ids"]
    news = 1 - n_before / n_events
    return WarmState(ids, kept.get("meaning"), sequence, news)
