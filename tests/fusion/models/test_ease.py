import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_array

from fusion.core.arrays import DAY
from fusion.data.id_map import IdMap
from fusion.errors import ConfigError
from fusion.models.base.registry import build
from fusion.models.linear import closed_form
from fusion.models.linear.closed_form import weights_by_items, weights_by_users
from fusion.testing.data import START, fit_context, make_dataset, mixed_data, users_now
from fusion.training.sources import LeftOut, left_out

BOTH = pytest.mark.parametrize("solve", [weights_by_items, weights_by_users])


def by_the_paper(histories, reg):
    """In float64, by the letter of the paper."""
    inverse = np.linalg.inv(histories.T @ histories + reg * np.eye(histories.shape[1]))
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    return weights


@BOTH
@pytest.mark.parametrize("n_users", [20, 200])
def test_weights_are_the_closed_form_by_columns(solve, n_users):
    rng = np.random.default_rng(0)
    histories = (rng.random((n_users, 60)) < rng.random(60) * 0.4).astype(np.float32)
    expected = by_the_paper(histories.astype(float), 5.0)
    weights = solve(csr_array(histories), 5.0)
    np.testing.assert_allclose(weights, expected, atol=2e-6)
    assert (
        np.abs(expected - expected.T).max() > 0.01
    )  # so the transposed matrix would not have passed
    assert weights.dtype == np.float32
    assert weights.flags.c_contiguous


def test_scores_are_histories_times_weights():
    data = mixed_data()
    ease = build("ease", {"reg": 3.0}).fit(data, fit_context())
    histories = (data.matrix().toarray() > 0).astype(float)
    kept = data.item_counts > 0
    expected = histories[:, kept] @ by_the_paper(histories[:, kept], 3.0)
    np.testing.assert_allclose(ease.scores(users_now(data))[:-1, kept], expected[:-1], atol=1e-5)


def test_a_matrix_that_cannot_be_inverted_says_what_to_do():
    with pytest.raises(ConfigError, match=r"reg=0\.0; raise reg"):
        weights_by_items(csr_array(np.ones((2, 3), np.float32)), 0.0)


def test_rare_items_can_be_left_out():
    data = mixed_data()
    scores = build("ease", {"min_count": 5}).fit(data, fit_context()).scores(users_now(data))
    np.testing.assert_array_equal(np.isnan(scores[0]), data.item_counts < 5)


@pytest.mark.parametrize("use", ["ease", "sequence_ridge"])
def test_the_most_taken_items_are_a_data_set_of_their_own(use):
    data = mixed_data()
    model = build(use, {"max_items": 6}).fit(data, fit_context())
    falling = np.argsort(-data.item_counts, kind="stable")[:6]
    assert model.items_.tolist() == sorted(falling.tolist())
    silent = np.isnan(model.scores(users_now(data))).all(axis=0)
    assert np.flatnonzero(~silent).tolist() == model.items_.tolist()
    everything = build(use, {"max_items": 1000}).fit(data, fit_context())
    assert everything.items_.tolist() == np.flatnonzero(data.item_counts).tolist()


@pytest.mark.parametrize("use", ["ease", "sequence_ridge"])
def test_what_is_left_out_for_its_memory_says_what_would_let_it_in(use):
    data, memory = mixed_data(), 0.0157
    settings = {"max_items": 10**6}
    wide = replace(data, item_ids=IdMap(pl.Series("id", map(str, range(60_000)))))
    why = left_out(build(use, settings), wide, memory)
    assert why.cause == "memory"
    enough = float(re.search(r"memory = (\S+) would", why.status)[1])
    assert left_out(build(use, settings), wide, enough) is None
    most = int(re.search(r"max_items = (\d+)$", why.status)[1])
    assert left_out(build(use, {"max_items": most}), wide, memory) is None
    assert left_out(build(use, {"max_items": most + 1}), wide, memory).cause == "memory"


@pytest.mark.parametrize("most", [1, 5, 12, 20])
def test_a_search_takes_the_most_taken_items(monkeypatch, most):
    monkeypatch.setattr("fusion.models.ease.MAX_TUNED_ITEMS", most)
    data = mixed_data()
    min_count = build("ease").tuning_overrides(data)["min_count"]
    kept = np.sort(data.item_counts)[::-1]
    assert 0 < (kept >= min_count).sum() <= most < (kept >= min_count - 1).sum()


