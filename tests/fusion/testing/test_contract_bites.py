"""Every promise of the contract has a source that breaks it, and a test that then fails."""

import inspect
from itertools import count

import numpy as np
import pytest

from fusion import Allowed, FusionError
from fusion.testing import SourceContract
from fusion.testing.data import fit_context, mixed_data, users_now
from tests.fusion.broken import Infinite, Lister, Misshapen, Plain


class Honest(Plain):
    """Keeps the whole contract: a score by item row, silence for items without history."""

    def fit(self, data, ctx):
        self.silent_ = data.item_counts == 0
        return super().fit(data, ctx)

    def scores(self, users):
        scores = super().scores(users)
        scores[:, self.silent_[: users.n_items]] = np.nan
        return scores

    def state(self):
        return super().state() | {"silent": self.silent_}

    @classmethod
    def restore(cls, config, state):
        model = super().restore(config, state)
        model.silent_ = state["silent"]
        return model


class WideFloats(Honest):
    def scores(self, users):
        return super().scores(users).astype(np.float64)


class OtherPairs(Honest):
    def score_pairs(self, users, pairs):
        return super().score_pairs(users, pairs) + 1


class KnowsTheBlock(Honest):
    def scores(self, users):
        return super().scores(users) + len(users)


class ListsAnything(Honest):
    def top(self, users, k, allowed):
        return super().top(users, k, Allowed(np.ones_like(allowed.items), allowed.seen))


class WidensWhatIsAllowed(Honest):
    def top(self, users, k, allowed):
        allowed.items[:] = True
        return super().top(users, k, allowed)


class SkipsUnknown(Honest):
    def scores(self, users):
        scores = super().scores(users)
        scores[users.rows < 0] = np.nan
        return scores


class AsksForHistory(Honest):
    def scores(self, users):
        assert len(users.items) or not len(users), "no history"
        return super().scores(users)


class RaisesForNobody(Honest):
    def scores(self, users):
        assert len(users), "nobody"
        return super().scores(users)


class Spoils(Honest):
    def fit(self, data, ctx):
        data.weights[:] = 0
        return super().fit(data, ctx)


class Seedless(Honest):
    fits = count()

    def fit(self, data, ctx):
        self.offset_ = np.float32(next(self.fits))
        return super().fit(data, ctx)

    def scores(self, users):
        return super().scores(users) + self.offset_


class Remembers(Honest):
    def fit(self, data, ctx):
        self.offset_ = np.float32(getattr(self, "offset_", 0) + 1)
        return super().fit(data, ctx)

    def scores(self, users):
        return super().scores(users) + self.offset_


class KeepsObjects(Honest):
    def state(self):
        return super().state() | {"names": np.array([{"a": 1}], dtype=object)}


class Shrinks(Honest):
    def memory_bytes(self, n_users, n_items, n_events):
        return -n_events


class Learns(Honest):
    """Changes when it is asked."""

    def scores(self, users):
        self.events_ += 1
        return super().scores(users)


class Speechless(Honest):
    reason_text = None


class Misspelt(Honest):
    needs = frozenset({"time"})


BROKEN = [
    (Infinite, "test_scores_are_float32_of_users_by_items_and_never_infinite"),
    (Misshapen, "test_scores_are_float32_of_users_by_items_and_never_infinite"),
    (WideFloats, "test_scores_are_float32_of_users_by_items_and_never_infinite"),
    (Plain, "test_items_without_history_are_silent_unless_the_source_says_otherwise"),
    (OtherPairs, "test_score_pairs_are_the_gathered_scores_bit_for_bit"),
    (KnowsTheBlock, "test_a_block_of_users_gives_the_same_as_each_alone"),
    (Lister, "test_top_is_the_slow_obvious_top_of_scores"),
    (WidensWhatIsAllowed, "test_lists_never_hold_what_is_not_allowed_seen_or_unknown"),
    (ListsAnything, "test_lists_never_hold_what_is_not_allowed_seen_or_unknown"),
    (SkipsUnknown, "test_an_unknown_user_is_served_from_the_history_handed_over"),
    (AsksForHistory, "test_an_empty_history_is_an_ordinary_one"),
    (RaisesForNobody, "test_a_block_without_users_is_an_ordinary_one"),
    (Spoils, "test_a_fit_leaves_the_data_as_it_was"),
    (Seedless, "test_the_same_seed_gives_the_same_numbers"),
    (Remembers, "test_fitting_again_forgets_the_first_fit"),
    (KeepsObjects, "test_state_comes_back_from_a_file_bit_for_bit"),
    (Shrinks, "test_memory_is_estimated_before_a_fit_and_grows_with_the_data"),
    (Learns, "test_scoring_leaves_the_source_as_it_is"),
    (Speechless, "test_its_class_can_be_registered"),
    (Misspelt, "test_its_class_can_be_registered"),
]


def run(source, test: str, tmp_path) -> None:
    """Run one test of the contract, with what pytest would hand to it."""
    contract = type("Contract", (SourceContract,), {"source": source})()
    data = mixed_data()
    values = {
        "data": data,
        "fresh": contract.unfitted(),
        "fitted": contract.unfitted().fit(mixed_data(), fit_context()),
        "k": 7,
        "seen": False,
        "some_allowed": np.arange(data.n_items) % 3 > 0,
        "tmp_path": tmp_path,
        "users": users_now(data),
    }
    method = getattr(contract, test)
    method(**{name: values[name] for name in inspect.signature(method).parameters})


@pytest.mark.parametrize(("source", "test"), BROKEN)
def test_a_broken_promise_fails(source, test, tmp_path):
    with pytest.raises((AssertionError, FusionError, ValueError)):
        run(source, test, tmp_path)


@pytest.mark.parametrize("test", sorted({test for _, test in BROKEN}))
def test_a_source_that_keeps_its_promises_passes(test, tmp_path):
    run(Honest, test, tmp_path)


class TestHonest(SourceContract):
    """A source that only knows which items have a history keeps the whole contract."""

    source = Honest
