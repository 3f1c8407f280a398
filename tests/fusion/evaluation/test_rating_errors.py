"""Errors of predicted weights: by hand, against constants, and in a whole verdict."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fusion.data.splitting.folds import plan_folds
from fusion.evaluation.rating_errors import (
    PREDICTED_BY,
    rating_error_report,
    write_rating_errors,
)
from fusion.evaluation.verdict_report import RatingErrors
from fusion.models.base.fitted import FittedSource
from fusion.ranking.folders import TableFolder
from fusion.training.pipeline import train
from tests.fusion import broken
from tests.fusion.making import (
    config,
    context_of,
    dataset,
    synthetic_dataset,
    synthetic_interactions,
)


class Tells(broken.Plain):
    """Tells that every item weighs its row number over 100, but is silent of item 0."""

    def predict_ratings(self, users, pairs):
        return np.where(pairs.items == 0, np.nan, pairs.items / 100).astype(np.float32)


class DiesTelling(broken.Plain):
    """Dies when asked for weights."""

    def predict_ratings(self, users, pairs):
        raise RuntimeError("no weights today")


@pytest.fixture(scope="module")
def fold():
    return plan_folds(synthetic_dataset(), config().split).verdict


def source(model, fold):
    return FittedSource(type(model).__name__.lower(), model, fold.known.n_items, 10)


def test_what_is_told_stands_beside_the_true_weight(fold, tmp_path):
    write_rating_errors(tmp_path, [source(Tells(), fold), source(broken.Plain(), fold)], fold)
    frame = pl.read_parquet(TableFolder(tmp_path).predicted_ratings)
    assert frame.columns == [
        "user",
        "weight",
        PREDICTED_BY.key("tells"),
        PREDICTED_BY.key("item_mean_weight"),
        PREDICTED_BY.key("mean_weight"),
    ]
    held_out = fold.held_out
    assert len(frame) == len(held_out) > len(fold.label_users)
    order = np.argsort(held_out.users, kind="stable")
    assert frame["user"].to_list() == held_out.users[order].tolist()
    assert frame["weight"].to_list() == held_out.weights[order].tolist()
    items = held_out.items[order]
    predicted = frame[PREDICTED_BY.key("tells")].to_numpy()
    assert np.array_equal(
        predicted, np.where(items == 0, np.nan, items / 100).astype(np.float32), equal_nan=True
    )
    assert set(frame[PREDICTED_BY.key("mean_weight")]) == {np.float32(fold.known.weights.mean())}
    means = dict(zip(items.tolist(), frame[PREDICTED_BY.key("item_mean_weight")], strict=True))
    item = items[0]
    mine, overall = fold.known.weights[fold.known.items == item], fold.known.weights.mean()
    assert means[item] == pytest.approx((mine.sum() + 10 * overall) / (len(mine) + 10), rel=1e-5)


def test_blocks_of_users_change_nothing(fold, tmp_path, monkeypatch):
    for size in ("2048", "7"):
        (tmp_path / size).mkdir()
        monkeypatch.setattr("fusion.evaluation.rating_errors.BLOCK_USERS", int(size))
        write_rating_errors(tmp_path / size, [source(Tells(), fold)], fold)
    small, large = (TableFolder(tmp_path / size).predicted_ratings for size in ("7", "2048"))
    assert pl.read_parquet(small).equals(pl.read_parquet(large))


def test_where_nobody_tells_there_is_nothing(fold, tmp_path):
    write_rating_errors(tmp_path, [source(broken.Plain(), fold)], fold)
    write_rating_errors(tmp_path, [source(Tells(), fold)], replace(fold, held_out=None))
    assert not TableFolder(tmp_path).predicted_ratings.exists()
    assert rating_error_report(tmp_path, 7) is None


def test_errors_by_hand(tmp_path):
    """Two users; where one row is silent, no row is judged."""
    frame = pl.DataFrame(
        {
            "user": [3, 3, 5, 5],
            "weight": [1.0, 2.0, 3.0, 9.0],
            PREDICTED_BY.key("a"): [2.0, 2.0, 1.0, None],
            PREDICTED_BY.key("b"): [1.0] * 4,
        }
    )
    frame.write_parquet(TableFolder(tmp_path).predicted_ratings)
    report = rating_error_report(tmp_path, 7).model_dump(mode="json")
    assert (report["events"], report["silent"], report["users"]) == (3, 1, 2)
    a, b = report["rows"]["a"], report["rows"]["b"]
    assert a["rmse"]["value"] == pytest.approx(np.sqrt((1 + 0 + 4) / 3))
    assert a["mae"]["value"] == pytest.approx((1 + 0 + 2) / 3)
    assert b["rmse"]["value"] == pytest.approx(np.sqrt((0 + 1 + 4) / 3))
    # A resample is one user twice, or both: the bounds are those of each alone.
    assert a["rmse"]["low"] == pytest.approx(np.sqrt(1 / 2))
    assert a["rmse"]["high"] == pytest.approx(2)
    assert b["mae"]["low"] == pytest.approx(1 / 2)
    silent = frame.with_columns(pl.lit(None, pl.Float64).alias(PREDICTED_BY.key("a")))
    silent.write_parquet(TableFolder(tmp_path).predicted_ratings)
    assert rating_error_report(tmp_path, 7) == RatingErrors(events=0, silent=4, users=0, rows={})


@pytest.mark.parametrize("kind", ["time", "last", "random"])
def test_what_is_held_out_is_not_known_and_holds_the_labels(kind):
    data = synthetic_dataset()
    plan = plan_folds(data, config(split={"kind": kind}).split)
    for fold in (plan.tune, *plan.labels, plan.verdict):
        rows, known = (
            set(
                zip(
                    part.users.tolist(),
                    part.items.tolist(),
                    part.times.tolist(),
                    part.weights.tolist(),
                    strict=True,
                )
            )
            for part in (fold.held_out, fold.known)
        )
        assert not rows & known
        pairs = {row[:2] for row in rows}
        assert set(zip(fold.label_users.tolist(), fold.label_items.tolist(), strict=True)) <= pairs
        assert not fold.held_out.liked.all()
    assert plan.serving.held_out is None


def test_the_verdict_shows_them_and_a_source_that_dies_telling_sits_out(tmp_path):
    with broken.registered(tells=Tells, odd=DiesTelling):
        context = context_of(tmp_path, synthetic_dataset(), config(("popularity", "tells", "odd")))
        trained = train(context)
    report = trained.verdict.report.weights.model_dump(mode="json")
    assert report["rows"].keys() == {"tells", "mean_weight", "item_mean_weight"}
    assert report["events"] + report["silent"] == len(context.plan.verdict.held_out)
    assert report["rows"]["mean_weight"]["rmse"]["value"] < report["rows"]["tells"]["rmse"]["value"]
    [odd] = [one for one in trained.sources if one.name == "odd"]
    assert odd.status == "failed while scoring: RuntimeError: no weights today"


def test_the_verdict_says_nothing_where_nobody_tells(tmp_path):
    context = context_of(
        tmp_path, dataset(synthetic_interactions(seed=3, n_users=80, n_items=160)), config()
    )
    assert train(context).verdict.report.weights is None
