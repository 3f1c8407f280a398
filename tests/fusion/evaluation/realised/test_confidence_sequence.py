"""The confidence sequence: the paper's formula step by step, and how often it is ever wrong."""

import json
from math import log, log1p, sqrt

import numpy as np
import pytest

from fusion.evaluation.realised.confidence_sequence import ConfidenceSequence


def step_by_step(values, alpha=0.05, largest=0.5):
    """Theorem 2 of arXiv 2010.09686, value by value."""
    total, deviations, mean, variance = 0.0, 0.0, 0.5, 0.25
    weight = weighted = cost = 0.0
    for t, x in enumerate(values, start=1):
        bet = min(sqrt(2 * log(2 / alpha) / (variance * t * log1p(t))), largest)
        psi = (-log(1 - bet) - bet) / 4
        cost += 4 * (x - mean) ** 2 * psi
        weight, weighted = weight + bet, weighted + bet * x
        total += x
        mean = (0.5 + total) / (t + 1)
        deviations += (x - mean) ** 2
        variance = (0.25 + deviations) / (t + 1)
    centre, margin = weighted / weight, (log(2 / alpha) + cost) / weight
    return centre, max(0.0, centre - margin), min(1.0, centre + margin)


def test_it_is_the_papers_formula():
    values = np.random.default_rng(1).beta(1, 4, 700)
    interval = ConfidenceSequence().add(values).interval
    expected = step_by_step(values)
    assert (interval.value, interval.low, interval.high) == pytest.approx(expected, abs=1e-12)


def test_batches_and_a_stop_between_them_change_nothing():
    values = np.random.default_rng(2).random(500)
    whole = ConfidenceSequence().add(values)
    sequence = ConfidenceSequence()
    for begin in range(0, 500, 130):
        stored = json.loads(json.dumps({**sequence.as_dict(), "through": "2024-03-01"}))
        sequence = ConfidenceSequence.read(stored).add(values[begin : begin + 130])
    assert sequence.interval.as_dict() == pytest.approx(whole.interval.as_dict(), abs=1e-12)
    assert sequence.add(np.empty(0)) == sequence


def test_without_values_nothing_is_known():
    assert ConfidenceSequence().interval.as_dict() == {"value": 0.5, "low": 0.0, "high": 1.0}


def test_it_is_hardly_ever_wrong_at_any_time_and_narrows():
    """60 days of 50 users each, looked at after every day: wrong at any of them in 5 % at most."""
    rng = np.random.default_rng(3)
    n_wrong = 0
    for _ in range(200):
        sequence = ConfidenceSequence()
        is_wrong = False
        for _ in range(60):
            # Most users have no hit, as in life: mean 0.06.
            hits = rng.random(50) < 0.2
            sequence = sequence.add(hits * rng.random(50) * 0.6)
            interval = sequence.interval
            is_wrong |= not interval.low <= 0.06 <= interval.high
        n_wrong += is_wrong
    assert n_wrong <= 10
    assert interval.high - interval.low < 0.03


def test_a_mean_that_moves_is_seen():
    rng = np.random.default_rng(4)
    sequence = ConfidenceSequence().add(rng.beta(2, 8, 3000))
    assert sequence.interval.low > 0.15
    assert ConfidenceSequence().add(rng.beta(1, 19, 3000)).interval.high < 0.15
