"""Figures by segment: planted hits, the slow way beside them, and one resample for all rows."""

import numpy as np
import pytest

from fusion.evaluation.segments import figures, metrics_by_segment
from fusion.metrics.bootstrap import Interval
from fusion.metrics.ranking import per_user

N = 120


@pytest.fixture
def hits():
    """`all` hits the left half of the users at the first place, `half` every second other too."""
    left = np.arange(N) < N // 2
    places = {name: np.zeros((N, 20), bool) for name in ("all", "half", "none")}
    places["all"][:, 0] = left
    places["half"][:, 0] = left | (np.arange(N) % 2 == 0)
    return {name: (flags, np.ones(N, np.int32)) for name, flags in places.items()}


def test_each_part_has_its_own_users_and_figures(hits):
    left = np.arange(N) < N // 2
    by_segment = metrics_by_segment(
        hits, {"left": left, "right": ~left, "nobody": np.zeros(N, bool)}, seed=7
    )
    assert by_segment.keys() == {"left", "right"}
    assert (by_segment["left"].users, by_segment["right"].users) == (60, 60)
    assert by_segment["left"].rows["all"]["ndcg@10"] == Interval(1, 1, 1)
    assert by_segment["right"].rows["all"]["ndcg@10"] == Interval(0, 0, 0)
    half = by_segment["right"].rows["half"]
    assert (
        half["ndcg@10"].value
        == half["recall@10"]
        == half["hit@20"]
        == half["map@10"]
        == half["mrr@20"]
        == 0.5
    )
    assert (half["precision@10"], half["precision@20"]) == (0.05, 0.025)
    assert half["f1@10"] == pytest.approx(0.5 * 2 * 0.1 / 1.1, abs=1e-6)


def test_the_interval_is_that_of_a_mean_of_so_many_users(hits):
    """The mean of 60 coins has a standard error of 0.5 / sqrt(60), of fewer a larger one."""
    right = np.arange(N) >= N // 2
    half = metrics_by_segment(hits, {"right": right}, seed=7)["right"].rows["half"]["ndcg@10"]
    assert half.high - half.low == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(60), rel=0.1)
    last = {"some": right & (np.arange(N) >= N - 16)}
    fewer = metrics_by_segment(hits, last, seed=7)["some"].rows["half"]["ndcg@10"]
    assert fewer.high - fewer.low > 1.7 * (half.high - half.low)


def test_all_rows_are_drawn_together(hits):
    """One row hits the users that the other misses: their bounds mirror each other exactly."""
    places, counts = hits["half"]
    mirrored = {"one": (places, counts), "other": (~places[:, :1], counts)}
    one, other = (figures(mirrored, seed=3).rows[name]["ndcg@10"] for name in ("one", "other"))
    assert one.low == pytest.approx(1 - other.high, abs=1e-12)
    assert one.high == pytest.approx(1 - other.low, abs=1e-12)


def test_figures_are_the_means_of_every_metric():
    rng = np.random.default_rng(0)
    places, counts = rng.random((40, 20)) < 0.1, rng.integers(20, 30, 40).astype(np.int32)
    row = figures({"row": (places, counts)}, seed=1).rows["row"]
    slow = {**per_user(places, counts, 10), **per_user(places, counts, 20)}
    assert row.keys() == slow.keys()
    for name, values in slow.items():
        value = row[name].value if name == "ndcg@10" else row[name]
        assert value == pytest.approx(float(np.mean(values)), abs=1e-6), name
