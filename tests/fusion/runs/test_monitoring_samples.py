"""Samples for monitoring: users, items and interactions of the newest weeks before a moment."""

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from dashboards.measures.drift import drift
from dashboards.settings import MonitorSettings
from fusion.config import SplitSettings
from fusion.core.arrays import DAY
from fusion.data.splitting.folds import plan_folds
from fusion.runs.defaults import RunsDefaults
from fusion.runs.monitoring_samples import (
    SUBJECTS,
    interactions,
    items,
    read_sample,
    sampled_days,
    users,
    write_samples,
)
from tests.fusion.making import (
    asked,
    dataset,
    item_frame,
    replaced,
    synthetic_interactions,
    user_frame,
)

WEEK = 7 * DAY


def samples_of(folder) -> list[pl.DataFrame]:
    return [pl.read_parquet(folder / f"{subject}.parquet") for subject in SUBJECTS]


class TestSamples:
    def test_they_describe_the_days_before_the_moment(self, tmp_path):
        log = synthetic_interactions(seed=3, n_items=300)
        data = dataset(log, item_frame(300), user_frame(), has_weights=True)
        write_samples(tmp_path / "now", data, 14, 7)
        users, items, events = samples_of(tmp_path / "now")
        late = data.times >= data.as_of - 2 * WEEK
        counts = np.bincount(data.users[late], minlength=data.n_users)
        assert users.columns == ["user_row", "events", "idle", "sex", "age"]
        assert users["user_row"].to_list() == np.flatnonzero(counts).tolist()
        assert np.expm1(users["events"].to_numpy()) == pytest.approx(counts[counts > 0])
        for user, idle in zip(users["user_row"], users["idle"], strict=True):
            last = data.times[data.users == user].max()
            assert idle == (0.0 if last >= data.as_of - WEEK else 0.5)
        assert users["idle"].unique().sort().to_list() == [0.0, 0.5]
        taken = np.unique(data.items[late])
        assert len(items) == len(taken) < (data.item_counts > 0).sum()
        for item, new in zip(taken, items["new"], strict=True):
            of_item = data.times[data.items == item]
            was_there = (of_item >= data.as_of - 4 * WEEK) & (of_item < data.as_of - 2 * WEEK)
            assert new == (not was_there.any())
        assert items["new"].unique().sort().to_list() == [0.0, 1.0]
        assert events.columns == ["user_row", "item_popularity", "weight", "hour", "weekday"]
        assert events["user_row"].to_list() == data.users[late].tolist()
        most = np.bincount(data.items[late]).argmax()
        highest = events["item_popularity"].to_numpy()[data.items[late] == most]
        assert set(highest) == {(len(taken) - 1) / len(taken)}
        assert events["item_popularity"].min() >= 0
        assert read_sample(tmp_path / "now" / "interactions.parquet").columns == events.columns[1:]
        first = datetime.fromtimestamp(data.times[late][0] / 1000, UTC)
        assert (events["hour"][0], events["weekday"][0]) == (first.hour, f"{first:%a}")

    def test_days_of_a_longer_past_say_the_same(self, tmp_path):
        """No figure is drawn from a lifetime count."""
        log = synthetic_interactions(seed=3, n_items=300)
        whole = dataset(log)
        short = dataset(log.filter(pl.col("time") >= whole.as_of - 4 * WEEK), as_of=whole.as_of)
        columns = {"items": ["events", "new"], "users": ["events", "idle"]}
        for subject, sample in (("items", items), ("users", users)):
            long_past, short_past = (
                sample(data, 14, 7).select(columns[subject]).sort(columns[subject])
                for data in (whole, short)
            )
            assert long_past.equals(short_past)
        times = [interactions(data, 14)["hour", "weekday"] for data in (whole, short)]
        assert times[0].equals(times[1])

    def test_without_times_weights_or_tables_they_tell_everything(self, tmp_path):
        data = dataset(synthetic_interactions(seed=3).drop("time"))
        write_samples(tmp_path, data, 0, 7)
        users, items, events = samples_of(tmp_path)
        columns = [users.columns, items.columns, events.columns]
        assert columns == [["user_row", "events"], ["events"], ["user_row", "item_popularity"]]
        assert np.expm1(users["events"].to_numpy()) == pytest.approx(data.user_counts)
        assert len(events) == len(data)

    def test_many_users_and_items_are_thinned_by_hash_alike_at_two_moments(
        self, tmp_path, monkeypatch
    ):
        few = RunsDefaults(sample_rows=30)
        monkeypatch.setattr("fusion.runs.monitoring_samples.DEFAULTS", few)
        data = dataset(synthetic_interactions(seed=3, n_users=200), None, user_frame(200))
        frames, items = [], []
        for at, known in enumerate((data, data.before(int(np.quantile(data.times, 0.95))))):
            write_samples(tmp_path / str(at), known, 28, 7)
            frames.append(pl.read_parquet(tmp_path / str(at) / "users.parquet"))
            items.append(pl.read_parquet(tmp_path / str(at) / "items.parquet"))
        assert 10 < len(frames[0]) < 60
        shared = set(frames[0]["age"]) & set(frames[1]["age"])
        assert len(shared) > 0.9 * len(frames[1])
        assert 10 < len(items[0]) < 60
        assert len(interactions(data, 28)) <= 30