def test_a_search_takes_all_items_where_they_are_few_or_all_alike(monkeypatch):
    assert build("ease").tuning_overrides(mixed_data()) == {}
    monkeypatch.setattr("fusion.models.ease.MAX_TUNED_ITEMS", 3)
    equal_counts = make_dataset(np.arange(12) % 4, np.arange(12) % 6, 4, 6)
    assert build("ease").tuning_overrides(equal_counts) == {}
    assert build("ease", {"min_count": 1000}).tuning_overrides(mixed_data()) == {}


def test_only_the_last_events_are_read_when_asked():
    data = mixed_data()
    short = build("ease", {"last": 2}).fit(data, fit_context())
    full = build("ease").fit(data, fit_context())
    users = users_now(data)
    np.testing.assert_array_equal(short.scores(users), full.scores(users.last(2)))
    assert not np.array_equal(short.scores(users), full.scores(users), equal_nan=True)


def test_old_events_fade():
    """Item 0 was long ago and item 1 is new: what goes with item 1 comes first, if events fade."""
    users = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    items = [0, 2, 0, 2, 0, 2, 1, 3, 1, 3, 0, 2, 0, 1]
    times = START + np.array([0] * 12 + [0, 100]) * DAY
    order = np.argsort(times, kind="stable")
    data = make_dataset(np.array(users)[order], np.array(items)[order], 7, 4, times[order])
    asked = users_now(data).block(slice(6, 7))
    plain = build("ease", {"reg": 1.0}).fit(data, fit_context()).scores(asked)[0]
    fading = (
        build("ease", {"reg": 1.0, "half_life": 10.0}).fit(data, fit_context()).scores(asked)[0]
    )
    assert plain[2] > plain[3]
    assert fading[3] > fading[2]


@pytest.mark.parametrize(
    "use", ["als", "autoencoder", "ease", "item_knn", "user_knn", "neighbour_trend"]
)
def test_what_fades_needs_times(use):
    timeless = replace(make_dataset([0, 0, 1, 1], [0, 1, 0, 1], 2, 2), has_times=False)
    reason = left_out(build(use, {"half_life": 10.0}), timeless, 1.0)
    assert reason == LeftOut("data", "left out: the data has no times")
    assert left_out(build("ease"), timeless, 1.0) is None


@pytest.mark.parametrize("n_blocks", [1, 5, 16, 70])
def test_half_of_a_gram_matrix_made_in_blocks_has_the_bits_of_the_whole(monkeypatch, n_blocks):
    rng = np.random.default_rng(0)
    dense = rng.random((50, 70)).astype(np.float32) * (rng.random((50, 70)) < 0.2)
    histories = csr_array(dense.astype(np.float32))
    monkeypatch.setattr(closed_form, "GRAM_BLOCKS", n_blocks)
    lower = closed_form.lower_gram(histories.T.tocsr())
    whole = (histories.T.tocsr() @ histories).toarray()
    np.testing.assert_array_equal(np.tril(lower), np.tril(whole))


def test_a_gram_matrix_keeps_to_its_budget(monkeypatch):
    histories = csr_array((np.random.default_rng(0).random((50, 70)) < 0.2).astype(np.float32))
    monkeypatch.setattr(closed_form, "GRAM_BLOCKS", 1)
    monkeypatch.setattr(closed_form, "GRAM_BYTES", 70 * closed_form.PRODUCT_CELL * 16)
    sizes = []
    cut = closed_form.blocks
    monkeypatch.setattr(closed_form, "blocks", lambda n, size: sizes.append(size) or cut(n, size))
    lower = closed_form.lower_gram(histories.T.tocsr())
    assert sizes == [16]
    np.testing.assert_array_equal(np.tril(lower), np.tril((histories.T @ histories).toarray()))


def test_fifty_thousand_items_are_too_many_for_six_gib():
    assert build("ease").memory_bytes(100_000, 50_000, 5_000_000) > 6 * 2**30
    assert build("ease").memory_bytes(6_000, 10_000, 1_000_000) < 2 * 2**30
