from dataclasses import replace

import numpy as np
import polars as pl

from fusion.data.topk import Pairs
from fusion.models.base.registry import build
from fusion.models.category import category_shares, kinds_of_rows
from fusion.testing.data import fit_context, make_dataset, users_now


def categorised(data, *columns):
    table = pl.DataFrame(
        {f"column{n}": column for n, column in enumerate(columns)},
        schema={f"column{n}": pl.List(pl.String) for n in range(len(columns))},
    )
    return replace(data, item_table=table)


def test_scores_are_popularity_times_smoothed_lift():
    data = make_dataset([0, 0, 1, 2, 3], [0, 1, 2, 2, 3], 4, 4)
    data = categorised(data, [["a"], ["a", "b"], ["b"], None])
    model = build("category", {"smoothing": 2.0, "half_life": 3650.0}).fit(data, fit_context())
    share = np.array([1.5, 2.5]) / 4  # of a and b among the four events with categories
    own_share = (np.array([1.5, 0.5]) + 2 * share) / 4
    lift = own_share / share
    expected = np.array([1 * lift[0], 1 * lift.mean(), 2 * lift[1], np.nan])
    np.testing.assert_allclose(model.scores(users_now(data))[0], expected, rtol=1e-3)


def test_a_user_without_history_gets_popularity():
    data = make_dataset([0, 1, 1], [0, 1, 0], 3, 2)
    data = categorised(data, [["a"], ["b"]])
    scores = build("category").fit(data, fit_context()).scores(users_now(data))
    np.testing.assert_allclose(
        scores[2],
        build("popularity").fit(data, fit_context()).scores(users_now(data))[2],
        rtol=1e-5,
    )


def test_every_list_column_counts_and_the_same_word_in_two_columns_is_two_categories():
    data = categorised(
        make_dataset([0], [0], 1, 3), [["x"], ["x"], []], [["x"], ["y", "y"], [None]]
    )
    shares = category_shares(data.item_table, 3).toarray()
    np.testing.assert_array_equal(shares, [[0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0, 0]])


def test_kinds_are_the_rows_that_are_alike():
    shares = category_shares(
        pl.DataFrame({"a": [["x"], ["y", "x"], None, ["x"], ["x", "y"], ["y"], []]}), 7
    )
    firsts, kinds = kinds_of_rows(shares)
    assert kinds.tolist() == [0, 1, 2, 0, 1, 3, 2]
    assert firsts.tolist() == [0, 1, 2, 5]


def test_pairs_have_the_bits_of_whole_rows_whatever_the_block():
    rng = np.random.default_rng(5)
    users, items = rng.integers(40, size=900), rng.integers(60, size=900)
    data = make_dataset(users, items, 40, 60)
    tags = [[f"t{tag}" for tag in rng.integers(9, size=rng.integers(4))] for _ in range(60)]
    model = build("category", {"strength": 1.7}).fit(categorised(data, tags), fit_context())
    histories = users_now(data)
    listed = rng.permuted(np.tile(np.arange(60, dtype=np.int32), (len(histories), 1)), axis=1)
    pairs = Pairs.from_lists(listed[:, :20])
    whole = model.scores(histories)[pairs.owners, pairs.items]
    assert np.isnan(whole).any()
    assert model.score_pairs(histories, pairs).tobytes() == whole.tobytes()
    model.block_bytes = 1  # a user a block
    assert model.score_pairs(histories, pairs).tobytes() == whole.tobytes()
