"""The part of the contract about scores: shapes, silence, and the same bits however one asks."""

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fusion.core.arrays import DAY, Flags, Scores
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs
from fusion.models.base.allowed import Allowed
from fusion.models.base.recommender import Recommender
from fusion.testing.base import ContractBase
from fusion.testing.data import as_unknown, random_pairs
from fusion.testing.reference import all_allowed

assert_same = np.testing.assert_array_equal

LATER_USER = 10_000
"""Row of a user who came after the fit."""


class ScoringContract(ContractBase):
    """Scores of blocks, of pairs, of users unknown to the fit, and of nobody."""

    def test_scores_are_float32_of_users_by_items_and_never_infinite(
        self, fitted: Recommender, users: UserHistories
    ) -> None:
        """`scores` is (B, I) float32, and says something."""
        scores = fitted.scores(users)
        assert scores.shape == (len(users), users.n_items)
        assert scores.dtype == np.float32
        assert not np.isinf(scores).any()
        assert np.isfinite(scores).any()

    def test_score_pairs_are_the_gathered_scores_bit_for_bit(
        self, fitted: Recommender, users: UserHistories
    ) -> None:
        """`score_pairs` equals `scores` at the pairs."""
        pairs = random_pairs(users)
        expected = fitted.scores(users)[pairs.owners, pairs.items]
        assert_same(fitted.score_pairs(users, pairs), expected)

    def test_predicted_ratings_are_in_the_unit_of_the_data_and_the_same_for_each_user_alone(
        self, fitted: Recommender, data: Dataset, users: UserHistories
    ) -> None:
        """`predict_ratings` is (C,) float32 within the range of weights, or None throughout."""
        pairs = random_pairs(users)
        ratings = fitted.predict_ratings(users, pairs)
        assert (ratings is not None) == self.predicts_ratings
        if ratings is None:
            return
        spoken = _spoken(ratings, pairs)
        assert spoken.min() >= data.weights.min()
        assert spoken.max() <= data.weights.max()
        _assert_same_alone(fitted.predict_ratings, users, pairs, ratings)

    def test_history_similarity_is_within_one_and_the_same_for_each_user_alone(
        self, fitted: Recommender, users: UserHistories
    ) -> None:
        """`history_similarity` is (C,) float32 in [-1, 1], or None."""
        pairs = random_pairs(users)
        similarity = fitted.history_similarity(users, pairs)
        if similarity is None:
            return
        # A cosine in float32 may miss 1 by its rounding.
        assert np.abs(_spoken(similarity, pairs)).max() <= 1.001
        _assert_same_alone(fitted.history_similarity, users, pairs, similarity)

    def test_a_block_of_users_gives_the_same_as_each_alone(
        self, fitted: Recommender, users: UserHistories
    ) -> None:
        """A row depends on its own user only."""
        allowed = all_allowed(users.n_items)
        scores = fitted.scores(users)
        top = fitted.top(users, 5, allowed)
        for user in range(len(users)):
            alone = users.block(slice(user, user + 1))
            assert_same(fitted.scores(alone)[0], scores[user])
            assert_same(fitted.top(alone, 5, allowed).items[0], top.items[user])

    def test_the_memory_budget_of_a_block_changes_nothing(
        self, fitted: Recommender, users: UserHistories, some_allowed: Flags
    ) -> None:
        """Smaller `block_bytes` give the same lists and pairs."""
        narrow = copy.copy(fitted)
        narrow.block_bytes = 2000  # type: ignore[misc]
        allowed = Allowed(some_allowed)
        top = fitted.top(users, 6, allowed)
        pairs = Pairs.from_lists(top.items)
        assert_same(narrow.top(users, 6, allowed).items, top.items)
        assert_same(narrow.score_pairs(users, pairs), fitted.score_pairs(users, pairs))

    def test_an_unknown_user_is_served_from_the_history_handed_over(
        self, fitted: Recommender, users: UserHistories
    ) -> None:
        """Row -1, and a row that came after the fit, get scores like everyone else."""
        scores = fitted.scores(as_unknown(users))
        with_history = scores[:-1]
        assert np.isfinite(with_history).any(axis=1).all()
        if not self.depends_on_rows:
            assert_same(fitted.scores(as_unknown(users, LATER_USER)), scores)
        if not self.depends_on_rows and not self.leaves_out_self:
            assert_same(fitted.scores(users), scores)

    def test_an_empty_history_is_an_ordinary_one(
        self, fitted: Recommender, users: UserHistories
    ) -> None:
        """A user without any event gets scores and a list, be they empty."""
        last = users.block(slice(len(users) - 1, len(users)))
        newcomer = as_unknown(last)
        assert len(newcomer.items) == 0
        assert not np.isinf(fitted.scores(newcomer)).any()
        assert fitted.top(newcomer, 3, all_allowed(users.n_items)).items.shape == (1, 3)

    def test_a_block_without_users_is_an_ordinary_one(
        self, fitted: Recommender, users: UserHistories
    ) -> None:
        """No users give arrays without rows."""
        nobody = users.block(slice(0, 0))
        no_pairs = Pairs(np.zeros(1, np.int64), np.empty(0, np.int32))
        assert fitted.scores(nobody).shape == (0, users.n_items)
        assert fitted.top(nobody, 3, all_allowed(users.n_items)).items.shape == (0, 3)
        assert fitted.score_pairs(nobody, no_pairs).shape == (0,)

    def test_items_without_history_are_silent_unless_the_source_says_otherwise(
        self, fitted: Recommender, data: Dataset, users: UserHistories
    ) -> None:
        """New items are NaN, or scored where `scores_new_items` says so."""
        new = np.flatnonzero(data.item_counts == 0)
        scores = fitted.scores(users)[:, new]
        assert len(new) >= 2
        if fitted.scores_new_items:
            assert np.isfinite(scores).any()
        else:
            assert np.isnan(scores).all()

    def test_ages_are_read_at_the_moment_of_each_user(
        self, fitted: Recommender, users: UserHistories
    ) -> None:
        """A much later `as_of` is another question, and fails nowhere."""
        later = replace(users, as_of=users.as_of + 3000 * DAY)
        assert not np.isinf(fitted.scores(later)).any()


def _spoken(answers: Scores, pairs: Pairs) -> Scores:
    """Return the answers that are not NaN, after a look at their shape and type."""
    assert answers.shape == (len(pairs),)
    assert answers.dtype == np.float32
    spoken = answers[~np.isnan(answers)]
    assert len(spoken)
    return spoken


def _assert_same_alone(
    ask: Callable[[UserHistories, Pairs], Scores | None],
    users: UserHistories,
    pairs: Pairs,
    answers: Scores,
) -> None:
    """Ask about each user alone and compare with the answers of the block."""
    for user in range(len(users)):
        one = slice(user, user + 1)
        own = pairs.of_users(one)
        own_pairs = Pairs(np.array([0, own.stop - own.start]), pairs.items[own])
        alone = ask(users.block(one), own_pairs)
        assert alone is not None
        assert_same(alone, answers[own])
