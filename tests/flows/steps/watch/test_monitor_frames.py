"""Columns that are others with every run, though nothing has changed, raise no alert."""

import numpy as np
import polars as pl

from dashboards.alerts import alerts
from dashboards.measures.drift import drift
from dashboards.settings import MonitorSettings
from flows.steps.watch.monitor_frames import moving_columns


def items(oldest: float, likes: float) -> pl.DataFrame:
    """Items that arrive evenly; an export holds no older one."""
    rng = np.random.default_rng(1)
    return pl.DataFrame({"events": rng.normal(likes, 1, 800), "age": rng.uniform(0, oldest, 800)})


def raised(reference: pl.DataFrame, current: pl.DataFrame) -> list[str]:
    features = pl.DataFrame({"als_rank": [1.0, 2.0]})
    pairs = {"items": (reference, current), "features": (features, features)}
    settings = MonitorSettings()
    judged = drift(pairs, settings, moving_columns(pairs))
    assert next(one for one in judged if one.column == "age").value > 0.2
    return [one.subject for one in alerts(judged, None, settings)]


def test_items_that_are_older_by_a_night_are_no_alert_and_items_that_sell_otherwise_are():
    before = items(oldest=0.7, likes=2.0)
    assert raised(before, items(oldest=1.0, likes=2.0)) == []
    assert raised(before, items(oldest=1.0, likes=4.0)) == ["items"]
