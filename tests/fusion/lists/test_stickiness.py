"""Steady lists: what is shown yields only to what is better beyond chance."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.evaluation.live_baseline import Live
from fusion.lists.live_lists import LiveLists
from fusion.lists.stickiness import Stickiness, score_noise
from fusion.ranking.method import Method
from fusion.training.pipeline import train
from tests.fusion.whole import lists_of


def block(scores):
    """One block: each row of `scores` (B, I) is a user with all items as candidates."""
    n_users, n_items = scores.shape
    borders = np.arange(n_users + 1) * n_items
    pairs = SimpleNamespace(owners=np.repeat(np.arange(n_users), n_items), borders=borders)

    class Users:
        rows = np.arange(n_users, dtype=np.int32)

        def __len__(self):
            return n_users

    candidates = SimpleNamespace(
        users=Users(), pairs=pairs, positions=lambda owners, items: owners * n_items + items
    )
    return SimpleNamespace(candidates=candidates, columns={"scores": scores.ravel()})


def ranker_of(shift):
    return SimpleNamespace(score_columns=lambda columns: columns["scores"] + shift)


def live(*lists) -> LiveLists:
    return LiveLists(np.arange(len(lists), dtype=np.int32), np.array(lists, np.int32))


def test_what_is_shown_is_raised_by_the_margin_in_deviations_of_its_user():
    scores = np.array([[4, 3, 2, 1], [40, 30, 20, 10]], np.float32)
    candidates = block(scores).candidates
    raised = Stickiness(live([3, -1], [1, 3]), 0.5).raised(candidates, scores.ravel())
    deviation = np.sqrt(1.25)
    expected = scores + 0.5 * np.array([[0, 0, 0, 1], [0, 10, 0, 10]]) * deviation
    assert np.allclose(raised.reshape(2, 4), expected)


def test_silence_stays_silence_and_users_without_a_list_are_left_alone():
    scores = np.array([[np.nan, 3, 2], [1, 2, 3], [np.nan] * 3], np.float32)
    shown = LiveLists(np.array([0, 2], np.int32), np.array([[0, 2], [1, -1]], np.int32))
    raised = Stickiness(shown, 1.0).raised(block(scores).candidates, scores.ravel()).reshape(3, 3)
    assert np.isnan(raised[0, 0])
    assert raised[0, 2] == 2.5  # half a deviation of 3 and 2
    assert raised[1].tolist() == [1, 2, 3]
    assert np.isnan(raised[2]).all()


@given(st.integers(0, 10**6), st.floats(0, 5))
def test_only_what_is_shown_rises_and_nothing_sinks(seed, margin):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(5, 7)).astype(np.float32)
    shown = live(*[rng.permutation(7)[:3] for _ in range(5)])
    raised = Stickiness(shown, margin).raised(block(scores).candidates, scores.ravel())
    rise = raised.reshape(5, 7) - scores
    is_shown = (np.arange(7)[None, :, None] == shown.items[:, None, :]).any(axis=2)
    assert (rise[~is_shown] == 0).all()
    assert (rise >= 0).all()


def test_noise_is_how_far_a_ranker_and_its_twin_lie_apart_near_the_top():
    scores = np.tile(np.arange(10, 0, -1, dtype=np.float32), (3, 1))
    same = Method("ranker", ranker_of(0), ranker_of(0))
    assert score_noise([block(scores)], same, 3) == 0
    # another level and another spread are no noise: they change no order
    moved = SimpleNamespace(score_columns=lambda columns: 7 + 3 * columns["scores"])
    assert score_noise([block(scores)], Method("ranker", ranker_of(0), moved), 3) == (
        pytest.approx(0, abs=1e-6)
    )
    swapped = scores.copy()
    swapped[:, [0, 1]] = swapped[:, [1, 0]]
    twin = SimpleNamespace(score_columns=lambda columns: swapped.ravel())
    # two of the three scores at the top differ by 1, the deviation of 1..10 is 2.87
    expected = np.sqrt(2 / 3) / np.sqrt(8.25)
    noise = score_noise([block(scores)], Method("ranker", ranker_of(0), twin), 3)
    assert noise == pytest.approx(expected, rel=1e-5)
    assert score_noise([block(scores)], Method("blend"), 3) == 0
    assert score_noise([], same, 3) == 0


def test_steady_lists_keep_more_of_what_is_shown_and_no_more_than_asked(done):
    context, _ = done
    nothing = Live("before", "ranker", "time", None, context.data.as_of)
    anew = train(context, nothing)
    assert anew.method == "ranker"
    # what another training on the same data would show
    twin = pl.read_parquet(anew.lists / "twin.parquet")
    users = np.unique(twin["user"].to_numpy())
    shown = LiveLists(users, twin["item"].to_numpy().reshape(len(users), -1)[:, :5])

    def kept(stickiness: float) -> float:
        lists = context.config.lists.model_copy(update={"stickiness": stickiness})
        config = context.config.model_copy(update={"lists": lists})
        trained = train(replace(context, config=config), replace(nothing, lists=shown))
        assert all(check.holds for check in trained.checks)
        rows = lists_of(trained).filter(pl.col("rank") <= 5)
        both = rows.join(
            twin.filter(pl.col("rank") <= 5), on=["user", "item"], how="semi", maintain_order="left"
        )
        return len(both) / twin.filter(pl.col("rank") <= 5).height

    without, with_one, with_ten = kept(0), kept(1), kept(10)
    assert without < with_one < with_ten
    assert with_ten > 0.9
    # without stickiness the live lists change nothing, not even the key of the stage
    assert train(context, replace(nothing, lists=shown)).lists == anew.lists
