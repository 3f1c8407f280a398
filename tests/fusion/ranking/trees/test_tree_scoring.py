"""QuickScorer: every bit as the booster has it; and which boosters are left to LightGBM."""

from threading import Barrier, get_ident
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from fusion.config import RankerSettings
from fusion.ranking.ranker_training import refit
from fusion.ranking.trees import tree_scoring
from fusion.ranking.trees.tree_scoring import QuickScorer, map_row_blocks
from tests.fusion.ranking.test_ranker import table

COLUMNS = ("whole", "with holes", "few values", "never missing", "hardly there")


def columns(rows: int, seed: int) -> np.ndarray:
    """Columns without holes, half empty, of few values (rows lie on thresholds), and so on."""
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((rows, len(COLUMNS))).astype(np.float32)
    matrix[:, 1][rng.random(rows) < 0.5] = np.nan
    matrix[:, 2] = rng.integers(0, 5, rows)
    matrix[:, 4][rng.random(rows) < 0.95] = np.nan
    return matrix


def booster(leaves: int, by_category: tuple[str, ...] = (), **extra: Any) -> lgb.Booster:
    matrix = columns(3000, 1)
    target = (
        np.sin(3 * matrix[:, 0])
        + np.isnan(matrix[:, 1]) * matrix[:, 2]
        + np.nan_to_num(matrix[:, 4])
    )
    settings = {
        "num_leaves": leaves,
        "min_data_in_leaf": 3,
        "verbosity": -1,
        "num_threads": 1,
        "objective": "l2",
    }
    data = lgb.Dataset(
        matrix,
        target,
        feature_name=list("abcde"),
        categorical_feature=list(by_category),
        free_raw_data=False,
    )
    return lgb.train({**settings, **extra}, data, num_boost_round=12)


def rows_to_score(model: lgb.Booster) -> np.ndarray:
    """Unseen rows, new holes, infinities, and rows on each threshold and beside it."""
    matrix = columns(2000, 2)
    matrix[::7, 3] = np.nan
    matrix[::11, 0], matrix[::13, 0] = np.inf, -np.inf
    splits = model.trees_to_dataframe().dropna(subset=["threshold"])
    on = np.tile(columns(1, 3), (3 * len(splits), 1))
    for at, (column, threshold) in enumerate(
        zip(splits["split_feature"], splits["threshold"], strict=True)
    ):
        with np.errstate(over="ignore"):
            near = np.float32(threshold)
        aside = [np.nextafter(near, np.float32(to)) for to in (-np.inf, np.inf)]
        on[3 * at : 3 * at + 3, "abcde".index(column)] = [near, *aside]
    return np.concatenate([matrix, on])


@pytest.mark.parametrize("leaves", [2, 7, 8, 9, 16, 17, 32, 33, 64])
def test_every_bit_is_the_boosters(leaves):
    model = booster(leaves)
    rows = rows_to_score(model)
    scorer = QuickScorer.of(model)
    assert scorer is not None
    assert max(len(tree.values) for tree in scorer.trees) == leaves
    assert np.array_equal(scorer.score(rows), model.predict(rows))
    assert np.array_equal(scorer.score(np.asfortranarray(rows)), model.predict(rows))


def test_blocks_of_any_size_and_no_rows_at_all(monkeypatch):
    model = booster(7)
    rows = rows_to_score(model)
    monkeypatch.setattr(tree_scoring, "BLOCK_ROWS", 97)
    scorer = QuickScorer.of(model)
    assert scorer is not None
    assert np.array_equal(scorer.score(rows), model.predict(rows))
    assert scorer.score(rows[:0]).shape == (0,)


def test_a_booster_that_learned_nothing_scores_alike():
    model = booster(7, min_data_in_leaf=10_000)
    scorer = QuickScorer.of(model)
    assert scorer is not None
    assert np.array_equal(scorer.score(columns(5, 2)), model.predict(columns(5, 2)))


@pytest.mark.parametrize(
    "extra",
    [
        {"leaves": 65},
        {"by_category": ("c",)},
        {"zero_as_missing": True},
        {"linear_tree": True},
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_what_it_cannot_score_is_left_to_the_booster(extra):
    assert QuickScorer.of(booster(**{"leaves": 31, **extra})) is None


@pytest.mark.parametrize("leaves", [7, 100])
def test_a_ranker_scores_as_its_boosters_do(leaves):
    training = table(300, each=30, columns=("good", "noise"))
    settings = RankerSettings(leaves=leaves, min_leaf=1, seeds=2, learning_rate=0.1)
    ranker = refit([training], settings, 10, 7, 1)
    fresh = table(40, seed=3).matrix
    fresh[::5, 0] = np.nan
    expected = np.mean([one.predict(fresh) for one in ranker.boosters], axis=0).astype(np.float32)
    assert np.array_equal(ranker.score(fresh), expected)
    assert np.array_equal(
        ranker.score_columns({"good": fresh[:, 0], "noise": fresh[:, 1]}), expected
    )


@pytest.mark.parametrize("threads", [1, 3])
def test_blocks_are_asked_by_as_many_threads_as_it_is_told(threads, monkeypatch):
    monkeypatch.setattr(tree_scoring, "BLOCK_ROWS", 2)
    together, who = Barrier(threads, timeout=60), set()

    def work(rows):
        who.add(get_ident())
        together.wait()
        return rows[:, 0].astype(np.float64)

    rows = columns(12, 1)
    assert np.array_equal(map_row_blocks(work, rows, threads), rows[:, 0])
    assert len(who) == threads
