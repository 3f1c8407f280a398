from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from fusion.data.topk import best
from fusion.models.base.registry import build
from fusion.models.base.sparse_scores import densify, keep_best, top_k_of_rows
from fusion.models.sequence import STEP_BYTES, FollowedEvents, count_steps
from fusion.testing.data import START, fit_context, make_dataset, mixed_data, users_now


def test_item_neighbours_are_shrunk_cosines_of_columns():
    data = mixed_data()
    histories = (data.matrix().toarray() > 0).astype(float)
    lengths = np.sqrt(histories.sum(axis=0))
    similar = histories.T @ histories / np.maximum(np.outer(lengths, lengths) + 4.0, 1e-9)
    np.fill_diagonal(similar, 0)
    settings = {"similarity": "cosine", "shrink": 4.0, "neighbours": 100}
    model = build("item_knn", settings).fit(data, fit_context())
    np.testing.assert_allclose(model.links_.toarray(), similar, rtol=1e-5)
    np.testing.assert_allclose(
        np.nan_to_num(model.scores(users_now(data))), histories @ similar, rtol=1e-5
    )


def test_an_item_keeps_only_its_nearest():
    model = build("item_knn", {"neighbours": 10}).fit(mixed_data(), fit_context())
    whole = build("item_knn", {"neighbours": 100}).fit(mixed_data(), fit_context()).links_.toarray()
    expected = np.where(np.isin(whole, 0), 0, whole)
    for row, (full, kept) in enumerate(zip(expected, model.links_.toarray(), strict=True)):
        chosen = sorted(np.flatnonzero(full), key=lambda item, full=full: (-full[item], item))[:10]
        np.testing.assert_array_equal(np.flatnonzero(kept), sorted(chosen), err_msg=f"item {row}")


@pytest.mark.parametrize("similarity", ["tfidf", "bm25"])
def test_sharing_a_user_who_meets_everything_says_less(similarity):
    """Items 0 and 1 share a choosy user, items 2 and 3 one who took twenty."""
    users = [0, 0, *[1] * 20]
    items = [0, 1, *range(2, 22)]
    links = (
        build("item_knn", {"similarity": similarity, "shrink": 5.0})
        .fit(make_dataset(users, items, 2, 22), fit_context())
        .links_
    )
    assert links[0, 1] > links[2, 3] > 0


BM25 = {"similarity": "bm25"}


@pytest.mark.parametrize(
    ("use", "settings"), [("item_knn", {}), ("item_knn", BM25), ("sequence", {})]
)
def test_neither_budget_nor_threads_change_the_links(use, settings):
    whole = build(use, settings).fit(mixed_data(), fit_context())
    split = build(use, settings)
    split.block_bytes = 4000
    split.fit(mixed_data(), replace(fit_context(), threads=3))
    assert len(whole.links_.data)
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(split.links_, name), getattr(whole.links_, name))


def steps_at_once(data, reach):
    """Steps as they are defined: from each event to those after it of the same user."""
    total = np.zeros((data.n_items, data.n_items), np.float32)
    for gap in range(1, reach + 1):
        of_gap = np.zeros_like(total)
        for user in range(data.n_users):
            own = data.items[data.users == user]
            for first, follower in zip(own[:-gap], own[gap:], strict=True):
                of_gap[first, follower] += np.float32(1 / gap)
        total += of_gap
    return total


@pytest.mark.parametrize("budget", [64 * 4, 64 * 40, STEP_BYTES])
def test_steps_are_counted_in_pieces_to_the_same_bits(monkeypatch, budget):
    monkeypatch.setattr("fusion.models.sequence.STEP_BYTES", budget)
    data = mixed_data()
    events = FollowedEvents.of(data)
    for part in (slice(0, data.n_items), slice(3, 11)):
        counted = count_steps(events, part, 4).toarray()
        np.testing.assert_array_equal(counted, steps_at_once(data, 4)[part])


def test_steps_count_by_distance_and_in_one_direction_only():
    data = make_dataset([0, 0, 0], [2, 0, 1], 1, 3)
    links = build("sequence", {"reach": 2, "shrink": 0.0}).fit(data, fit_context()).links_.toarray()
    np.testing.assert_allclose(links, [[0, 1, 0], [0, 0, 0], [1, 0.5, 0]])


def test_steps_never_cross_from_one_user_to_the_next():
    data = make_dataset([0, 1, 0, 1], [0, 2, 1, 3], 2, 4, START + np.arange(4))
    links = build("sequence", {"reach": 3, "shrink": 0.0}).fit(data, fit_context()).links_.toarray()
    assert set(zip(*np.nonzero(links), strict=True)) == {(0, 1), (2, 3)}


def test_newer_items_lead_more():
    data = make_dataset([0, 0, 1, 1, 2, 2], [0, 2, 1, 3, 0, 1], 3, 4)
    scores = build("sequence", {"shrink": 0.0}).fit(data, fit_context()).scores(users_now(data))[2]
    assert scores[3] > scores[2] > 0
    only_newest = (
        build("sequence", {"last": 1, "shrink": 0.0})
        .fit(data, fit_context())
        .scores(users_now(data))[2]
    )
    assert np.isnan(only_newest[2])
    assert only_newest[3] == scores[3]


def test_best_of_sparse_rows_is_best_of_dense_rows():
    rng = np.random.default_rng(0)
    dense = rng.integers(0, 5, (40, 30)).astype(
        np.float32
    )  # many ties, and zeros that are not stored
    rows = csr_array(dense)
    for k in (1, 4, 40):
        expected = best(np.where(dense == 0, np.nan, dense), k)
        top = top_k_of_rows(rows.indptr.astype(np.int64), rows.indices, rows.data, k)
        np.testing.assert_array_equal(top.items, expected.items)
        np.testing.assert_array_equal(top.scores, expected.scores)
        kept = keep_best(rows, k).toarray()
        np.testing.assert_array_equal(
            np.count_nonzero(kept, axis=1), (expected.items >= 0).sum(axis=1)
        )
        np.testing.assert_array_equal(kept[kept > 0], dense[kept > 0])


def test_spreading_what_is_not_stored_gives_silence():
    rows = csr_array(
        (np.array([4, 3, 2], np.float32), np.array([2, 0, 1], np.int32), [0, 2, 3]), shape=(2, 3)
    )
    np.testing.assert_array_equal(densify(rows), [[3, np.nan, 4], [np.nan, 2, np.nan]])
    assert np.isnan(densify(csr_array((2, 3), dtype=np.float32))).all()
