"""The estimate of published lists, in a world in which the chance of every like is known."""

from dataclasses import replace

import numpy as np
import pytest

from fusion.evaluation.estimate.estimate import estimate_lists
from fusion.evaluation.estimate.places import DISCOUNTS, IDEALS
from fusion.evaluation.estimate.windows import fit_windows, ideals_by_route
from fusion.lists.first_places import PLACES
from tests.fusion.evaluation.estimate.planted import (
    drawn,
    listed,
    past,
    served,
    worth,
)


def figures(report, segment="all"):
    return {name: one.value for name, one in report.segments[segment].figures.items()}


def test_planted_chances_are_told_before_anybody_likes_anything():
    rng = np.random.default_rng(1)
    windows = [drawn(rng, listed(rng, 8000), name="label-1"), drawn(rng, listed(rng, 8000))]
    # Other lists than those of the past: no sparse users, and scores that stand apart.
    places = listed(rng, 20_000, sparse=0.0)
    places.z[:] *= 1.5
    told = figures(estimate_lists(served(places), windows, past(rng, 0.0)))
    truth = worth(drawn(rng, places))
    for name in ("precision", "dcg"):
        assert told[name] == pytest.approx(truth[name], rel=0.03)
    assert told["ndcg"] == pytest.approx(truth["ndcg"], rel=0.05)
    # What past lists were worth is something else.
    assert worth(windows[1])["ndcg"] != pytest.approx(truth["ndcg"], rel=0.08)


def test_users_weigh_by_the_chance_that_they_come_back():
    rng = np.random.default_rng(2)
    windows = [drawn(rng, listed(rng, 8000))]
    places = listed(rng, 20_000, sparse=0.5)
    # Sparse users like less, and come back four times as rarely.
    chances = np.where(places.states.routes == 1, 0.1, 0.4)
    report = estimate_lists(served(places, chances), windows, past(rng, 0.0))
    back = rng.random(20_000) < chances
    among = replace(
        places,
        states=places.states.take(back),
        z=places.z[back],
        filled=places.filled[back],
    )
    truth = worth(drawn(rng, among))
    assert figures(report)["precision"] == pytest.approx(truth["precision"], rel=0.03)
    assert report.segments["all"].users == pytest.approx(back.sum(), rel=0.03)
    assert report.segments["sparse"].share == pytest.approx(0.2, abs=0.02)
    everybody = figures(estimate_lists(served(places), windows, past(rng, 0.0)))
    assert everybody["precision"] < 0.97 * figures(report)["precision"]


def test_figures_are_those_of_a_loop_over_users_and_places():
    rng = np.random.default_rng(3)
    windows = [drawn(rng, listed(rng, 150), name="label-1"), drawn(rng, listed(rng, 120))]
    places = listed(rng, 60)
    chances = rng.random(60)
    report = estimate_lists(served(places, chances), windows, past(rng, 0.0))
    likes, ideals = fit_windows(windows).chances(places), ideals_by_route(windows)
    for segment, routes in (("all", (0, 1)), ("warm", (0,)), ("sparse", (1,))):
        sums, total = {"precision": 0.0, "dcg": 0.0, "ndcg": 0.0}, 0.0
        by_rank = np.zeros(PLACES)
        for user in range(60):
            route = places.states.routes[user]
            if route not in routes:
                continue
            total += chances[user]
            by_rank += chances[user] * likes[user]
            gained = sum(likes[user, place] / np.log2(place + 2) for place in range(PLACES))
            sums["precision"] += chances[user] * likes[user].sum() / PLACES
            sums["dcg"] += chances[user] * gained
            sums["ndcg"] += chances[user] * gained / ideals[route]
        told = report.segments[segment]
        assert figures(report, segment) == pytest.approx(
            {name: value / total for name, value in sums.items()}
        )
        assert told.likes == pytest.approx(by_rank / total)
        assert told.users == pytest.approx(total)
        assert told.share == pytest.approx(total / chances.sum())


def test_a_mean_of_quotients_is_no_quotient_of_means():
    """Who has more labels likes more here, and both are told as they are."""
    rng = np.random.default_rng(4)
    window = drawn(rng, listed(rng, 4000))
    ideals = ideals_by_route([window])
    observed = np.mean(window.hits @ DISCOUNTS / ideals[window.listed.states.routes])
    assert observed == pytest.approx(worth(window)["ndcg"])
    plain = np.mean(IDEALS[np.minimum(window.labels, PLACES)])
    assert np.mean(window.hits @ DISCOUNTS) / plain > 1.02 * worth(window)["ndcg"]


def coverage(between: float, known: int = 16, times: int = 250) -> float:
    """The share of new windows whose NDCG lies in the interval."""
    rng, inside = np.random.default_rng(5), 0
    for _ in range(times):
        levels = between * rng.standard_normal(3)
        windows = [
            drawn(rng, listed(rng, 150), levels[0], "label-1"),
            drawn(rng, listed(rng, 150), levels[1]),
        ]
        places = listed(rng, 600)
        report = estimate_lists(served(places, 0.25), windows, past(rng, between * 0.8, known))
        back = rng.random(600) < 0.25
        among = replace(
            places, states=places.states.take(back), z=places.z[back], filled=places.filled[back]
        )
        told = report.segments["all"].figures["ndcg"]
        inside += told.low <= worth(drawn(rng, among, levels[2]))["ndcg"] <= told.high
    return inside / times


