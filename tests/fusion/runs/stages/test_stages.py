"""Stages: made of declared inputs alone, under a key that follows each of them and nothing else."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from fusion.config import RankerSettings
from fusion.errors import FusionError
from fusion.models.base.allowed import Allowed
from fusion.runs.stages.keys import array_key, fold_key, input_key
from fusion.runs.stages.runtime import Runtime, Stage
from fusion.runs.stages.store import Store
from tests.fusion.making import (
    config,
    context_of,
    dataset,
    item_frame,
    replaced,
    synthetic_interactions,
)


@dataclass(frozen=True)
class Inputs:
    seed: int
    tables: tuple[Path, ...] = ()


def make(folder: Path, inputs: Inputs, runtime: Runtime) -> None:
    runtime.watch()(1, 1)
    (folder / "seed").write_text(str(inputs.seed))


def fold(frame=None, **split: Any):
    frame = synthetic_interactions(seed=3) if frame is None else frame
    settings = config(split={"users": 20, **split})
    return context_of(
        Path("none"), dataset(frame, item_frame(), has_weights=True), settings
    ).plan.verdict


class TestRuntime:
    def test_a_stage_is_made_once_whatever_the_means(self, tmp_path):
        steps, reports = [], []

        def step(name, work):
            steps.append(name)
            return work()

        def progress(name):
            return lambda done, total: reports.append((name, done, total))

        runtime = Runtime(Store(tmp_path), 2, 1.0, step, progress)
        stage = Stage("fit", "fit als", Inputs(7), make)
        assert not runtime.has(stage)
        folder = runtime.run(stage)
        assert runtime.has(stage)
        assert (folder / "seed").read_text() == "7"
        other = Runtime(Store(tmp_path), threads=8, memory=9.0)
        assert other.make(replace(stage, label="another")) == folder
        assert (steps, reports) == (["fit als"], [("fit als", 1, 1)])
        assert other.run(replace(stage, inputs=Inputs(8))) != folder

    def test_what_a_closure_brings_along_is_no_input(self):
        seed = 7

        def closure(folder: Path, inputs: Inputs, runtime: Runtime) -> None:
            (folder / "seed").write_text(str(seed))

        class Method:
            def make(self, folder: Path, inputs: Inputs, runtime: Runtime) -> None:
                return None

        for bad in (closure, Method().make, lambda folder, inputs, runtime: seed):
            with pytest.raises(FusionError, match="must be a function of a module"):
                Stage("fit", "fit als", Inputs(7), bad)


class TestKeys:
    def test_a_folder_counts_by_the_key_of_its_stage(self):
        assert input_key((Path("/a/table/12ab"), Path("/b/table/34cd"))) == ["12ab", "34cd"]
        assert input_key(Inputs(7, (Path("/a/table/12ab"),))) == {"seed": 7, "tables": ["12ab"]}

    def test_settings_count_by_every_field(self):
        settings = RankerSettings()
        for name, value in {"leaves": 9, "max_rows": 1000, "extra": {"a": 1}}.items():
            other = settings.model_copy(update={name: value})
            assert input_key(other) != input_key(settings)

    def test_arrays_count_by_type_shape_content_and_order(self):
        zeros = np.zeros(4, np.int32)
        others = [
            (np.zeros(4, np.int64),),
            (np.zeros((2, 2), np.int32),),
            (np.ones(4, np.int32),),
            (zeros, zeros),
            (),
        ]
        assert len({array_key(zeros), *(array_key(*each) for each in others)}) == 6
        assert array_key(zeros, others[2][0]) != array_key(others[2][0], zeros)

    def test_what_has_no_key_is_refused(self):
        for value in (object(), {1, 2}, len, np.float32(1)):
            with pytest.raises(FusionError, match="nothing gives a key"):
                input_key(value)

    def test_an_item_that_comes_later_changes_what_may_be_listed_and_no_key(self):
        now = Allowed(np.array([True, False]))
        assert input_key(now) == input_key(Allowed(np.array([True, False, True])))
        assert input_key(now) != input_key(Allowed(np.array([True, False, False])))
        assert input_key(now) != input_key(Allowed(np.array([False, True])))
        assert input_key(now) != input_key(Allowed(np.array([True, False]), seen=True))

    def test_a_fold_counts_by_what_is_known_labelled_held_out_and_when(self):
        first = fold()
        key = fold_key(first)
        assert fold_key(replace(first, name="label-1")) == key, "its name is for people"
        labels = replace(first, label_items=first.label_items[::-1].copy())
        times = replace(first, as_of=first.as_of - 1)
        known = replace(first, known=first.known.take(slice(0, len(first.known) - 1)))
        other_held_out = replaced(first.held_out, weights=first.held_out.weights + 1)
        others = [labels, times, known, replace(first, held_out=other_held_out)]
        changed = [{part for part in key if fold_key(each)[part] != key[part]} for each in others]
        assert changed == [{"labels"}, {"as_of"}, {"data"}, {"held_out"}]

    def test_users_who_come_later_change_no_fold_before_them(self):
        frame = synthetic_interactions(seed=3)
        late = frame.tail(5).with_columns(
            user=pl.concat_str(pl.lit("late"), pl.row_index()), time=pl.col("time").max() + 1
        )
        before = fold(frame, kind="time", window=7)
        after = fold(pl.concat([frame, late]), kind="time", window=7)
        assert before.cut == after.cut
        assert before.known.n_users < after.known.n_users
        assert fold_key(before)["data"] == fold_key(after)["data"]
