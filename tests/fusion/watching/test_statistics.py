"""Scores against few windows, lasting shifts and the budget, held against simulation."""

import re

import numpy as np
import pytest
from scipy.special import ndtr

from fusion.watching import causes
from fusion.watching.alarms import describe
from fusion.watching.figure import Figure, Measurement
from fusion.watching.scales import COUNT, DISTANCE, SHARE
from fusion.watching.statistics.false_alarms import FalseAlarmBudget
from fusion.watching.statistics.judge import judge
from fusion.watching.statistics.lasting import lasting_shifts, newest_evidence
from fusion.watching.statistics.prediction_scores import expected_range, score
from fusion.watching.statistics.shift_detector import ShiftDetector, shifted

NEW = Figure("users", "new", SHARE, "new users", high=causes.NEWCOMERS, far_high=causes.REKEYED)
ROWS = Figure("interactions", "rows", COUNT, "rows", low=causes.FEWER, far_low=causes.MISSING)
MIX = Figure("items", "mix", DISTANCE, "mix", "category", high=causes.MIX)
LIMIT = 3.8


@pytest.mark.parametrize("windows", [8, 13, 30, 104])
def test_a_healthy_window_passes_a_score_as_rarely_as_a_normal_value_does(windows):
    rng = np.random.default_rng(1)
    draws = rng.standard_normal((20_000, windows + 1))
    scores = np.array([score(row[-1], row[:-1]) for row in draws])
    for limit in (1.0, 2.0, 2.5):
        share = float((np.abs(scores) > limit).mean())
        tail = 2 * float(ndtr(-limit))
        assert share == pytest.approx(tail, rel=0.25, abs=0.002)


@pytest.mark.parametrize(("windows", "earlier"), [(4, 9), (4, 30), (8, 20), (15, 89)])
def test_with_windows_of_an_older_level_a_healthy_one_passes_a_score_no_more_often(
    windows, earlier
):
    rng = np.random.default_rng(8)
    draws = rng.standard_normal((20_000, windows + 1 + earlier))
    draws[:, windows + 1 :] += 50.0
    scores = np.array([score(row[windows], row[:windows], row[windows + 1 :]) for row in draws])
    for limit in (1.0, 2.0, 2.5):
        share = float((np.abs(scores) > limit).mean())
        tail = 2 * float(ndtr(-limit))
        assert 0.75 * tail - 0.001 <= share <= 1.1 * tail + 0.001


def test_the_usual_range_is_where_the_score_passes_its_limit():
    windows = np.random.default_rng(2).normal(5.0, 2.0, 20)
    low, high = expected_range(windows, LIMIT)
    assert score(low, windows) == pytest.approx(-LIMIT, abs=1e-6)
    assert score(high, windows) == pytest.approx(LIMIT, abs=1e-6)


def test_the_usual_range_holds_with_an_older_level_too():
    windows, earlier = np.random.default_rng(2).normal(5.0, 2.0, (2, 12))
    low, high = expected_range(windows[:5], LIMIT, earlier - 40)
    assert score(low, windows[:5], earlier - 40) == pytest.approx(-LIMIT, abs=1e-6)
    assert score(high, windows[:5], earlier - 40) == pytest.approx(LIMIT, abs=1e-6)


def test_equal_windows_take_any_difference_for_infinite():
    assert score(2.0, np.full(9, 2.0)) == 0.0
    assert score(2.1, np.full(9, 2.0)) == np.inf


def test_without_a_shift_evidence_passes_a_threshold_as_rarely_as_it_states():
    rng = np.random.default_rng(3)
    threshold, lengths = 100.0, []
    for _ in range(200):
        detector, steps = ShiftDetector(), 0
        while detector.evidence < threshold and steps < 1000:
            detector = detector.step(float(rng.standard_normal()))
            steps += 1
        lengths.append(steps)
    assert np.mean(lengths) >= threshold


def shares_at(level: float, count: int, seed: int) -> list[Measurement]:
    """Windows whose share lies near a level, by a hundredth."""
    values = np.random.default_rng(seed).normal(level, 0.01, count)
    return [Measurement(float(value), 5000) for value in values]


def test_four_windows_after_a_change_suffice_where_the_spread_is_known_from_before_it():
    older, lately = shares_at(0.2, 30, 1), shares_at(0.5, 4, 2)
    moved, steady_one = Measurement(0.58, 5000), Measurement(0.51, 5000)
    assert judge(NEW, lately, moved, LIMIT).state == "short"
    assert judge(NEW, lately, moved, LIMIT, older).state == "alarm"
    assert judge(NEW, lately, steady_one, LIMIT, older).state == "healthy"
    # Three say too little of the new level.
    assert judge(NEW, lately[:3], moved, LIMIT, older).state == "short"


def test_a_level_of_sixteen_windows_speaks_for_itself():
    calm, lately = [Measurement(0.2, 5000)] * 30, shares_at(0.5, 16, 3)
    value = Measurement(0.56, 5000)
    assert judge(NEW, lately, value, LIMIT, calm) == judge(NEW, lately, value, LIMIT)
    assert judge(NEW, lately[:15], value, LIMIT, calm).high < 0.56


def test_distances_of_an_older_level_say_nothing_of_a_new_one():
    older = [Measurement(None, 100, {"a": 50, "b": 50})] * 20
    lately = [Measurement(None, 100, {"a": 10, "b": 90})] * 5
    assert judge(MIX, lately, lately[0], LIMIT, older).state == "short"


