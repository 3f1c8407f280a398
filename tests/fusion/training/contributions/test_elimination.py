"""Elimination by answers that are known: who goes, who is asked again, and how sure it must be."""

import numpy as np
import pytest

from fusion.training.contributions.elimination import (
    chance_of,
    clustered_variance,
    eliminate,
)

USERS = np.repeat(np.arange(500), 2)
REPEATS = 3


class World:
    """Answers by rule: NDCG@10 as a function of the sources in use, and a noise of its own."""

    def __init__(self, sources, worth, noise=0.0):
        self.sources, self.worth, self.noise = sources, worth, noise
        self.asked = []

    def __call__(self, removed):
        self.asked.append(tuple(removed))
        used = set(self.sources) - set(removed)
        rng = np.random.default_rng(len(self.asked))
        spread = rng.normal(0, 1, (REPEATS, len(USERS))) * self.noise
        return self.worth(used) + spread


def run(world, share=0.002, kept=("popularity",), at_least=2, risk=0.05):
    shares = dict.fromkeys(world.sources, share)
    return eliminate(world, USERS, shares, kept, at_least, risk)


def of_two_copies(used):
    """`right` and `copy` are worth the same, once; `noise` is worth nothing."""
    return 0.5 + 0.3 * bool(used & {"right", "copy"}) + 0.1 * ("tenth" in used)


FIVE = ("popularity", "right", "copy", "noise", "tenth")


def test_of_two_copies_one_stays_and_noise_goes():
    found = run(World(FIVE, of_two_copies, noise=0.01))
    assert len(found.left_out) == 2
    assert "noise" in found.left_out
    assert len({"right", "copy"} - set(found.left_out)) == 1


def test_who_is_left_is_asked_beside_those_left():
    found = run(World(FIVE, of_two_copies, noise=0.01))
    [stays] = {"right", "copy"} - set(found.left_out)
    assert found.contributions[stays].loss.value == pytest.approx(0.3, abs=0.01)
    assert {found.contributions[name].beside for name in FIVE if name not in found.left_out} == {2}


def test_of_three_copies_one_stays_however_few_must():
    """Its answer beside the others is old: it is asked again before it may go, too."""
    copies = {"first", "second", "third"}

    def worth(used):
        return 0.5 + 0.3 * bool(used & copies) + 0.1 * ("tenth" in used)

    found = run(World(("popularity", *sorted(copies), "tenth"), worth, noise=0.01), at_least=1)
    assert len(found.left_out) == 2
    assert set(found.left_out) < copies


def test_undecided_sources_stay():
    """Differences of nothing with wide intervals are no reason to leave."""
    found = run(World(FIVE, lambda used: 0.5, noise=0.5))
    assert found.left_out == ()
    assert found.asked == 1 + len(FIVE)


def test_a_source_leaves_only_where_its_loss_is_surely_below_what_its_cost_asks():
    """Three losses: far above the margin, between the margin and nothing, and nothing."""
    losses = {"dear": 0.02, "cheap": 0.0005, "idle": 0.0, "popularity": 0.0, "other": 0.1}

    def worth(used):
        return 0.5 + sum(losses[name] for name in used)

    shares = {"popularity": 0.01, "dear": 0.01, "cheap": 0.0001, "idle": 0.0001, "other": 0.01}
    world = World(tuple(shares), worth, noise=1e-5)
    found = eliminate(world, USERS, shares, ("popularity",), 2, 0.05)
    assert found.left_out == ("idle",)
    dearer = {**shares, "dear": 0.05, "cheap": 0.005}
    found = eliminate(
        World(tuple(shares), worth, noise=1e-5), USERS, dearer, ("popularity",), 1, 0.05
    )
    assert set(found.left_out) == {"idle", "cheap", "dear"}


def test_two_sources_and_popularity_are_always_left():
    found = run(World(FIVE, lambda used: 0.5))
    assert len(found.left_out) == 2
    assert "popularity" not in found.left_out


def test_of_many_sources_worth_their_cost_hardly_any_run_leaves_one_out():
    """Holm: the least useful of twenty is tested as the least of twenty, not as the only one."""
    many = tuple(f"s{n}" for n in range(20))
    rng = np.random.default_rng(0)
    left = 0
    for _ in range(200):
        gaps = {name: rng.normal(0, 0.1, (1, 200)) for name in many}

        def ask(removed, gaps=gaps):
            lost = sum((gaps[name] for name in removed), np.zeros((1, 200)))
            # Each loses exactly what its cost asks for: 0.01 of 0.5.
            return np.repeat(0.5 - 0.005 * len(removed) - lost, REPEATS, axis=0)

        users = np.arange(200)
        left += bool(eliminate(ask, users, dict.fromkeys(many, 0.01), (), 19, 0.05).left_out)
    # A test of each at 5 % would leave one out in 64 % of the runs.
    assert left < 25


def test_a_user_of_two_folds_is_one_user():
    gaps = np.random.default_rng(1).normal(size=500)
    twice = np.repeat(gaps, 2)
    assert clustered_variance(twice, USERS) == pytest.approx(
        clustered_variance(gaps, np.arange(500))
    )


def test_disagreement_of_halvings_widens_the_interval():
    def ask(removed):
        spread = 0.05 if removed else 0.0
        return 0.5 + spread * np.array([[-1.0], [0.0], [1.0]]) * np.ones((1, len(USERS)))

    found = eliminate(ask, USERS, dict.fromkeys(("a", "b"), 0.01), (), 1, 0.05)
    assert found.contributions["a"].loss.high > 0.05


def test_chance_without_any_spread():
    assert chance_of(-0.001, 0.0) == 0.0
    assert chance_of(0.0, 0.0) == 1.0