@pytest.mark.parametrize("between", [pytest.param(0.0, marks=pytest.mark.faults), 0.15])
def test_a_new_window_lies_within_however_much_windows_differ(between):
    assert 0.91 <= coverage(between) <= 0.995


def test_without_past_windows_there_is_a_value_and_no_interval():
    rng = np.random.default_rng(6)
    windows = [drawn(rng, listed(rng, 200))]
    report = estimate_lists(served(listed(rng, 50)), windows, past(rng, 0.0, 7))
    for part in report.segments.values():
        assert all(figure.low is None for figure in part.figures.values())
        assert all(figure.value > 0 for figure in part.figures.values())
    assert report.windows == 7


def test_a_ranker_that_is_fitted_anew_makes_it_less_sure():
    rng = np.random.default_rng(7)
    windows, before = [drawn(rng, listed(rng, 200))], past(rng, 0.05)
    plain = served(listed(rng, 200))
    narrow, wide = (
        estimate_lists(one, windows, before).segments["all"].figures["ndcg"]
        for one in (plain, replace(plain, is_taught=True))
    )
    assert narrow.value == wide.value
    assert wide.high - wide.low > 1.05 * (narrow.high - narrow.low)


def test_the_mean_of_two_windows_is_nearer_to_a_new_one():
    """The same users and likes as one window, and as two of half of them each."""
    rng = np.random.default_rng(12)
    whole, before = drawn(rng, listed(rng, 800)), past(rng, 0.3)
    halves = []
    for among in (np.arange(800) % 2 == 0, np.arange(800) % 2 == 1):
        places = whole.listed.take(among)
        halves.append(
            replace(whole, listed=places, hits=whole.hits[among], labels=whole.labels[among])
        )
    lists = served(listed(rng, 400))
    one, two = (
        estimate_lists(lists, windows, before).segments["all"].figures["dcg"]
        for windows in ([whole], halves)
    )
    assert two.value == pytest.approx(one.value)
    # Windows differ by a third: three quarters of that variance are left, and little else is.
    share = (two.high - two.low) / (one.high - one.low)
    assert share == pytest.approx(np.sqrt(0.75), abs=0.02)


def test_each_window_is_told_by_the_other_one():
    rng = np.random.default_rng(8)
    windows = [
        drawn(rng, listed(rng, 3000), name="label-1"),
        drawn(rng, listed(rng, 3000), level=-0.5),
    ]
    label, verdict = estimate_lists(served(listed(rng, 50)), windows, past(rng, 0.0)).cross_fitted
    assert (label.fold, verdict.fold, verdict.users) == ("label-1", "verdict", 3000)
    assert verdict.observed == pytest.approx(worth(windows[1]), rel=1e-6)
    # The verdict's window was poorer, and by the other it is told to be as rich as that one was.
    assert verdict.expected["ndcg"] == pytest.approx(label.observed["ndcg"], rel=0.05)
    assert verdict.expected["ndcg"] > 1.2 * verdict.observed["ndcg"]
    assert label.expected["ndcg"] < 0.85 * label.observed["ndcg"]


def test_lists_that_nobody_liked_and_users_who_never_return_are_not_estimated():
    rng = np.random.default_rng(9)
    places = listed(rng, 100)
    window = drawn(rng, places)
    silent = replace(window, hits=np.zeros_like(window.hits))
    assert estimate_lists(served(places), [silent], past(rng, 0.0)) is None
    assert estimate_lists(served(places, 0.0), [window], past(rng, 0.0)) is None


def test_a_window_in_which_nobody_came_back_says_nothing():
    rng = np.random.default_rng(13)
    window, nobody = drawn(rng, listed(rng, 200)), np.zeros(200, bool)
    places = window.listed.take(nobody)
    empty = replace(window, listed=places, hits=window.hits[nobody], labels=window.labels[nobody])
    lists, before = served(listed(rng, 50)), past(rng, 0.1)
    alone = estimate_lists(lists, [window], before)
    assert estimate_lists(lists, [window, empty], before) == alone
    assert estimate_lists(lists, [empty, window], before) == alone
    assert estimate_lists(lists, [empty], before) is None


def test_what_was_looked_at_stands_for_all_lists():
    rng = np.random.default_rng(10)
    windows, places = [drawn(rng, listed(rng, 200))], listed(rng, 50)
    few = served(places, 0.5)
    report = estimate_lists(replace(few, lists=5000), windows, past(rng, 0.0))
    assert report.segments["all"].users == pytest.approx(2500)
    assert (report.lists, report.sampled, report.days) == (5000, 50, 7)
