"""Tuning: settings that it finds, keeps its hands off, and fits every fold with."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fusion.config import SourceSettings
from fusion.core.settings import tunable
from fusion.models import ease
from fusion.models.base.registry import build
from fusion.models.popularity import Popularity, PopularityConfig
from fusion.training.pipeline import train
from fusion.training.tuning.search import evenly, is_better, subsample_users, validation_users
from fusion.training.tuning.stage import TuningTask, may_weigh, tune_source
from tests.fusion import broken
from tests.fusion.making import (
    config,
    context_of,
    dataset,
    frame_of,
    item_frame,
    synthetic_interactions,
)

TRIALS = {"tune": {"trials": 4}}


@pytest.fixture(scope="module")
def data():
    return dataset(
        synthetic_interactions(seed=5, n_users=80, n_items=60, n_events=3000, loyal=0.9),
        item_frame(),
    )


def tuned(context, source):
    return tune_source(TuningTask.of(context), source, context.runtime)


class LongMemory(PopularityConfig):
    half_life: float = tunable(
        3650.0, 1, 3650, log=True, description="far too long for what drifts within weeks"
    )


class Stale(Popularity):
    Config = LongMemory


def test_a_bad_default_is_left_for_a_better_setting(tmp_path):
    drifting = dataset(
        synthetic_interactions(seed=5, n_users=80, n_items=60, n_events=3000, loyal=0.0)
    )
    with broken.registered(stale=Stale):
        context = context_of(tmp_path, drifting, config(("stale",), **TRIALS))
        result = tuned(context, SourceSettings(name="stale"))
    assert result.settings["half_life"] < 100
    assert result.best > result.default


@pytest.mark.parametrize("changes", ["code", "model"])
def test_a_source_whose_code_or_model_changed_is_searched_again(
    data, tmp_path, monkeypatch, changes
):
    with broken.registered(stale=Stale):
        context = context_of(tmp_path, data, config(("stale",), **TRIALS))
        tuned(context, SourceSettings(name="stale"))
        if changes == "code":
            monkeypatch.setattr("fusion.training.fit_stage.model_code", lambda model: "another")
        else:
            monkeypatch.setattr(Stale, "cache_key", lambda self: "another model")
        tuned(context, SourceSettings(name="stale"))
    assert len(list((tmp_path / "store" / "tune").iterdir())) == 2


def test_settings_of_the_configuration_are_never_searched(data, tmp_path):
    context = context_of(tmp_path, data, config(("ease",), **TRIALS))
    assert tuned(context, SourceSettings(name="ease", settings={"reg": 70.0})) is None
    half = tuned(context, SourceSettings(name="item_knn", settings={"neighbours": 7}))
    assert set(half.settings) == {"shrink"}


def test_every_fold_is_fitted_with_what_was_found(data, tmp_path):
    trained = train(context_of(tmp_path, data, config(("ease", "item_knn"), **TRIALS)))
    result = {one.name: one.settings for one in trained.tuned}
    assert set(result) == {"ease", "item_knn"}
    fits = [
        json.loads(file.read_text()) for file in (tmp_path / "store" / "fit").glob("*/inputs.json")
    ]
    for fit in fits:
        for name, value in result.get(fit["model"]["use"], {}).items():
            assert fit["model"]["settings"][name] == value


def test_the_same_seed_finds_the_same(data, tmp_path):
    context = config(("sequence",), **TRIALS)
    result = [
        tuned(context_of(tmp_path / str(n), data, context), SourceSettings(name="sequence"))
        for n in range(2)
    ]
    assert result[0] == result[1]


def test_a_search_over_many_items_fits_fewer_and_the_run_all(data, tmp_path, monkeypatch):
    fitted = []
    monkeypatch.setattr(
        ease,
        "weights_by_items",
        lambda histories, reg: fitted.append(histories.shape[1]) or solve(histories, reg),
    )
    solve = ease.weights_by_users
    monkeypatch.setattr(ease, "MAX_TUNED_ITEMS", 20)
    result = tuned(
        context_of(tmp_path, data, config(("ease",), **TRIALS)), SourceSettings(name="ease")
    )
    assert set(result.settings) == {"reg"}
    assert len(fitted) == 4
    assert max(fitted) <= 20


def test_a_search_over_much_data_takes_whole_users(data):
    assert subsample_users(data, 7, len(data)) is data
    some = subsample_users(data, 7, len(data) // 3)
    assert len(data) / 6 < len(some) < len(data) / 2
    kept = np.flatnonzero(some.user_counts)
    assert np.array_equal(some.user_counts[kept], data.user_counts[kept])
    assert len(subsample_users(data, 8, len(data) // 3)) != len(some)


def test_users_without_a_history_do_not_judge(data, tmp_path):
    context = context_of(tmp_path, data, config(("ease",), **TRIALS))
    tuning = context.plan.tune
    known = tuning.known.take(tuning.known.users != tuning.label_users[0])
    assert tuning.label_users[0] in validation_users(tuning, 7)
    assert tuning.label_users[0] not in validation_users(replace(tuning, known=known), 7)
    nobody = replace(
        context.plan, tune=replace(tuning, known=known.take(np.zeros(len(known), bool)))
    )
    assert tuned(replace(context, plan=nobody), SourceSettings(name="ease")) is None


def test_a_full_disk_ends_a_search_and_a_source_that_dies_does_not(data, tmp_path):
    class NoRoom(broken.FindsNoRoom):
        Config = LongMemory

    class Dies(broken.DiesFitting):
        Config = LongMemory

    with broken.registered(full=NoRoom, dies=Dies):
        context = context_of(tmp_path, data, config(("ease",), **TRIALS))
        with pytest.raises(OSError, match="No space left"):
            tuned(context, SourceSettings(name="full"))
        assert tuned(context, SourceSettings(name="dies")) is None


def test_a_difference_within_chance_keeps_the_defaults():
    rng = np.random.default_rng(0)
    base = rng.random(400).astype(np.float32)
    assert not is_better(base, base)
    assert not is_better(base + rng.normal(0.002, 0.3, 400), base)
    assert is_better(base + rng.normal(0.05, 0.3, 400), base)


def test_a_single_setting_is_covered_evenly():
    log = evenly({"reg": {"low": 1, "high": 1000, "log": True, "whole": False}}, 4)
    assert [round(one["reg"]) for one in log] == [1, 10, 100, 1000]
    whole = evenly({"last": {"low": 1, "high": 9, "log": False, "whole": True}}, 3)
    assert whole == [{"last": 1}, {"last": 5}, {"last": 9}]
    assert evenly({"a": {}, "b": {}}, 5) == []


def hours(of_liked: float):
    """Half of the interactions are of the user's kind and weigh `of_liked`; half are chance."""
    rng = np.random.default_rng(2)
    rows = []
    for user in range(120):
        own = rng.choice(np.arange(user % 2, 60, 2), 14, replace=False)
        rows += [(user, item, rng.random() * 60, True) for item in own]
        rows += [
            (user, item, rng.random() * 60, False) for item in rng.choice(60, 14, replace=False)
        ]
    weight = pl.when("liked").then(of_liked).otherwise(1.0).cast(pl.Float32)
    return dataset(frame_of(rows, weight=weight), has_weights=True)


@pytest.mark.parametrize(("weight", "weighting"), [(200.0, "log"), (1.0, "binary")])
def test_weights_become_confidence_where_that_helps(tmp_path, weight, weighting):
    context = context_of(tmp_path, hours(weight), config(("item_knn",), **TRIALS))
    result = tuned(context, SourceSettings(name="item_knn"))
    assert result.settings.get("weighting", "binary") == weighting


def test_weights_are_left_alone_where_the_configuration_says_how_to_read_them_or_there_are_none(
    data, tmp_path
):
    context = context_of(tmp_path, hours(200.0), config(("item_knn",), **TRIALS))
    given = tuned(context, SourceSettings(name="item_knn", settings={"weighting": "binary"}))
    assert "weighting" not in given.settings
    knn, popularity = SourceSettings(name="item_knn"), SourceSettings(name="popularity")
    weightless = context_of(tmp_path, data, config(("item_knn",))).plan.tune
    assert may_weigh(build("item_knn"), knn, context.plan.tune)
    assert not may_weigh(build("item_knn"), knn, weightless)
    assert not may_weigh(build("popularity"), popularity, context.plan.tune)
