"""Warm starts of the towers: what a fit keeps for a later one, and what that one begins with. Needs no torch."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from fusion.core.arrays import Rows, Scores, State, contains

LEAST = 0.25
"""Share of the steps from nothing that a warm fit takes at least: with few news an item of theirs is met too rarely."""


@dataclass(frozen=True)
class WarmState:
    """Towers of an earlier cut as a later one with K items begins with them.

    `ids` (K, d), zeros for items that had no history by then, so that they begin as they were
    scored: by their text alone. `meaning` (d, t) or None; `sequence`: the GRU's weights by name;
    `news`: share of the events that is new.
    """

    ids: Scores
    meaning: Scores | None
    sequence: dict[str, Scores]
    news: float

    def steps(self, from_nothing: int) -> int:
        """How many of the steps of a fit from nothing are taken: the share that the news are, a quarter at least."""
        return min(from_nothing, ceil(from_nothing * max(self.news, LEAST)))


def keep(items: Rows, ids: Scores, meaning: Scores | None, n_events: int) -> State:
    """What a later fit needs of this one beside the GRU.

    The `items` (K,) with history, their `ids` (K, d) without the texts' part of their vectors, the
    `meaning` of texts (d, t), and how many events were learned from.
    """
    kept: State = {"items": items, "ids": ids, "events": np.array(n_events)}
    return kept if meaning is None else kept | {"meaning": meaning}


def begin(kept: State, sequence: dict[str, Scores], items: Rows, n_events: int) -> WarmState:
    """What a fit with `items` (K,), ascending, and `n_events` begins with.

    Raises ValueError when nothing was kept, or what was knows more: it was fitted later, or on
    other data.
    """
    if not kept:
        raise ValueError("a warm start needs the state of a fit whose context said `keep`")
    before, n_before = kept["items"], int(kept["events"])
    if n_before > n_events or not contains(items, before).all():
        raise ValueError(
            f"a warm start must come from an earlier cut of the same data: this one knows {n_before} events and "
            f"{len(before)} items, and is to begin a fit on {n_events} events and {len(items)} items"
        )
    ids = np.zeros((len(items), kept["ids"].shape[1]), np.float32)
    ids[np.searchsorted(items, before)] = kept["ids"]
    return WarmState(ids, kept.get("meaning"), sequence, 1 - n_before / n_events)
