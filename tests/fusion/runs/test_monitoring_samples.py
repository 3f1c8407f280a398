"""Samples for monitoring: users, items and interactions as they are at a moment."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from dashboards.measures.drift import drift
from dashboards.settings import MonitorSettings
from fusion.runs.defaults import RunsDefaults
from fusion.runs.monitoring_samples import items, read_sample, users, write_samples
from tests.fusion.making import (
    asked,
    dataset,
    item_frame,
    replaced,
    synthetic_interactions,
    user_frame,
)

DAY = 86_400_000


class TestSamples:
    def test_they_describe_the_moment(self, tmp_path):
        data = dataset(synthetic_interactions(seed=3), item_frame(), user_frame(), has_weights=True)
        write_samples(tmp_path / "now", data, 7)
        users, items, events = (
            pl.read_parquet(tmp_path / "now" / f"{n}.parquet")
            for n in ("users", "items", "interactions")
        )
        assert users.columns == ["user_row", "events", "idle", "sex", "age"]
        assert users["user_row"].to_list() == list(range(60))
        assert len(users) == 60, "nobody has no history"
        assert np.expm1(users["events"].to_numpy()) == pytest.approx(data.user_counts[:60])
        assert users["idle"].min() > 0
        span = data.as_of - data.times[0]
        last = data.times[data.users == 0].max()
        assert users["idle"][0] == pytest.approx((data.as_of - last) / span)
        assert len(items) == (data.item_counts > 0).sum()
        first = [data.times[data.items == item].min() for item in range(data.n_items)]
        ages = (data.as_of - np.array(first)) / span
        assert items["age"].to_numpy() == pytest.approx(np.minimum(ages, 0.9))
        assert (ages > 0.9).any()
        assert (ages < 0.9).any()
        assert events.columns == ["user_row", "item_popularity", "weight", "hour", "weekday"]
        assert events["user_row"].to_list() == data.users.tolist()
        assert read_sample(tmp_path / "now" / "interactions.parquet").columns == events.columns[1:]
        first = datetime.fromtimestamp(data.times[0] / 1000, UTC)
        assert (events["hour"][0], events["weekday"][0]) == (first.hour, f"{first:%a}")

    def test_without_times_weights_or_tables(self, tmp_path):
        write_samples(tmp_path, dataset(synthetic_interactions(seed=3).drop("time")), 7)
        columns = [
            pl.read_parquet(tmp_path / f"{n}.parquet").columns
            for n in ("users", "items", "interactions")
        ]
        assert columns == [["user_row", "events"], ["events"], ["user_row", "item_popularity"]]

    def test_many_users_and_items_are_thinned_by_hash_alike_at_two_moments(
        self, tmp_path, monkeypatch
    ):
        few = RunsDefaults(sample_rows=30)
        monkeypatch.setattr("fusion.runs.monitoring_samples.DEFAULTS", few)
        data = dataset(synthetic_interactions(seed=3, n_users=200), None, user_frame(200))
        frames, items = [], []
        for at, known in enumerate((data, data.before(int(np.quantile(data.times, 0.95))))):
            write_samples(tmp_path / str(at), known, 7)
            frames.append(pl.read_parquet(tmp_path / str(at) / "users.parquet"))
            items.append(pl.read_parquet(tmp_path / str(at) / "items.parquet"))
        assert 10 < len(frames[0]) < 60
        shared = set(frames[0]["age"]) & set(frames[1]["age"])
        assert len(shared) > 0.9 * len(frames[1])
        assert 10 < len(items[0]) < 60
        first = [
            data.times[data.items == item].min()
            for item in range(data.n_items)
            if data.item_counts[item]
        ]
        newest = (data.as_of - np.quantile(first, 0.8)) / (data.as_of - data.times[0])
        assert items[0]["age"].min() < newest, "items that came late are among them"


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
        of_items, of_users = items(data, 7), users(data, 7)
        names = ["vectors_looks_1", "vectors_looks_2", "vectors_looks_3"]
        assert of_items.columns == ["events", "age", *names]
        assert of_items[names].null_count().row(0) == (1, 1, 1)
        assert of_items[names].row(0) == (None, None, None)
        assert np.expm1(of_users["queries"][0]) == pytest.approx((data.queries.users == 0).sum())
        assert items(data, 7).equals(of_items)

    def test_vectors_of_users_have_them_too(self, data):
        vectors = data.vectors["looks"][: data.n_users]
        of_users = users(replaced(data, user_vectors={"faces": vectors}), 7)
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
            found = drift({"items": (items(earlier, 7), items(other, 7))}, MonitorSettings())
            return [one.drifted for one in found if one.column.startswith("vectors_")]

        assert drifted(data) == [False] * 3
        assert sum(drifted(model)) >= 2


class TestAgesInAnExportThatKeepsTheNewestDays:
    """Most items were there before it begins: how old they are nobody can tell."""

    @staticmethod
    def export(night: int, new_items: int = 0):
        """120 days before a night: 300 items all the while, and more at weekends; one new a day."""
        frames = []
        for day in range(night - 120, night):
            rng = np.random.default_rng(day)
            n_events = 500 if day % 7 in (5, 6) else 250
            here = rng.integers(0, 300 + day, n_events)
            if day >= night - 3:
                here = np.concatenate([here, np.arange(10_000, 10_000 + new_items)])
            times = day * DAY + rng.integers(DAY, size=len(here))
            frames.append(pl.DataFrame({"item": here, "time": times}))
        log = pl.concat(frames)
        users = np.random.default_rng(night).integers(200, size=len(log))
        ids = {"user": [f"u{user}" for user in users], "item": [f"i{item}" for item in log["item"]]}
        plain = {"time": log["time"], "weight": np.ones(len(log), np.float32), "liked": True}
        return dataset(pl.DataFrame(ids | plain))

    def drifted(self, before, now) -> dict[str, bool]:
        found = drift({"items": (items(before, 7), items(now, 7))}, MonitorSettings())
        return {one.column: one.drifted for one in found}

    def test_the_day_on_which_it_begins_moves_no_age(self):
        exports = [self.export(night) for night in range(200, 215)]
        moved = [self.drifted(*pair)["age"] for pair in pairwise(exports)]
        assert not any(moved)

    def test_many_new_items_do(self):
        assert self.drifted(self.export(200), self.export(201, new_items=150))["age"]
