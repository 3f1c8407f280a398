import logging
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from dashboards.measures.drift import drift, drift_rows, sampled
from dashboards.measures.metric_schema import METRIC_SCHEMA
from dashboards.settings import MonitorSettings
from tests.dashboards.samples import users

SETTINGS = MonitorSettings()


def named(found):
    return {(one.subject, one.column): one for one in found}


def test_only_what_moved_is_named():
    found = named(drift({"users": (users(4000, 1), users(4000, 2, shift=8))}, SETTINGS))
    assert [key for key, one in found.items() if one.drifted] == [("users", "age")]
    assert found["users", "age"].method == "psi"
    assert found["users", "country"].method == "jensenshannon"
    assert found["users", "member"].kind == "category"


def test_the_value_stands_far_above_chance_where_a_column_moved_and_near_it_where_not():
    found = named(drift({"users": (users(4000, 1), users(4000, 2, shift=8))}, SETTINGS))
    assert found["users", "age"].value > 10 * found["users", "age"].noise
    assert found["users", "country"].value < 3 * found["users", "country"].noise


def test_few_rows_alone_are_no_drift():
    rng = np.random.default_rng(3)
    reference, current = (pl.DataFrame({"x": rng.normal(size=rows)}) for rows in (400, 15))
    (one,) = drift({"users": (reference, current)}, SETTINGS)
    assert one.value > SETTINGS.drift_limit
    assert one.noise > one.value
    assert not one.drifted


def test_chance_alone_gives_more_the_fewer_rows_there_are():
    reference = users(1000, 1)
    few = named(drift({"users": (reference, users(200, 2))}, SETTINGS))
    many = named(drift({"users": (reference, users(1000, 2))}, SETTINGS))
    assert 0 < many["users", "age"].noise < few["users", "age"].noise


def test_times_are_left_out():
    frame = pl.DataFrame({"at": [datetime(2026, 1, 1)], "x": [1]})
    assert [one.column for one in drift({"interactions": (frame, frame)}, SETTINGS)] == ["x"]


def test_a_lost_and_a_new_column_are_named():
    frame = users(400, 1)
    found = named(drift({"users": (frame, frame.drop("age"))}, SETTINGS))
    assert found["users", "age"].drifted
    found = named(drift({"users": (frame.drop("age"), frame)}, SETTINGS))
    assert found["users", "age"].drifted
    assert not found["users", "country"].drifted


def test_a_column_that_changed_its_type_is_compared_as_text():
    reference, current = pl.DataFrame({"x": [1, 2] * 50}), pl.DataFrame({"x": ["1", "2"] * 50})
    (one,) = drift({"users": (reference, current)}, SETTINGS)
    assert (one.kind, one.value) == ("category", pytest.approx(0, abs=1e-7))


def test_a_subject_without_rows_is_left_out_with_a_warning(caplog):
    with caplog.at_level(logging.WARNING):
        assert drift({"items": (users(4, 1), users(0, 1))}, SETTINGS) == []
    assert "subject=items reference=4 current=0" in caplog.text


def test_samples_are_the_same_every_time_and_keep_the_order():
    frame = pl.DataFrame({"x": range(1000)})
    first = sampled(frame, 100)
    assert len(first) == 100
    assert first["x"].is_sorted()
    assert first.equals(sampled(frame, 100))
    assert sampled(frame, 2000).equals(frame)


def test_the_sample_is_counted():
    settings = MonitorSettings(sample=100)
    (one, *_) = drift({"users": (users(400, 1), users(80, 2))}, settings)
    assert (one.reference_rows, one.current_rows) == (100, 80)


def test_rows_for_sql():
    rows = drift_rows(drift({"users": (users(400, 1), users(400, 2, shift=9))}, SETTINGS))
    assert rows.schema == METRIC_SCHEMA
    assert rows["k"].to_list() == [0] * 9
    assert rows.filter(pl.col("segment") == "age")["name"].to_list() == ["psi", "psi_chance"]
    share = rows.row(-1, named=True)
    assert (share["subject"], share["segment"], share["name"]) == ("users", "all", "drifted_share")
    assert share["value"] == 0.25
    assert drift_rows([]).schema == METRIC_SCHEMA


def test_every_setting_has_a_description_and_a_default():
    for name, field in MonitorSettings.model_fields.items():
        assert field.description, name
        assert not field.is_required(), name
