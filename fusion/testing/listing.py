"""The part of the contract about lists: the best items in order, nothing that is not allowed."""

import numpy as np
import pytest

from fusion.core.arrays import Flags
from fusion.data.histories import UserHistories
from fusion.models.base.allowed import Allowed
from fusion.models.base.fitted import FittedSource, fit_items
from fusion.models.base.recommender import Recommender
from fusion.testing.base import ContractBase
from fusion.testing.data import (
    checkerboard_data,
    fit_context,
    make_dataset,
    mixed_data,
    random_pairs,
    users_now,
)
from fusion.testing.reference import all_allowed, slow_top

assert_same = np.testing.assert_array_equal


class ListingContract(ContractBase):
    """Lists against the slow obvious ones, under ties, and over a catalogue that grew."""

    @pytest.mark.parametrize("seen", [False, True])
    @pytest.mark.parametrize("k", [1, 7, 100])
    def test_top_is_the_slow_obvious_top_of_scores(
        self, fitted: Recommender, users: UserHistories, some_allowed: Flags, k: int, seen: bool
    ) -> None:
        """`top` is the sorted `scores` of allowed items, to the last bit."""
        allowed = Allowed(some_allowed, seen)
        top = fitted.top(users, k, allowed)
        expected = slow_top(fitted.scores(users), users, k, allowed)
        assert_same(top.items, expected.items)
        assert_same(top.scores, expected.scores)
        assert top.items.dtype == np.int32
        assert top.scores.dtype == np.float32

    @pytest.mark.parametrize("seen", [False, True])
    def test_lists_never_hold_what_is_not_allowed_seen_or_unknown(
        self, fitted: Recommender, users: UserHistories, some_allowed: Flags, seen: bool
    ) -> None:
        """No forbidden item, no item of the history unless it may come again, no item twice."""
        # A copy, so that a source which widens it in place is caught.
        handed_over = Allowed(some_allowed.copy(), seen)
        top = fitted.top(users, 10, handed_over)
        assert_same(handed_over.items, some_allowed)
        for user in range(len(users)):
            listed = top.items[user][top.items[user] >= 0]
            history = users.items[users.borders[user] : users.borders[user + 1]]
            assert listed.max(initial=-1) < users.n_items
            assert some_allowed[listed].all()
            assert len(set(listed.tolist())) == len(listed)
            assert seen or not np.isin(listed, history).any()

    @pytest.mark.parametrize("seen", [False, True])
    def test_constant_data_gives_ties_in_item_order(self, fresh: Recommender, seen: bool) -> None:
        """Equal scores go to the lower item row."""
        data = make_dataset(np.repeat(np.arange(8), 5), np.tile(np.arange(5), 8), 8, 7)
        users = users_now(data)
        fresh.fit(data, fit_context())
        top = fresh.top(users, 6, all_allowed(7, seen))
        expected = slow_top(fresh.scores(users), users, 6, all_allowed(7, seen))
        assert_same(top.items, expected.items)

    @pytest.mark.parametrize(("n_users", "n_items"), [(1, 6), (6, 1), (1, 1)])
    def test_a_single_user_or_a_single_item_is_ordinary_data(
        self, fresh: Recommender, n_users: int, n_items: int
    ) -> None:
        """Data with one row or one column fits; everything was seen, so lists are empty."""
        rows = np.repeat(np.arange(n_users), n_items)
        columns = np.tile(np.arange(n_items), n_users)
        data = make_dataset(rows, columns, n_users, n_items)
        users = users_now(data)
        fresh.fit(data, fit_context())
        scores = fresh.scores(users)
        assert scores.shape == (n_users, n_items)
        assert not np.isinf(scores).any()
        top = fresh.top(users, 2, all_allowed(n_items))
        assert (top.items == -1).all()

    def test_a_catalogue_that_grew_since_the_fit_changes_nothing(self, fresh: Recommender) -> None:
        """Newer items are silent and never listed, and their events count for nothing."""
        data = mixed_data()
        known = data.before(int(data.times[160]))
        n_items = fit_items(fresh, known)
        model = fresh.fit(known.trim_items(n_items), fit_context())
        source = FittedSource("source", model, n_items, 10)
        users = users_now(data)
        top = source.top(users, 10, all_allowed(data.n_items))
        assert top.items.max() < n_items
        pairs = random_pairs(users)
        scores = source.score_pairs(users, pairs)
        trimmed = model.scores(users.trim_items(n_items))
        is_old = pairs.items < n_items
        assert np.isnan(scores[~is_old]).all()
        assert_same(scores[is_old], trimmed[pairs.owners[is_old], pairs.items[is_old]])

    def test_an_item_withheld_from_a_user_of_a_shared_taste_comes_back(
        self, fresh: Recommender
    ) -> None:
        """Even users have even items: the one withheld from a user is their best item."""
        if not self.collaborative:
            pytest.skip("the source does not say that it is collaborative")
        data, withheld = checkerboard_data()
        model = fresh.fit(data, fit_context())
        top = model.top(users_now(data), 1, all_allowed(data.n_items))
        assert_same(top.items[:, 0], withheld)
