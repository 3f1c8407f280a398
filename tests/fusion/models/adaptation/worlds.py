"""Shops whose texts say two things, of which behaviour follows one or none."""

import numpy as np

from fusion.data.dataset import Dataset
from tests.fusion.models.planted import dataset

TOPICS = ("wooden", "silver", "paper", "marble", "velvet", "copper", "cotton", "amber")
KINDS = ("spoon", "lantern", "violin", "cradle")
ITEMS = 240
NEW = 24
"""The last items, that nobody took."""


def texts() -> list[str]:
    """Many words of a topic, one of a kind: texts are alike by their topics."""
    rng = np.random.default_rng(5)
    topics = rng.integers(0, len(TOPICS), ITEMS)
    return [
        f"{TOPICS[topic]} and {TOPICS[topic]} {TOPICS[topic]}ish {KINDS[item % len(KINDS)]} {item}"
        for item, topic in enumerate(topics)
    ]


def shop(follows_kind: bool, users: int = 150, events: int = 18) -> Dataset:
    """Users take items of one kind, or anything."""
    rng = np.random.default_rng(6)
    known = np.arange(ITEMS - NEW)
    pairs = []
    for user in range(users):
        own = known[known % len(KINDS) == user % len(KINDS)] if follows_kind else known
        pairs += [(user, item) for item in rng.choice(own, events, replace=False)]
    return dataset(pairs, ITEMS, texts())


def share_of_own_kind(scores: np.ndarray, places: int = 5) -> float:
    """Tell how many of the first new items have the kind of the user."""
    new = np.arange(ITEMS - NEW, ITEMS)
    first = new[np.argsort(-scores[:, new], axis=1)[:, :places]]
    kinds = np.arange(len(scores))[:, None] % len(KINDS)
    return float((first % len(KINDS) == kinds).mean())
