"""Prediction intervals: planted windows, of which a known share must lie within."""

import numpy as np
import pytest

from fusion.evaluation.promise.interval import predict
from fusion.evaluation.promise.window_figure import PastWindow, WindowFigure

LEVEL, USERS = 0.2, 400
OF_USERS = 0.25
"""Spread of a metric over users."""


def windows(
    rng: np.random.Generator, count: int, between: float, level: float, users: int = USERS
) -> list[WindowFigure]:
    """Windows whose true levels differ by a share of the level, and whose users are drawn."""
    error = OF_USERS / np.sqrt(users)
    true = level * (1 + between * rng.standard_normal(count))
    values = true + error * rng.standard_normal(count)
    return [WindowFigure(float(value), error**2, users) for value in values]


def coverage(between: float, n_past: int, times: int = 500) -> float:
    """The share of new windows that lie within what past windows of another row promise."""
    rng, inside = np.random.default_rng(5), 0
    for _ in range(times):
        judged, new = windows(rng, 2, between, LEVEL)
        past = windows(rng, n_past, between, LEVEL / 2)
        promised = predict(judged, [past])
        inside += promised.low <= new.value <= promised.high
    return inside / times


@pytest.mark.parametrize("n_past", [8, 16])
@pytest.mark.parametrize("between", [0.0, pytest.param(0.05, marks=pytest.mark.faults), 0.15])
def test_a_new_window_lies_within_however_much_windows_differ(between, n_past):
    assert 0.92 <= coverage(between, n_past) <= 0.998


def test_an_interval_over_users_alone_would_not_hold_it():
    """The interval that a verdict had before: the planted worlds are hard enough to tell."""
    rng, inside = np.random.default_rng(5), 0
    for _ in range(500):
        judged, new = windows(rng, 2, 0.15, LEVEL)
        inside += abs(new.value - judged.value) <= 1.96 * np.sqrt(judged.variance)
    assert inside / 500 < 0.6


def test_where_windows_do_not_differ_the_users_of_both_remain():
    """sqrt(2) times the interval over users, and a little for what is not known."""
    rng = np.random.default_rng(2)
    widths = []
    for _ in range(300):
        [judged] = windows(rng, 1, 0.0, LEVEL)
        promised = predict(judged, [windows(rng, 16, 0.0, LEVEL)])
        widths.append((promised.high - promised.low) / (2 * 1.96 * np.sqrt(judged.variance)))
    assert 1.4 < np.mean(widths) < 2.0


def test_a_row_that_is_fitted_to_labels_is_less_sure():
    """Another fit serves, which as many users taught: three parts of variance for two."""
    judged = WindowFigure(LEVEL, 0.0001, 10_000)
    past = [WindowFigure(LEVEL, 0.0, 10_000)] * 16
    source, ranker = (predict(judged, [past], is_taught=taught) for taught in (False, True))
    widths = source.high - source.low, ranker.high - ranker.low
    assert widths[1] / widths[0] == pytest.approx(np.sqrt(1.5), rel=0.01)


def test_what_differs_is_scaled_to_the_level_of_the_chosen_row():
    """A row half as good whose windows differ by a tenth says so of the chosen one."""
    values = [0.1, 0.12] * 6
    past = [WindowFigure(value, 0.0, 10_000) for value in values]
    low, high = (predict(WindowFigure(level, 0.0, 10_000), [past]) for level in (LEVEL, 2 * LEVEL))
    assert high.high - high.value == pytest.approx(2 * (low.high - low.value))


def test_a_slow_decline_counts_by_its_steps_alone():
    """Half of the level is lost over 16 windows, and a new window is one step away."""
    steady = [WindowFigure(value, 0.0, 10_000) for value in np.linspace(0.2, 0.1, 16)]
    promised = predict(WindowFigure(0.1, 0.0, 10_000), [steady])
    assert promised.high - promised.value < 0.012


