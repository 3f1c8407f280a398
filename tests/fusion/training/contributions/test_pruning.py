"""Rows of sources: who stays left out, when it is asked again, and which folds are read at all."""

from dataclasses import replace

import pytest

from fusion.evaluation.live_baseline import Live
from fusion.training import pipeline
from fusion.training.contributions.contribution_stage import worth
from fusion.training.contributions.pruning import note_left_out
from fusion.training.fits import fit_sources
from fusion.training.sources import SourceReport
from tests.fusion import broken
from tests.fusion.making import config, context_of, dataset, item_frame, synthetic_interactions

ROW = {"value": -0.001, "low": -0.002, "high": 0.0, "margin": 0.001, "beside": 3, "pays": False}
FOUR = ("popularity", "ease", "item_knn", "category")


def reports(*names):
    return [SourceReport(name, name) for name in names]


def test_a_source_is_left_out_until_it_is_time_to_ask_again():
    row = {**ROW, "runs": 0}
    for runs in range(1, 5):
        [*_, report] = rows = reports(*FOUR)
        note_left_out(rows, {"category": row}, every=5)
        assert report.status.startswith("left out: it adds -0.0010 [-0.0020, +0.0000]")
        assert report.status.endswith(f"asked again in {5 - runs} run" + "s" * (runs < 4))
        row = report.contribution
        assert row["runs"] == runs
    [*_, report] = rows = reports(*FOUR)
    note_left_out(rows, {"category": row}, every=5)
    assert report.used
    assert report.contribution is None


def test_two_sources_beside_popularity_stay():
    rows = reports(*FOUR)
    rows[1].status = "left out: the data has no times"
    note_left_out(rows, {"category": {**ROW, "runs": 0}}, every=5)
    assert rows[3].used


def test_what_sources_must_bring_sums_to_the_price_of_a_run(data, tmp_path):
    context = context_of(tmp_path, data, config(("popularity", "als", "neural")))
    shares = worth(context.sources, context.plan.labels[-1])
    assert sum(shares.values()) == pytest.approx(0.01)
    assert shares["popularity"] < shares["als"] < shares["neural"]


class Boasts(broken.Plain):
    def fit_cost(self, n_users, n_items, n_events):
        return float("nan")


class DiesAsked(broken.Plain):
    def fit_cost(self, n_users, n_items, n_events):
        raise RuntimeError("no idea")


def test_a_cost_that_is_none_counts_as_the_default(data, tmp_path):
    with broken.registered(boasts=Boasts, dies_asked=DiesAsked, plain=broken.Plain):
        context = context_of(tmp_path, data, config(("boasts", "dies_asked", "plain")))
        shares = worth(context.sources, context.plan.labels[-1])
    assert shares["boasts"] == shares["dies_asked"] == shares["plain"] > 0


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    frame = synthetic_interactions(seed=3, n_users=240, n_items=160, n_events=8400, loyal=0.85)
    data = dataset(frame, item_frame(160))
    settings = config(FOUR, split={"kind": "last", "folds": 3}, tune={"trials": 0, "prune": True})
    context = context_of(tmp_path_factory.mktemp("asked"), data, settings)
    fits = fit_sources(context, context.plan.labels)
    pipeline._leave_out_costly(context, fits)
    return context, fits


def rows_of(fits):
    return [(report.name, report.status, report.contribution) for report in fits.reports]


def test_neither_the_verdict_nor_the_serving_fold_is_read(asked, tmp_path):
    """Without them, and without anything in the store, every bit is the same."""
    context, fits = asked
    fresh = replace(context, root=tmp_path, used=set())
    again = fit_sources(fresh, context.plan.labels)
    blind = replace(fresh, plan=replace(context.plan, verdict=None, serving=None))
    # The configured sources are found by the serving fold; they are asked for before.
    with pytest.raises(AttributeError):
        blind.sources  # noqa: B018
    pipeline._leave_out_costly(blind, again)
    assert rows_of(again) == rows_of(fits)
    assert all(report.contribution for report in again.reports)


def test_where_nothing_is_asked_all_stay_and_no_ranker_is_trained_for_it(asked, tmp_path):
    context, _ = asked
    tune = context.config.tune.model_copy(update={"contributions": False})
    config = context.config.model_copy(update={"tune": tune})
    unasked = replace(context, root=tmp_path, used=set(), config=config)
    left_out = {"category": {**ROW, "runs": 1}}
    live = Live("before", "ranker", "last", None, context.data.as_of, left_out=left_out)
    trained = pipeline.train(unasked, live)
    assert [source.status for source in trained.sources] == ["used"] * len(trained.sources)
    assert not any(source.contribution for source in trained.sources)
    assert not any("contribution" in stage for stage in unasked.used)


def test_what_the_live_run_left_out_is_not_even_fitted(data, tmp_path):
    left_out = {"category": {**ROW, "runs": 1}}
    states = {}
    for prune in (True, False):
        settings = config(FOUR, tune={"trials": 0, "prune": prune})
        context = context_of(tmp_path, data, settings)
        fits = fit_sources(context, context.plan.labels, left_out)
        states[prune] = fits.reports[-1].status
        assert ("category" in fits.results) is not prune
    assert states[True].endswith("asked again in 3 runs")
    assert states[False] == "used"
