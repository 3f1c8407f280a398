"""The last events of users: which, in which order, and of whom."""

import numpy as np
import polars as pl
import pytest

from fusion.data.dataset import Dataset
from fusion.data.id_map import IdMap
from fusion.runs.recent_history import recent_events, write_history
from fusion.runs.run_folder import RunFolder


def dataset(**more) -> Dataset:
    rows = [(0, 3), (1, 0), (0, 2), (0, 1), (2, 2)]  # user and item, a second apart
    users, items = np.array(rows, np.int32).T
    return Dataset(
        user_ids=IdMap(pl.Series(["a", "b", "c", "d"])),
        item_ids=IdMap(pl.Series(["i0", "i1", "i2", "i3"])),
        users=users,
        items=items,
        times=1000 * np.arange(5),
        weights=np.arange(5, dtype=np.float32),
        liked=np.ones(5, bool),
        as_of=9000,
        **more,
    )


@pytest.mark.parametrize(
    ("most", "of_a"), [(1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (100, [1, 2, 3])]
)
def test_the_newest_events_of_each_user_stand_first(most, of_a):
    events = recent_events(dataset(), most)
    assert events.filter(pl.col("user") == 0)["item"].to_list() == of_a
    assert events["user"].unique(maintain_order=True).to_list() == [0, 1, 2]
    assert events.filter(pl.col("user") == 2).row(0)[1] == 2


def test_times_and_weights_are_those_of_the_data_or_nothing():
    full = recent_events(dataset(has_weights=True), 1)
    assert full["time"].dt.epoch("ms").to_list() == [3000, 1000, 4000]
    assert full["weight"].to_list() == [3.0, 1.0, 4.0]
    bare = recent_events(dataset(has_times=False), 1)
    assert (bare["time"].null_count(), bare["weight"].null_count()) == (3, 3)
    assert bare.schema == full.schema


def test_only_users_whom_the_run_serves_are_written(tmp_path):
    run = RunFolder(tmp_path)
    pl.DataFrame({"user": [0, 3], "route": "warm", "segment": None}).write_parquet(run.served)
    write_history(run, dataset(), 2)
    assert pl.read_parquet(run.history)["user"].to_list() == [0, 0]