class TestDaysOfSamples:
    """The number depends on windows and on the span of the data alone."""

    @staticmethod
    def days(span: float, window: int | None = None, setting: int | None = None) -> int | None:
        known = SimpleNamespace(has_times=True, as_of=round(span * DAY), times=[0])
        plan = SimpleNamespace(window=window, verdict=SimpleNamespace(known=known))
        return sampled_days(plan, SplitSettings(window=setting))

    @pytest.mark.parametrize(
        ("window", "days"),
        [(1, 28), (7, 28), (10, 42), (14, 56), (28, 112), (91, 364), (None, 1463)],
    )
    def test_they_are_four_windows_in_whole_weeks(self, window, days):
        assert self.days(20_000, window) == days
        assert self.days(20_000, setting=window) == days

    def test_they_are_halved_until_the_data_holds_them_twice(self):
        spans = [55, 56, 28, 27, 14, 13.9, 0]
        assert [self.days(span, 7) for span in spans] == [14, 28, 14, 7, 7, None, None]

    def test_they_change_when_the_span_has_doubled_and_not_before(self):
        chosen = [self.days(span, 28) for span in range(14, 1_000)]
        assert sorted(set(chosen)) == [7, 14, 28, 56, 112]
        assert chosen == sorted(chosen)

    def test_data_without_times_has_none(self):
        data = dataset(synthetic_interactions(seed=3).drop("time"))
        data = replaced(data, has_times=False)
        plan = plan_folds(data, SplitSettings(users=20))
        assert (plan.kind, sampled_days(plan, SplitSettings())) == ("random", 0)


class TestVectorsAndQueries:
    @pytest.fixture
    def data(self):
        """Six hundred items with vectors of four numbers, but one; users who wrote."""
        made = dataset(synthetic_interactions(seed=3, n_items=600, n_events=9000))
        vectors = np.random.default_rng(0).normal((2, 0, 0, 0), size=(made.n_items, 4))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors[0] = 0
        return replaced(made, vectors={"looks": vectors.astype(np.float32)}, queries=asked(made))

    def test_they_have_columns(self, data):
        of_items, of_users = items(data, 28, 7), users(data, 28, 7)
        names = ["vectors_looks_1", "vectors_looks_2", "vectors_looks_3"]
        assert of_items.columns == ["events", "new", *names]
        assert of_items[names].null_count().row(0) == (1, 1, 1)
        assert of_items[names].row(0) == (None, None, None)
        is_late = data.queries.times >= data.as_of - 28 * DAY
        for user, written in of_users["user_row", "queries"].iter_rows():
            of_user = is_late[data.queries.users == user]
            assert np.expm1(written) == pytest.approx(of_user.sum())
            assert 0 < of_user.sum() < len(of_user)
        assert items(data, 28, 7).equals(of_items)

    def test_vectors_of_users_have_them_too(self, data):
        vectors = data.vectors["looks"][: data.n_users]
        of_users = users(replaced(data, user_vectors={"faces": vectors}), 28, 7)
        names = ["vectors_faces_1", "vectors_faces_2", "vectors_faces_3"]
        assert of_users.columns[-3:] == names
        rows = of_users["user_row"].to_numpy()
        assert of_users[names].null_count().row(0) == ((rows == 0).sum(),) * 3

    def test_another_model_drifts_and_another_moment_does_not(self, data):
        turned = (
            data.vectors["looks"] @ np.linalg.qr(np.random.default_rng(5).normal(size=(4, 4)))[0]
        )
        model = replaced(data, vectors={"looks": turned.astype(np.float32)})
        earlier = data.before(int(np.quantile(data.times, 0.9)))

        def drifted(other):
            found = drift(
                {"items": (items(earlier, 28, 7), items(other, 28, 7))}, MonitorSettings()
            )
            return [one.drifted for one in found if one.column.startswith("vectors_")]

        assert drifted(data) == [False] * 3
        assert sum(drifted(model)) >= 2
