"""Promises: read from a verdict, and how far below one a figure lies."""

import numpy as np
import pytest
from scipy import stats

from fusion.evaluation.realised.promised import Promise


def promise(low=0.1, high=0.3, windows=16, value=0.2) -> Promise:
    return Promise("window", 7, "ndcg", 10, value, low, high, windows, "past_windows")


def test_the_ends_of_the_interval_have_the_same_score_whatever_the_windows():
    for windows in (2, 8, 16, 50):
        assert promise(windows=windows).score(0.1) == pytest.approx(-1.96, abs=0.001)
        assert promise(windows=windows).score(0.2) == pytest.approx(0)


def test_few_windows_say_less_of_what_lies_far_out():
    scores = [promise(windows=windows).score(0.0) for windows in (4, 8, 16, 100)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > -3
    assert scores[-1] < -3.7


def test_an_end_that_was_cut_at_0_does_not_narrow_the_interval():
    cut = promise(low=0.0, high=0.5)
    assert cut.score(0.0) > promise(low=0.0, high=0.4).score(0.0)


def test_an_interval_without_width_and_none_at_all():
    assert promise(low=0.2, high=0.2).score(0.19) == -np.inf
    assert promise(low=0.2, high=0.2).score(0.2) == 0
    nothing = promise(low=None, high=None)
    assert (nothing.score(0.0), nothing.is_below(0.0)) == (0, None)
    assert (promise().is_below(0.0999), promise().is_below(0.1)) == (True, False)


def test_a_promise_that_is_kept_passes_a_limit_as_rarely_as_its_score_says():
    """Intervals of Student's t from a few windows each, and one new window of the same kind."""
    rng = np.random.default_rng(5)
    n_windows, rounds = 13, 8000
    # So many windows are worth two thirds of their number, so that is what an interval may claim.
    freedom = 2 / 3 * (n_windows - 1)
    spread = np.sqrt(rng.chisquare(freedom, rounds) / freedom)
    margin = stats.t.ppf(0.975, freedom) * spread * 0.01
    realised = 0.2 + 0.01 * rng.standard_normal(rounds)
    scores = [
        promise(0.2 - wide, 0.2 + wide, n_windows).score(value)
        for wide, value in zip(margin, realised, strict=True)
    ]
    for limit in (1.96, 2.5):
        expected = rounds * stats.norm.cdf(-limit)
        n_passed = int((np.array(scores) < -limit).sum())
        assert abs(n_passed - expected) < 4 * np.sqrt(expected)


def test_it_is_read_from_a_verdict_and_older_verdicts_have_none():
    stored = {
        "horizon": "day",
        "days": 1,
        "name": "ndcg",
        "k": 10,
        "value": 0.2,
        "low": 0.1,
        "high": 0.3,
        "users": 90,
        "windows": 8,
        "basis": "past_windows",
    }
    others = [{**stored, "k": 20}, {**stored, "name": "recall"}]
    found = Promise.of_run({"promise": [*others, stored]}, "day")
    assert (found.value, found.windows, found.basis) == (0.2, 8, "past_windows")
    assert Promise.of_run({"promise": [stored]}, "window") is None
    for verdict in (None, {}, {"promise": None}, {"promise": []}):
        assert Promise.of_run(verdict, "day") is None