def test_too_short_a_history_promises_no_interval():
    rng = np.random.default_rng(0)
    [judged] = windows(rng, 1, 0.1, LEVEL)
    few = predict(judged, [windows(rng, 7, 0.1, LEVEL)])
    assert (few.low, few.high, few.windows, few.basis) == (None, None, 7, "none")
    assert few.value == judged.value
    assert predict(judged, []).basis == "none"
    assert predict(judged, [windows(rng, 8, 0.1, LEVEL)]).basis == "past_windows"


def test_few_users_promise_no_interval():
    rng = np.random.default_rng(0)
    past = windows(rng, 12, 0.1, LEVEL)
    assert predict(WindowFigure(0.2, 0.01, 4), [past]).basis == "none"
    assert predict(WindowFigure(0.2, 0.01, 5), [past]).basis == "past_windows"


def test_without_a_hit_no_interval_is_promised():
    rng = np.random.default_rng(0)
    past = windows(rng, 12, 0.1, LEVEL)
    nothing = predict(WindowFigure(0.0, 0.0, USERS), [past], [(0.1, 0.1)] * 8)
    assert (nothing.low, nothing.high, nothing.basis) == (None, None, "none")


def test_a_window_that_happened_to_be_poor_is_not_surer_of_what_comes():
    """Rare hits: of 60 users a few have one, and the error of their mean grows with it."""
    rng, inside = np.random.default_rng(4), 0
    past = [WindowFigure.of((rng.random(60) < 0.08) * 1.0) for _ in range(16)]
    for _ in range(500):
        judged, new = (WindowFigure.of((rng.random(60) < 0.08) * 1.0) for _ in range(2))
        promised = predict(judged, [past])
        inside += promised.low is not None and promised.low <= new.value <= promised.high
    assert inside / 500 > 0.93


def test_eight_realised_figures_take_the_place_of_past_windows():
    rng = np.random.default_rng(1)
    judged = WindowFigure(LEVEL, 0.0001, USERS)
    past = windows(rng, 12, 0.01, LEVEL)
    pairs = [(0.1, 0.1 * (1 + error)) for error in rng.normal(0, 0.2, 8)]
    assert predict(judged, [past], pairs[:7]).basis == "past_windows"
    promised = predict(judged, [past], pairs)
    assert (promised.basis, promised.windows) == ("realised", 8)
    assert promised.high - promised.low > 2 * 0.2 * LEVEL


def test_promises_that_were_always_too_high_become_wide_and_stay():
    judged = WindowFigure(LEVEL, 0.0001, USERS)
    promised = predict(judged, [], [(0.3, 0.21)] * 8)
    assert promised.value == LEVEL
    assert promised.low < LEVEL * 0.7 < promised.high


def test_nothing_leaves_what_a_share_can_be():
    rng = np.random.default_rng(3)
    past = windows(rng, 8, 0.6, 0.5)
    for level in (0.03, 0.97):
        promised = predict(WindowFigure(level, 0.001, 50), [past])
        assert 0 <= promised.low < level < promised.high <= 1


def test_a_row_that_never_hits_says_nothing():
    silent = [WindowFigure(0.0, 0.0, 50)] * 8
    rng = np.random.default_rng(3)
    row = windows(rng, 8, 0.1, LEVEL)
    judged = WindowFigure(LEVEL, 0.0001, USERS)
    assert predict(judged, [silent, row]) == predict(judged, [row])
    assert predict(judged, [silent]).basis == "past_windows"


def test_figures_come_back_from_json():
    figures = {"day": {"ndcg@10": WindowFigure(0.1, 0.0001, 33)}}
    window = PastWindow("popularity", figures)
    assert PastWindow.from_json("popularity", window.as_json()) == window


def test_a_figure_is_a_mean_with_the_error_of_a_mean():
    values = np.random.default_rng(0).random(50).astype(np.float32)
    figure = WindowFigure.of(values)
    assert figure.users == 50
    assert figure.value == pytest.approx(values.mean())
    assert figure.variance == pytest.approx(values.var(ddof=1) / 50)
