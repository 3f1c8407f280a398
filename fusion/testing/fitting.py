"""The part of the contract about fits: repeatable, forgetful, free of side effects, restorable."""

from dataclasses import replace
from math import isfinite
from pathlib import Path

import numpy as np

from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.recommender import Recommender
from fusion.models.base.registry import check_source
from fusion.testing.base import ContractBase
from fusion.testing.data import (
    fit_context,
    make_dataset,
    mixed_data,
    random_pairs,
    users_now,
    with_side_information,
)
from fusion.testing.reference import all_allowed

assert_same = np.testing.assert_array_equal


class FittingContract(ContractBase):
    """State, seeds, the data that a fit reads, and the memory that it asks for."""

    def test_its_class_can_be_registered(self) -> None:
        """Needs are capabilities that data can have; overrides have today's names and types."""
        check_source(self.source.__name__, self.source)

    def test_its_needs_under_these_settings_are_among_those_that_data_can_have(
        self, fresh: Recommender, data: Dataset
    ) -> None:
        """`required` holds `needs`, and the small data offers all of it."""
        assert fresh.needs <= fresh.required() <= data.capabilities

    def test_state_comes_back_from_a_file_bit_for_bit(
        self, fitted: Recommender, users: UserHistories, tmp_path: Path
    ) -> None:
        """`state` goes through `np.savez` without pickle, and `restore` gives the same source."""
        np.savez(tmp_path / "state.npz", allow_pickle=False, **fitted.state())
        with np.load(tmp_path / "state.npz", allow_pickle=False) as stored:
            again = type(fitted).restore(fitted.config, dict(stored))
        assert_same(again.scores(users), fitted.scores(users))
        allowed = all_allowed(users.n_items)
        assert_same(again.top(users, 4, allowed).items, fitted.top(users, 4, allowed).items)

    def test_scoring_leaves_the_source_as_it_is(
        self, fresh: Recommender, data: Dataset, users: UserHistories
    ) -> None:
        """Two threads may ask at once: what was learned is the same before and after."""
        model = fresh.fit(data, fit_context())
        before = {name: values.copy() for name, values in model.state().items()}
        model.scores(users)
        model.top(users, 3, all_allowed(users.n_items))
        model.score_pairs(users, random_pairs(users))
        after = model.state()
        assert after.keys() == before.keys()
        for name, values in before.items():
            assert_same(after[name], values)

    def test_the_same_seed_gives_the_same_numbers(
        self, data: Dataset, users: UserHistories
    ) -> None:
        """Two fits with the same random stream agree to the last bit."""
        first = self.unfitted().fit(data, fit_context(9))
        second = self.unfitted().fit(data, fit_context(9))
        assert_same(second.scores(users), first.scores(users))

    def test_fitting_again_forgets_the_first_fit(
        self, fresh: Recommender, data: Dataset, users: UserHistories
    ) -> None:
        """A source fitted twice is the one fitted once."""
        fresh.fit(mixed_data(seed=8), fit_context())
        again = fresh.fit(data, fit_context(4))
        once = self.unfitted().fit(data, fit_context(4))
        assert_same(again.scores(users), once.scores(users))

    def test_a_fit_leaves_the_data_as_it_was(self, fresh: Recommender) -> None:
        """Neither a fit nor scoring changes an array of the data."""
        data = mixed_data()
        columns = ("users", "items", "times", "weights", "liked")
        before = {name: getattr(data, name).copy() for name in columns}
        fresh.fit(data, fit_context()).scores(users_now(data))
        for name, values in before.items():
            assert_same(getattr(data, name), values)

    def test_nothing_later_than_the_cut_is_known(self, data: Dataset) -> None:
        """Later rows, and items that only they have, may as well not exist: the same bits."""
        cut = int(data.times[160])
        known = data.before(cut)
        n_items = int(known.items.max()) + 1
        trimmed = known.trim_items(n_items)
        rows = slice(0, len(known))
        made = make_dataset(
            data.users[rows].copy(),
            data.items[rows].copy(),
            data.n_users,
            n_items,
            data.times[rows].copy(),
            data.weights[rows].copy(),
        )
        rebuilt = with_side_information(made, cut)
        everyone = np.arange(data.n_users, dtype=np.int32)
        cuts = np.full(data.n_users, cut)
        scores = [
            self.unfitted().fit(part, fit_context()).scores(part.users_at(everyone, cuts))
            for part in (trimmed, rebuilt)
        ]
        assert_same(scores[0], scores[1])

    def test_data_without_weights_fits_as_well(self, fresh: Recommender, data: Dataset) -> None:
        """Weights of 1 are weights."""
        ones = np.ones(len(data), np.float32)
        plain = replace(data, weights=ones, has_weights=False)
        scores = fresh.fit(plain, fit_context()).scores(users_now(plain))
        assert np.isfinite(scores).any()

    def test_memory_is_estimated_before_a_fit_and_grows_with_the_data(
        self, fresh: Recommender
    ) -> None:
        """`memory_bytes` is a finite number, not below 0, that more data never makes smaller."""
        small = fresh.memory_bytes(100, 100, 1000)
        large = fresh.memory_bytes(100_000, 50_000, 5_000_000)
        assert isfinite(large)
        assert 0 <= small <= large

    def test_cost_is_declared_before_a_fit_and_grows_with_the_data(
        self, fresh: Recommender
    ) -> None:
        """`fit_cost` is a finite number, not below 0, that more data never makes smaller."""
        small = fresh.fit_cost(100, 100, 1000)
        large = fresh.fit_cost(100_000, 50_000, 5_000_000)
        assert isfinite(large)
        assert 0 <= small <= large
