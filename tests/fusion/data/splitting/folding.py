"""Helpers of the tests of folds: labels by outside ids, a planted frame of daily interactions."""

import polars as pl

from fusion.data.splitting.fold import Fold
from tests.fusion.making import frame_of


def pairs(fold: Fold) -> set[tuple[str, str]]:
    users = fold.known.user_ids.texts(fold.label_users)
    return set(zip(users, fold.known.item_ids.texts(fold.label_items), strict=True))


def daily(n_users: int = 30, days: int = 60, per_day: float = 1.0) -> pl.DataFrame:
    """Every user takes a new item on every `1 / per_day`-th day."""
    step = round(1 / per_day)
    return frame_of(
        [(f"u{u}", f"i{u}_{d}", d + 0.25) for d in range(0, days, step) for u in range(n_users)]
    )
