"""TreeSHAP: as LightGBM has it to the last digits, and left to it where tables would burst."""

import numpy as np
import pytest

from fusion.config import RankerSettings
from fusion.ranking.ranker_training import refit
from fusion.ranking.trees import tree_scoring, tree_shap
from fusion.ranking.trees.tree_scoring import QuickScorer
from fusion.ranking.trees.tree_shap import TreeShap
from tests.fusion.ranking.test_ranker import table
from tests.fusion.ranking.trees.test_tree_scoring import booster, rows_to_score


@pytest.mark.parametrize("leaves", [2, 7, 15, 64])
def test_they_are_those_of_lightgbm(leaves):
    model = booster(leaves)
    rows = rows_to_score(model)[:3000]
    scorer = QuickScorer.of(model)
    assert scorer is not None
    shap = TreeShap.of(scorer)
    assert shap is not None
    expected = model.predict(rows, pred_contrib=True)
    assert np.allclose(shap.contributions(rows), expected[:, :-1], rtol=1e-9, atol=1e-12)
    assert np.allclose(shap.contributions(rows).sum(axis=1) + expected[:, -1], scorer.score(rows))


def test_blocks_of_any_size_no_rows_and_trees_without_a_split(monkeypatch):
    monkeypatch.setattr(tree_scoring, "BLOCK_ROWS", 97)
    for model in (booster(7), booster(7, min_data_in_leaf=10_000)):
        scorer = QuickScorer.of(model)
        assert scorer is not None
        shap = TreeShap.of(scorer)
        assert shap is not None
        rows = rows_to_score(booster(7))[:1000]
        assert np.allclose(
            shap.contributions(rows),
            model.predict(rows, pred_contrib=True)[:, :-1],
            rtol=1e-9,
            atol=1e-12,
        )
        assert shap.contributions(rows[:0]).shape == (0, 5)


@pytest.mark.parametrize("limit", [tree_shap.MAX_TABLE_CELLS, 10])
def test_a_ranker_tells_the_mean_of_its_boosters_with_and_without_room_for_tables(
    monkeypatch, limit
):
    monkeypatch.setattr(tree_shap, "MAX_TABLE_CELLS", limit)
    ranker = refit([table(300, each=30)], RankerSettings(leaves=7, min_leaf=1, seeds=2), 10, 7, 1)
    assert (TreeShap.of(QuickScorer.of(ranker.boosters[0])) is None) == (limit == 10)
    fresh = table(40, seed=3).matrix
    expected = np.mean(
        [one.predict(fresh, pred_contrib=True)[:, :-1] for one in ranker.boosters], axis=0
    )
    contributions = ranker.contributions({"good": fresh[:, 0], "noise": fresh[:, 1]})
    assert np.allclose(contributions, expected, atol=1e-6)
