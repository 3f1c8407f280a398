"""Promises of a verdict: by whom they are judged, on which stretch, and what is said of few."""

import numpy as np
import pytest

from fusion.core.arrays import DAY
from fusion.data.splitting.fold import labels_before
from fusion.evaluation.live_baseline import Live
from fusion.evaluation.promise.promise import figures_of, judge, past_figures
from fusion.evaluation.promise.window_figure import METRICS, PastWindow, WindowFigure
from fusion.training.pipeline import train
from tests.fusion.making import (
    START,
    config,
    context_of,
    dataset,
    synthetic_interactions,
)

SPLIT = {"kind": "time", "window": 7, "users": 10}
FRAME = synthetic_interactions(seed=3, n_users=80, n_items=160, n_events=4000, loyal=0.85)


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    data = dataset(FRAME, as_of=START + round(77.5 * DAY))
    return context_of(tmp_path_factory.mktemp("promise"), data, config(split=SPLIT))


@pytest.fixture(scope="module")
def trained(context):
    return train(context)


def promised(trained, horizon: str, name: str = "ndcg", k: int = 10):
    [one] = [
        promise
        for promise in trained.verdict.report.promise
        if (promise.horizon, promise.name, promise.k) == (horizon, name, k)
    ]
    return one


def test_every_metric_is_promised_for_the_day_and_for_the_window(trained):
    report = trained.verdict.report
    promises = {(one.horizon, f"{one.name}@{one.k}") for one in report.promise}
    assert promises == {(horizon, metric) for horizon in ("day", "window") for metric in METRICS}
    assert {one.days for one in report.promise if one.horizon == "window"} == {7}
    assert {one.days for one in report.promise if one.horizon == "day"} == {1}


def test_the_window_promises_what_is_reported_with_a_wider_interval(trained):
    report, window = trained.verdict.report, promised(trained, "window")
    assert window.value == pytest.approx(report.reported.value, abs=1e-6)
    assert window.users == report.users
    assert (window.basis, window.windows) == ("past_windows", 10)
    assert window.high - window.low > 1.3 * (report.reported.high - report.reported.low)


def test_the_day_is_judged_by_the_labels_of_the_first_day_alone(context, trained):
    fold = labels_before(context.plan.verdict, context.plan.verdict.cut + DAY)
    warm = fold.known.user_counts[fold.label_rows] > 0
    day = promised(trained, "day")
    assert day.users == warm.sum() < promised(trained, "window").users
    # Fewer labels to find: less of the ten places can be hits.
    assert (
        promised(trained, "day", "precision").value < promised(trained, "window", "precision").value
    )


def test_realised_figures_take_the_place_of_past_windows(context):
    pairs = {("window", "ndcg", 10): [(0.1, 0.1 + 0.01 * n) for n in range(8)]}
    live = Live("run", "ranker", "time", 7, context.data.as_of, realised=pairs)
    trained = train(context, live)
    assert promised(trained, "window").basis == "realised"
    assert promised(trained, "window", k=20).basis == "past_windows"
    assert promised(trained, "day").basis == "past_windows"


def test_a_split_by_last_promises_nothing(tmp_path):
    data = dataset(FRAME, as_of=START + 77 * DAY)
    by_last = train(context_of(tmp_path, data, config(split={"kind": "last"})))
    assert by_last.verdict.report.promise == []


def test_a_short_history_promises_a_value_without_an_interval(tmp_path):
    """Five weeks of data: of the windows that have passed four have a history."""
    frame = FRAME.filter(FRAME["time"] < START + 36 * DAY)
    data = dataset(frame, as_of=START + 36 * DAY)
    few = train(context_of(tmp_path, data, config(split={**SPLIT, "folds": 1})))
    window = promised(few, "window")
    assert (window.low, window.high, window.basis) == (None, None, "none")
    assert window.windows < 8
    assert window.value > 0


def test_users_without_a_label_are_nobody():
    lists = np.array([[0, 1], [2, 3], [4, 5]], np.int32)
    users = np.array([3, 5, 9], np.int32)
    values = judge(lists, users, np.array([3, 9, 77], np.int32), np.array([1, 0, 0], np.int32))
    assert np.isnan(values["ndcg@10"]).tolist() == [False, True, False]
    assert values["hit@10"][[0, 2]].tolist() == [1.0, 0.0]


def test_a_past_window_with_few_users_has_no_figure():
    values = np.full(30, np.nan)
    values[:4] = 0.5
    assert figures_of({"ndcg@10": values}) is None
    values[4] = 0.5
    assert figures_of({"ndcg@10": values})["ndcg@10"].users == 5


def test_windows_without_a_horizon_are_passed_over():
    figure = WindowFigure(0.1, 0.0, 20)
    both = {"day": {"ndcg@10": figure}, "window": {"ndcg@10": figure}}
    only_window = {"window": {"ndcg@10": figure}}
    past = [PastWindow("one", both), PastWindow("two", both), PastWindow("one", only_window)]
    assert past_figures(past, "day", "ndcg@10") == [[figure], [figure]]
    assert past_figures(past, "window", "ndcg@10") == [[figure, figure], [figure]]
