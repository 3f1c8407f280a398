"""The estimate of a training: by lists as served, without labels that were seen, from the past."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fusion.core.arrays import DAY
from fusion.data.segments import ROUTES
from fusion.evaluation.estimate.places import LabelledPlaces
from fusion.evaluation.judged_lists import candidate_scores, read_scored_table
from fusion.metrics.ranking import ndcg
from fusion.ranking.method import RANKER
from fusion.runs.run_folder import ListsFolder
from fusion.training.estimate.measure import served_places
from fusion.training.estimate.past_places import label_places
from fusion.training.fits import fit_sources
from fusion.training.pipeline import train
from fusion.training.ranker_stages import FittedRanker, RankerInputs, ranker_stage
from fusion.training.table_stage import TableInputs, table_stage
from tests.fusion.making import (
    START,
    config,
    context_of,
    dataset,
    synthetic_interactions,
)

SPLIT = {"kind": "time", "window": 7, "users": 10, "folds": 2}
OLD = synthetic_interactions(seed=3, n_users=80, n_items=160, n_events=4000, loyal=0.85)
NEWCOMERS = (
    OLD.filter(pl.col("time") >= START + 71 * DAY)
    .head(30)
    .with_columns(pl.format("new {}", pl.int_range(pl.len()) // 3).alias("user"))
)
"""Ten users whom nothing was known of when the verdict's window began."""
FRAME = pl.concat([OLD, NEWCOMERS]).sort("time", maintain_order=True)
LAST = START + round(77.5 * DAY)


def trained_on(root, frame, as_of=LAST, **changes):
    context = context_of(root, dataset(frame, as_of=as_of), config(split=SPLIT, **changes))
    return context, train(context)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return trained_on(tmp_path_factory.mktemp("estimate"), FRAME)


def test_a_training_says_what_its_lists_are_worth(done):
    context, trained = done
    estimate = trained.estimate
    everybody = estimate.segments["all"]
    lists = pl.read_parquet(ListsFolder(trained.lists).lists)
    assert estimate.lists == estimate.sampled == lists["user"].n_unique()
    assert set(estimate.fitted) == {context.plan.labels[-1].name, "verdict"}
    assert estimate.fitted["verdict"] == trained.verdict.report.users
    assert estimate.days == 7
    assert sum(part.share for name, part in estimate.segments.items() if name != "all") == (
        pytest.approx(1)
    )
    assert all(figure.low < figure.value < figure.high for figure in everybody.figures.values())
    # As many come back as did in the windows before, within reason.
    usual = [len(fold.label_rows) for fold in (*context.plan.labels, context.plan.verdict)]
    assert everybody.users == pytest.approx(np.mean(usual), rel=0.25)
    window = next(one for one in trained.verdict.report.promise if one.horizon == "window")
    assert everybody.figures["ndcg"].value == pytest.approx(window.value, rel=0.5)


def test_users_are_as_they_are_when_lists_are_served(done):
    context, trained = done
    data = context.data
    told = served_places(context, 7, ListsFolder(trained.lists)).states
    for at, user in enumerate(told.users.tolist()):
        own = data.times[(data.users == user)]
        lately = data.liked[data.users == user] & (own >= LAST - 7 * DAY)
        assert told.recent[at] == lately.sum()
        assert told.idle[at] == pytest.approx((LAST - own.max()) / (7 * DAY))
    newcomers = data.user_ids.rows(NEWCOMERS["user"].unique())
    assert set(newcomers.tolist()) <= set(told.users.tolist())


def test_the_verdicts_places_are_worth_what_the_verdict_says(done):
    _, trained = done
    places, report = trained.verdict.places, trained.verdict.report
    # Who had no history has no list but the fallback, and is not among them.
    cold = ROUTES.index("cold")
    assert cold not in places.listed.states.routes
    assert trained.verdict.report.routes["cold"].users > 0
    told = ndcg(places.hits, places.labels, 10).mean()
    assert told == pytest.approx(report.rows[report.chosen]["ndcg@10"].value, abs=1e-6)


def test_nothing_later_than_the_data_moves_a_bit(done, tmp_path):
    _, trained = done
    later = FRAME.filter(pl.col("time") >= LAST)
    assert len(later) > 50
    before = FRAME.filter(pl.col("time") < LAST)
    _, again = trained_on(tmp_path, before)
    assert again.estimate == trained.estimate


def test_without_the_verdicts_labels_the_newest_label_fold_stays_out_of_sight(tmp_path):
    """Nobody can tell what is taken here: a ranker that has seen the labels would seem to."""
    rng = np.random.default_rng(5)
    n_events = 5000
    frame = pl.DataFrame(
        {
            "user": rng.integers(150, size=n_events).astype(str),
            "item": rng.integers(150, size=n_events).astype(str),
            "time": np.sort(START + (rng.random(n_events) * 77.5 * DAY).astype(np.int64)),
            "weight": pl.Series(np.ones(n_events), dtype=pl.Float32),
            "liked": [True] * n_events,
        }
    )
    settings = config(split=SPLIT, ranker={"trees": 60, "leaves": 31, "seeds": 1})
    context = context_of(tmp_path, dataset(frame, as_of=LAST), settings)
    plan = context.plan
    folds = [*plan.labels, plan.verdict]
    fits = fit_sources(context, folds, {})
    tables = [
        context.runtime.run(table_stage(TableInputs.of(context, fits, fold))) for fold in folds
    ]
    judged = FittedRanker.load(
        context.runtime.run(ranker_stage(RankerInputs.of(context, tables[:-1]))), 1
    )
    judged = replace(judged, settings=judged.settings.model_copy(update={"trees": 60}))
    unseen = label_places(context, RANKER, tables, judged)
    chance = unseen.labels.sum() / (len(unseen) * 150)
    assert unseen.name == plan.labels[-1].name
    assert unseen.hits.mean() < 1.6 * chance
    # The judged ranker has seen them, and would seem to know.
    scored = read_scored_table(tables[-2], _refitted_on(context, tables, judged))
    seen = LabelledPlaces.of(context, plan.labels[-1], scored, candidate_scores(scored), RANKER)
    assert seen.hits.mean() > 3 * chance


def _refitted_on(context, tables, judged):
    from fusion.ranking.ranker import Ranker
    from fusion.training.ranker_stages import ServingInputs, serving_stage

    inputs = ServingInputs.of(context, tables[:-1], judged)
    return Ranker.load(context.runtime.run(serving_stage(inputs, "seen")), 1)


@pytest.mark.parametrize("kind", ["last", "random"])
def test_a_split_without_windows_has_no_estimate(kind, tmp_path):
    context = context_of(tmp_path, dataset(FRAME, as_of=LAST), config(split={"kind": kind}))
    trained = train(context)
    assert trained.estimate is None
    assert trained.verdict.places is None
