"""Past windows: judged the slow way, by what was known then, and once."""

from pathlib import Path

import polars as pl
import pytest

from fusion.core.arrays import DAY
from fusion.evaluation.promise.defaults import PromiseDefaults
from fusion.evaluation.promise.window_figure import HORIZONS, METRICS, PastWindow
from fusion.metrics.ranking import hits_of, ndcg
from fusion.training.past_windows import judge
from fusion.training.past_windows.judge import ROWS, judge_past_windows
from tests.fusion.making import (
    START,
    config,
    context_of,
    dataset,
    fitted,
    item_frame,
    synthetic_interactions,
)

LAST_DAY = 77
SPLIT = {"kind": "time", "window": 7, "users": 10}


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return synthetic_interactions(seed=3, n_users=80, n_items=160, n_events=4000, loyal=0.85)


def judged(root: Path, frame: pl.DataFrame, day: float, **split) -> list[PastWindow]:
    """Past windows of what was known on a day, as a training of that day judges them."""
    data = dataset(frame, item_frame(160), as_of=START + round(day * DAY))
    return judge_past_windows(context_of(root, data, config(split={**SPLIT, **split})))


def made(root: Path) -> set[str]:
    """Stages of past windows that stand in the store."""
    return {folder.name for folder in (root / "store" / "past_window").iterdir()}


def test_each_closed_window_is_judged_by_each_row(tmp_path, frame):
    windows = judged(tmp_path, frame, LAST_DAY)
    by_row = {row: [one for one in windows if one.row == row] for row in ROWS}
    # Days 0 to 77 hold ten whole weeks of the grid, before the first of which nothing was known.
    lengths = {len(of_row) for of_row in by_row.values()}
    assert lengths == {10}
    newest = by_row["popularity"][-1]
    assert newest.figures.keys() == set(HORIZONS)
    assert newest.figures["window"].keys() == set(METRICS)
    assert newest.figures["day"]["ndcg@10"].users < newest.figures["window"]["ndcg@10"].users


def test_figures_are_those_of_lists_made_as_of_the_beginning_of_the_window(tmp_path, frame):
    """By the library's own sources and metrics, on folds that are cut by hand."""
    windows = judged(tmp_path, frame, LAST_DAY)
    data = dataset(frame, item_frame(160), as_of=START + LAST_DAY * DAY)
    context = context_of(tmp_path, data, config(split=SPLIT))
    newest = context.plan.labels[-1]
    known, cut = newest.known, newest.cut
    users = newest.label_rows[known.user_counts[newest.label_rows] > 0]
    for row in ROWS:
        source = fitted(row, known, k=20)
        block = known.users_at(users, newest.as_of[users])
        lists = source.top(block, 20, context.allowed(cut)).items
        values = ndcg(*hits_of(lists, users, newest.label_users, newest.label_items), 10)
        of_row = [one for one in windows if one.row == row]
        end = (START + LAST_DAY * DAY) // (7 * DAY) * 7 * DAY
        place = (end - cut) // (7 * DAY)
        figure = of_row[-place].figures["window"]["ndcg@10"]
        assert figure.users == len(users)
        assert figure.value == pytest.approx(float(values.mean()), abs=1e-6)


def test_a_window_that_has_passed_is_judged_once(tmp_path, frame):
    """Tomorrow takes all from the store; a week later one window more is judged by each row."""
    judged(tmp_path, frame, 73.3)
    before = made(tmp_path)
    today = judged(tmp_path, frame, 74.6)
    assert made(tmp_path) == before
    later = judged(tmp_path, frame, 79.9)
    assert len(made(tmp_path) - before) == len(ROWS)
    assert later[: len(today)] == today


def test_new_users_items_and_texts_change_no_past_window(tmp_path, frame):
    judged(tmp_path, frame, 74.0)
    before = made(tmp_path)
    more = pl.DataFrame(
        {"user": ["zoe"], "item": ["brand new"], "time": [START + 75 * DAY], "weight": [1.0]},
        schema_overrides={"weight": pl.Float32},
    ).with_columns(liked=True)
    items = item_frame(170).with_columns(pl.lit("another text").alias("text"))
    data = dataset(pl.concat([frame, more]), items, as_of=START + round(75.5 * DAY))
    judge_past_windows(context_of(tmp_path, data, config(split=SPLIT)))
    assert made(tmp_path) == before


def test_a_split_that_is_not_by_time_has_no_past_windows(tmp_path, frame):
    assert judged(tmp_path, frame, LAST_DAY, kind="last", window=None) == []


def test_large_data_is_sampled_by_whole_users_and_stays_the_same(tmp_path, frame, monkeypatch):
    """Of what was known then, so that tomorrow draws the same users."""
    monkeypatch.setattr(judge, "DEFAULTS", PromiseDefaults(most_events=1500))
    sampled = judged(tmp_path, frame, 74.0)
    before = made(tmp_path)
    assert judged(tmp_path, frame, 74.9) == sampled
    assert made(tmp_path) == before
    # Nearly all of 80 users have a label in a week; some 1,500 of 3,500 events are known of these.
    assert 10 <= sampled[-1].figures["window"]["ndcg@10"].users < 50