def test_a_lasting_shift_is_found_that_no_single_window_shows():
    rng = np.random.default_rng(4)
    values = rng.normal(0.0, 1.0, 60)
    values[40:] += 2.0
    assert newest_evidence(values[:40], np.inf) < 100
    assert newest_evidence(values, np.inf) > 10_000
    assert shifted({"a": 1e4, "b": 3.0}, 0.01) == {"a"}
    assert shifted({"a": 150.0, "b": 3.0}, 0.01) == set()


def test_a_lasting_shift_after_a_change_is_found_by_the_spread_before_it():
    older, values = shares_at(0.2, 40, 6), shares_at(0.5, 7, 7) + shares_at(0.55, 6, 8)
    numbers = range(2, len(values) + 1)
    found = [n for n in numbers if lasting_shifts({NEW: values[:n]}, 0.005, {NEW: older})]
    assert found
    assert found[0] > 8
    # Without it thirteen windows are too few for so small a shift.
    assert not [n for n in numbers if lasting_shifts({NEW: values[:n]}, 0.005)]


def test_shares_that_crept_up_are_a_lasting_change_and_hairs_breadths_are_none():
    rng = np.random.default_rng(5)

    def history(shift: float) -> list[Measurement]:
        shares = 0.2 + rng.normal(0, 0.012, 50) + shift * (np.arange(50) >= 35)
        return [Measurement(share, 5000) for share in shares]

    crept, level = history(0.05), history(0.0)
    found = [n for n in range(30, 51) if lasting_shifts({NEW: crept[:n]}, 0.005)]
    # Once, some windows after it began: then the windows after it are the baseline.
    assert len(found) == 1
    assert 36 < found[0] < 42
    (one,) = lasting_shifts({NEW: crept[: found[0]]}, 0.005)
    assert (one.state, one.cause) == ("alarm", causes.NEWCOMERS)
    assert re.fullmatch(r"new users about 2[45]\.\d% lately, (19|20)\.\d% before", describe(one))
    assert not any(lasting_shifts({NEW: level[:n]}, 0.005) for n in range(30, 51))
    tiny = [Measurement(0.2 + 1e-6 * (n >= 35) + 1e-8 * (n % 2), 10**9) for n in range(50)]
    assert lasting_shifts({NEW: tiny}, 0.005) == []


def test_more_figures_and_more_days_leave_each_a_higher_limit():
    few = FalseAlarmBudget(1.0, 2, 10, 7)
    many = FalseAlarmBudget(1.0, 2, 100, 7)
    assert 3 < few.band_score < many.band_score < 6
    assert FalseAlarmBudget(10.0, 2, 10, 7).band_score < few.band_score
    # Promises are judged within the same budget: two a day at most.
    judged = 365 * (few.daily + 2) + few.windows_per_year * few.windowed
    assert judged * 2 * ndtr(-few.band_score) == pytest.approx(0.5)


def shares(count: int, value: float = 0.2) -> list[Measurement]:
    rng = np.random.default_rng(6)
    return [Measurement(value + rng.normal(0, 0.01), 2000) for _ in range(count)]


def test_too_few_windows_judge_nothing():
    assert judge(NEW, shares(7), Measurement(0.9, 2000), LIMIT).state == "short"


def test_below_sixteen_windows_only_what_is_large_is_an_alarm():
    middling, large = Measurement(0.295, 2000), Measurement(0.6, 2000)
    assert judge(NEW, shares(30), middling, LIMIT).state == "alarm"
    assert judge(NEW, shares(12), middling, LIMIT).state == "look"
    assert judge(NEW, shares(12), large, LIMIT).state == "alarm"


def test_the_far_cause_is_of_large_effects_and_no_cause_is_no_alarm():
    assert judge(NEW, shares(30), Measurement(0.28, 2000), LIMIT).cause is causes.NEWCOMERS
    assert judge(NEW, shares(30), Measurement(0.6, 2000), LIMIT).cause is causes.REKEYED
    assert judge(NEW, shares(30), Measurement(0.01, 2000), LIMIT).state == "healthy"


def test_what_grows_is_judged_by_its_change():
    rng = np.random.default_rng(7)
    counts = [round(1000 * 1.03**week * rng.lognormal(0, 0.04)) for week in range(40)]
    past = [Measurement(count, count) for count in counts[:-1]]
    assert judge(ROWS, past, Measurement(counts[-1], counts[-1]), LIMIT).state == "healthy"
    half = counts[-1] // 2
    judged = judge(ROWS, past, Measurement(half, half), LIMIT)
    assert (judged.state, judged.cause) == ("alarm", causes.MISSING)
    assert judged.low < counts[-1] < judged.high


def test_a_distribution_is_judged_by_its_distance_from_all_others():
    rng = np.random.default_rng(8)

    def week(chances) -> Measurement:
        counts = rng.multinomial(2000, chances)
        return Measurement(None, 2000, dict(zip("abc", map(int, counts), strict=True)))

    past = [week([0.5, 0.3, 0.2]) for _ in range(20)]
    assert judge(MIX, past, week([0.5, 0.3, 0.2]), LIMIT).state == "healthy"
    judged = judge(MIX, past, week([0.2, 0.3, 0.5]), LIMIT)
    assert (judged.state, judged.cause) == ("alarm", causes.MIX)
