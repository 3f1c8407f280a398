"""Made-up frames for the tests of the dashboards; everything is seeded."""

from datetime import UTC, datetime

import numpy as np
import polars as pl

from dashboards.run import RunRef

RUN = RunRef("run-1", "home", datetime(2026, 11, 20, 3, tzinfo=UTC))


def users(rows: int, seed: int, shift: float = 0.0) -> pl.DataFrame:
    """Users with a number that has gaps, a flag, a category, a list; `shift` moves the number."""
    rng = np.random.default_rng(seed)
    age = pl.Series(rng.normal(40 + shift, 10, rows)).set(pl.Series(rng.random(rows) < 0.1), None)
    return pl.DataFrame(
        {
            "age": age,
            "member": rng.random(rows) < 0.3,
            "country": rng.choice(["de", "fr", "<b>&"], rows),
            "genres": [["comedy", "drama"], [], None, ["drama"]] * (rows // 4),
        }
    )


def lists(count: int, seed: int, noise: float, length: int = 12, items: int = 80) -> pl.DataFrame:
    """Lists of `count` users around fixed tastes; two seeds differ more the larger `noise` is."""
    taste = np.random.default_rng(99).gumbel(size=(count, items)) - np.arange(items) / 20
    scores = taste + noise * np.random.default_rng(seed).normal(size=(count, items))
    best = np.argsort(-scores, axis=1)[:, :length]
    return pl.DataFrame(
        {
            "user_id": np.repeat([f"u{number}" for number in range(count)], length),
            "rank": np.tile(np.arange(1, length + 1), count),
            "item_id": [f"i{item}" for item in best.ravel()],
        }
    )


def verdict() -> pl.DataFrame:
    """Give a verdict in which the ranker won."""
    return pl.DataFrame(
        {
            "row": ["ranker", "blend", "als", "popularity", "random"],
            "kind": ["ranker", "blend", "source", "source", "control"],
            "ndcg": [0.30, 0.28, 0.27, 0.12, 0.01],
            "low": [0.29, 0.27, 0.26, 0.11, 0.00],
            "high": [0.31, 0.29, 0.28, 0.13, 0.02],
            "chosen": [True, False, False, False, False],
        }
    )
