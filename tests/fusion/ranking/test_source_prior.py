"""Leaning: which source a ranker leans on, how strongly, and that it does so where folds are drawn at random only."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fusion.ranking.ranker import Ranker
from fusion.ranking.ranker_training import refit
from fusion.ranking.source_prior import STRENGTH, SourcePrior, fit_source_prior
from fusion.training.pipeline import train
from tests.fusion.making import config, dataset, job_of, lively
from tests.fusion.ranking.test_ranker import SETTINGS, table

COLUMNS = ("good_z", "noise_z", "user_events")


@pytest.fixture(scope="module")
def training():
    one = replace(table(80), columns=COLUMNS[:2])
    return one, refit([one], SETTINGS, 20, 7, 1)


def test_it_leans_on_the_source_that_orders_the_lists_best_by_half_a_deviation_of_the_ranker():
    lists = [
        replace(table(60, seed=n, columns=("good", "noise", "other")), columns=COLUMNS)
        for n in range(2)
    ]
    for one in lists:
        one.matrix[:3, 0] = np.nan
    scores = [10.0 * one.matrix[:, 1] + 3.0 for one in lists]
    found = fit_source_prior(lists, scores)
    deviations = [
        mine[lo:hi].std()
        for one, mine in zip(lists, scores, strict=True)
        for lo, hi in zip(one.borders, one.borders[1:], strict=False)
    ]
    assert found.column == "good_z"
    assert found.weight == pytest.approx(STRENGTH * np.mean(deviations), rel=1e-5)


def test_scores_and_reasons_are_drawn_alike_and_silence_adds_nothing(training):
    one, plain = training
    leaning = replace(plain, source_prior=SourcePrior("good_z", 0.25))
    matrix = one.matrix.copy()
    matrix[::5, 0] = np.nan
    expected = plain.score(matrix) + 0.25 * np.where(np.isnan(matrix[:, 0]), 0.0, matrix[:, 0])
    assert np.allclose(leaning.score(matrix), expected, atol=1e-6)
    columns = dict(zip(leaning.columns, matrix.T, strict=True))
    rest = leaning.score_columns(columns) - leaning.contributions(columns).sum(axis=1)
    assert np.allclose(rest, rest[0], atol=1e-5)
    assert len(leaning.score(matrix[:0])) == 0


def test_a_file_keeps_what_it_leans_on(training, tmp_path):
    leaning = replace(training[1], source_prior=SourcePrior("good_z", 0.25))
    leaning.save(tmp_path)
    assert Ranker.load(tmp_path).source_prior == leaning.source_prior
    training[1].save(tmp_path)
    assert Ranker.load(tmp_path).source_prior is None


def leans(root) -> list[dict | None]:
    """What the rankers of a store lean on: that of the verdict, those that served."""
    return [json.loads(file.read_text()) for file in root.glob("store/*/*/source_prior.json")]


def test_rankers_lean_where_folds_are_drawn_at_random(tmp_path):
    trained = train(job_of(tmp_path, dataset(lively(seed=1).drop("time")), config()))
    found = leans(tmp_path)
    assert found
    assert all(SourcePrior(**one) == trained.source_prior for one in found)
    assert found[0]["column"].removesuffix("_z") in {source.name for source in config().sources}
    assert found[0]["weight"] > 0


def test_rankers_of_a_later_window_lean_on_nothing(done):
    context, trained = done
    found = leans(context.root)
    assert found
    assert trained.source_prior is None
    assert set(map(str, found)) == {"None"}
