"""The choice between methods: planted wins, planted losses, and no flattery."""

import numpy as np
import pytest

from fusion.evaluation.selection import best_rival, cross_fitted, select_method

N = 400
USERS = np.arange(N, dtype=np.int32)


def rows(**means: float) -> dict[str, np.ndarray]:
    """Per-user values around each mean, alike for all rows but for a little noise of their own."""
    rng = np.random.default_rng(4)
    shared = 0.2 * rng.random(N)
    return {name: shared + mean + 0.02 * rng.standard_normal(N) for name, mean in means.items()}


def test_a_clear_win_is_the_rankers_whatever_is_live():
    values = rows(ranker=0.35, blend=0.3, als=0.31, random=0.9)
    choice = select_method(values, 7)
    assert (choice.method, choice.rival) == ("ranker", "als")
    assert choice.difference.low > 0.03
    assert choice.reason == "ranker beats als"
    assert select_method(values, 7, "als").method == "ranker"


def test_a_clear_loss_goes_to_the_best_rival_be_it_the_blend():
    values = rows(ranker=0.3, blend=0.35, als=0.31)
    assert select_method(values, 7).method == "blend"
    assert select_method(values, 7, "ranker").method == "blend"
    assert select_method(values, 7, "ranker").reason == "blend beats ranker"
    assert select_method(rows(ranker=0.3, blend=0.3, ease=0.35), 7).method == "ease"


def test_undecided_the_live_method_stays_else_the_ranker_is_taken():
    values = rows(ranker=0.301, blend=0.2, als=0.3, ease=0.3)
    first = select_method(values, 7)
    assert first.difference.low <= first.difference.value < 0 <= first.difference.high
    assert first.method == "ranker"
    assert first.reason == f"{first.rival} does not beat ranker for certain"
    assert cross_fitted(values, USERS, 7).value == pytest.approx(values["ranker"].mean())
    for live in ("ranker", "als", "ease"):
        kept = select_method(values, 7, live)
        assert kept.method == live
        assert "the live run's method stays" in kept.reason


def test_undecided_a_live_method_that_is_gone_or_random_says_nothing():
    values = rows(ranker=0.3, blend=0.2, als=0.3, random=0.0)
    plain = select_method(values, 7)
    assert select_method(values, 7, "retired") == plain
    assert select_method(values, 7, "random") == plain


def test_undecided_a_live_method_that_is_worse_for_certain_goes():
    """The ranker and the best source are alike, the live source is far behind: it goes."""
    values = rows(ranker=0.3, blend=0.2, als=0.3, popularity=0.1)
    assert select_method(values, 7, "popularity") == select_method(values, 7)
    fair = cross_fitted(values, USERS, 7, "popularity")
    assert fair.value > values["popularity"].mean() + 0.15


def test_the_best_rival_is_never_the_ranker_or_the_control():
    assert best_rival(rows(ranker=0.9, random=0.9, blend=0.1, als=0.2)) == "als"


def test_cross_fitting_does_not_flatter_the_best_of_many():
    """Of twelve rows of noise the highest mean is above the truth, what is reported is not."""
    best, reported, covered = [], [], 0
    for n in range(30):
        rng = np.random.default_rng(n)
        values = {
            name: 0.3 + 0.2 * rng.standard_normal(150)
            for name in ("ranker", "blend", *(f"s{k}" for k in range(10)))
        }
        fair = cross_fitted(values, np.arange(150, dtype=np.int32), n)
        best.append(max(v.mean() for v in values.values()))
        reported.append(fair.value)
        covered += fair.low <= 0.3 <= fair.high
    assert np.mean(best) > 0.32
    assert abs(np.mean(reported) - 0.3) < 0.008
    assert covered >= 24


def test_cross_fitting_reports_a_clear_winner_as_it_is():
    values = rows(ranker=0.5, blend=0.3, als=0.31, random=0.9)
    fair = cross_fitted(values, USERS, 7)
    assert fair.value == pytest.approx(values["ranker"].mean())
    assert fair.low < fair.value < fair.high
    assert cross_fitted(values, USERS, 7) == fair


def test_cross_fitting_stays_with_an_undecided_live_method():
    values = rows(ranker=0.3, blend=0.2, als=0.3)
    values["als"][:] = values["ranker"] + 0.001 * np.random.default_rng(0).standard_normal(N)
    assert cross_fitted(values, USERS, 7, "als").value == pytest.approx(values["als"].mean())
