"""Diversity within lists: by hand, and against the slow version."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from fusion.metrics import intra_list_diversity as module
from fusion.metrics.intra_list_diversity import ItemDescriptions, cosine, diversity, jaccard, sample
from tests.fusion.making import dataset, frame_of

sets = st.lists(st.sets(st.integers(0, 3)), min_size=6, max_size=6)
lists = st.lists(st.lists(st.integers(-1, 5), min_size=3, max_size=3), min_size=1, max_size=5)


def ones(categories: list[set[int]]) -> csr_array:
    return csr_array(
        np.array([[float(c in own) for c in range(4)] for own in categories], np.float32)
    )


def test_categories_by_hand():
    categories = ones([{0}, {0, 1}, {2}, set()])
    assert diversity(np.array([[0, 1, 2]]), categories, jaccard) == pytest.approx((0.5 + 1 + 1) / 3)
    # Items without a category and empty places make no pair, and a list without a pair does not
    # count.
    assert diversity(
        np.array([[0, 3, 1], [0, -1, -1], [3, 2, -1]]), categories, jaccard
    ) == pytest.approx(0.5)
    assert diversity(np.array([[3, 0, -1]]), categories, jaccard) is None
    assert diversity(np.array([[0, 0]]), categories, jaccard) == 0
    assert diversity(np.empty((0, 10), np.int32), categories, jaccard) is None


@settings(max_examples=60, deadline=None)
@given(sets, lists)
def test_diversity_is_the_mean_over_lists_of_the_mean_over_pairs(categories, listed):
    means = []
    for row in listed:
        own = [categories[item] for item in row if item >= 0 and categories[item]]
        unlike = [1 - len(a & b) / len(a | b) for a, b in combinations(own, 2)]
        means += [np.mean(unlike)] if unlike else []
    found = diversity(np.array(listed), ones(categories), jaccard)
    assert found == (pytest.approx(np.mean(means), abs=1e-6) if means else None)


def test_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    listed = rng.integers(-1, 30, size=(50, 10)).astype(np.int32)
    features = csr_array((rng.random((30, 8)) < 0.3).astype(np.float32))
    whole = diversity(listed, features, jaccard)
    monkeypatch.setattr(module, "BLOCK", 7)
    assert diversity(listed, features, jaccard) == pytest.approx(whole)


def test_cosines_of_rows_of_length_one():
    rows = csr_array(np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32))
    assert cosine(rows[[0, 0, 1]], rows[[0, 1, 2]]).tolist() == pytest.approx([1, 0.6, 0.8])
    assert diversity(np.array([[0, 1, 2]]), rows, cosine) == pytest.approx((0.4 + 1 + 0.2) / 3)


class TestDescribed:
    def data(self, **columns):
        names = [f"i{n}" for n in range(5)]
        table = pl.DataFrame({"id": names, **columns}) if columns else None
        return dataset(frame_of([("u", name, day) for day, name in enumerate(names)]), table)

    def test_texts_that_say_the_same_are_alike_in_any_script(self):
        texts = [
            "the old blue house",
            "the old blue house",
            "quite another tale",
            "蓝色的老房子",
            "蓝色的老房子",
        ]
        data = self.data(text=texts)
        place = data.item_ids.rows(pl.Series([f"i{n}" for n in range(5)]))
        described = ItemDescriptions(data, np.arange(5))
        pairs = {
            pair: described.diversity(place[[list(pair)]])["text_diversity"]
            for pair in combinations(range(5), 2)
        }
        assert pairs[0, 1] == pytest.approx(0, abs=1e-6)
        assert pairs[3, 4] == pytest.approx(0, abs=1e-6)
        assert pairs[0, 2] > 0.7
        assert pairs[0, 3] == pytest.approx(1)

    def test_only_listed_texts_are_read(self):
        described = ItemDescriptions(
            self.data(text=["ab cd", "ab cd", "xy", None, ""]), np.array([0, 2])
        )
        assert (np.diff(described.texts.indptr) > 0).tolist() == [True, False, True, False, False]

    def test_without_texts_or_categories_nothing_is_said(self):
        listed = np.array([[0, 1, 2]])
        assert ItemDescriptions(self.data(), np.arange(3)).diversity(listed) == {}
        empty = self.data(text=pl.Series([None] * 5, dtype=pl.String))
        assert ItemDescriptions(empty, np.arange(3)).diversity(listed) == {}
        both = self.data(text=["a b", "c d", "e f", "g", "h"], genres=[["x"], ["x"], ["y"], [], []])
        assert ItemDescriptions(both, np.arange(3)).diversity(listed)[
            "category_diversity"
        ] == pytest.approx(2 / 3)


def test_a_sample_is_all_or_about_so_many():
    users = np.arange(20_000, dtype=np.int32)
    assert sample(users[:400], 7).all()
    assert 400 < sample(users, 7).sum() < 600
    assert np.array_equal(sample(users, 7)[:100], sample(users, 7)[:100])
