"""Fits of past folds refer to the events of the data; those that serve are whole."""

import numpy as np

from fusion.config import SourceSettings, SplitSettings
from fusion.data.splitting.folds import plan_folds
from fusion.runs.stages.runtime import Runtime
from fusion.runs.stages.store import Store
from fusion.training.fit_stage import STATE, Fit, fit_stage
from tests.fusion.making import dataset, synthetic_interactions

EVENTS = {"items", "times"}


def fit_on(fold, folder):
    source = SourceSettings(name="popularity")
    runtime = Runtime(Store(folder))
    stage = fit_stage(source, fold, 7, "cpu")
    return Fit(fold, stage, runtime.make(stage)), runtime


def test_only_what_serves_keeps_the_events_again(tmp_path):
    plan = plan_folds(dataset(synthetic_interactions()), SplitSettings(users=5, sparse=1))
    for fold in (*plan.labels, plan.verdict, plan.serving):
        fit, runtime = fit_on(fold, tmp_path)
        with np.load(fit.folder / STATE) as stored:
            kept = EVENTS & {*stored.files}
        assert kept == (EVENTS if fold is plan.serving else set())
        state = fit.state(runtime)
        assert state["items"].tolist() == fold.known.items.tolist()
        assert state["times"].tolist() == fold.known.times.tolist()
