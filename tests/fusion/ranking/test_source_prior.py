"""The source prior: of which source, how strong, and only where folds are drawn at random."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fusion.ranking.features.source_columns import source_column
from fusion.ranking.ranker import Ranker
from fusion.ranking.ranker_training import refit
from fusion.ranking.source_prior import STRENGTH, SourcePrior, fit_source_prior
from fusion.training.pipeline import train
from tests.fusion.making import config, context_of, dataset, synthetic_interactions
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
    prior = fit_source_prior(lists, scores)
    deviations = [
        mine[lo:hi].std()
        for one, mine in zip(lists, scores, strict=True)
        for lo, hi in zip(one.borders, one.borders[1:], strict=False)
    ]
    assert prior.column == "good_z"
    assert prior.weight == pytest.approx(STRENGTH * np.mean(deviations), rel=1e-5)


def test_scores_and_reasons_are_drawn_alike_and_silence_adds_nothing(training):
    one, plain = training
    with_prior = replace(plain, source_prior=SourcePrior("good_z", 0.25))
    matrix = one.matrix.copy()
    matrix[::5, 0] = np.nan
    expected = plain.score(matrix) + 0.25 * np.where(np.isnan(matrix[:, 0]), 0.0, matrix[:, 0])
    assert np.allclose(with_prior.score(matrix), expected, atol=1e-6)
    columns = dict(zip(with_prior.columns, matrix.T, strict=True))
    rest = with_prior.score_columns(columns) - with_prior.contributions(columns).sum(axis=1)
    assert np.allclose(rest, rest[0], atol=1e-5)
    assert len(with_prior.score(matrix[:0])) == 0


def test_a_file_keeps_what_it_leans_on(training, tmp_path):
    with_prior = replace(training[1], source_prior=SourcePrior("good_z", 0.25))
    with_prior.save(tmp_path)
    assert Ranker.load(tmp_path).source_prior == with_prior.source_prior
    training[1].save(tmp_path)
    assert Ranker.load(tmp_path).source_prior is None


def stored_priors(root) -> list[dict | None]:
    """What the rankers of a store lean on: that of the verdict, those that served."""
    return [json.loads(file.read_text()) for file in root.glob("store/*/*/source_prior.json")]


def test_rankers_lean_where_folds_are_drawn_at_random(tmp_path):
    trained = train(
        context_of(tmp_path, dataset(synthetic_interactions(seed=1).drop("time")), config())
    )
    priors = stored_priors(tmp_path)
    assert priors
    assert all(SourcePrior(**one) == trained.source_prior for one in priors)
    assert source_column(priors[0]["column"]).source in {source.name for source in config().sources}
    assert priors[0]["weight"] > 0


def test_rankers_of_a_later_window_lean_on_nothing(done):
    context, trained = done
    priors = stored_priors(context.root)
    assert priors
    assert trained.source_prior is None
    assert set(map(str, priors)) == {"None"}
