"""The store of stages, the run folder and the samples: whole or not there, keyed by inputs."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fusion.runs import stage_store as stores
from fusion.runs.cleanup import run_folders
from fusion.runs.defaults import RunsDefaults
from fusion.runs.manifest import Manifest, moment, read_manifest, write_manifest
from fusion.runs.monitoring_samples import read_sample, write_samples
from fusion.runs.run_folder import file_hashes, new_run_id, run_folder, sweep_folders
from fusion.runs.stage_store import Store
from tests.fusion.making import dataset, item_frame, synthetic_interactions, user_frame


def gone_pid() -> int:
    """The number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


class TestStore:
    def test_made_once_and_its_inputs_are_recorded(self, tmp_path):
        calls = []

        def make(folder: Path) -> None:
            calls.append(folder)
            (folder / "x.txt").write_text("made")

        first = Store(tmp_path).stage("fit", {"b": 1, "a": [2]}, make)
        assert Store(tmp_path).stage("fit", {"a": [2], "b": 1}, make) == first
        assert len(calls) == 1
        assert (first / "x.txt").read_text() == "made"
        assert json.loads((first / "inputs.json").read_text()) == {"a": [2], "b": 1}
        assert list((tmp_path / "fit").iterdir()) == [first]

    def test_a_make_that_fails_leaves_nothing_and_may_be_tried_again(self, tmp_path):
        def fails(folder: Path) -> None:
            (folder / "half.txt").write_text("half")
            raise RuntimeError("on the way")

        with pytest.raises(RuntimeError, match="on the way"):
            Store(tmp_path).stage("fit", {}, fails)
        assert list((tmp_path / "fit").iterdir()) == []
        assert Store(tmp_path).stage("fit", {}, lambda folder: None).is_dir()

    def test_a_killed_make_leaves_a_draft_that_the_next_run_sweeps(self, tmp_path):
        code = (
            "import sys, time; from pathlib import Path\n"
            "from fusion.runs.stage_store import Store\n"
            "def make(folder):\n"
            "    (folder / 'half').write_text('x')\n"
            "    print('on it', flush=True); time.sleep(60)\n"
            "Store(Path(sys.argv[1])).stage('fit', {'a': 1}, make)"
        )
        environment = {**os.environ, "PYTHONPATH": os.getcwd()}
        killed = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, env=environment
        )
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"on it\n"
        store = Store(tmp_path)
        assert store.sweep() == 0, "it is still at work"
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
        assert not (tmp_path / "fit" / store.key({"a": 1})).exists()
        assert store.sweep() == 1
        assert list((tmp_path / "fit").iterdir()) == []

    def test_the_sweep_leaves_alone_what_it_did_not_make(self, tmp_path):
        stale = tmp_path / "fit" / f".abc.{gone_pid()}"
        own = tmp_path / "fit" / f".def.{os.getpid()}"
        for folder in (stale, own, tmp_path / "fit" / ".git", tmp_path / "fit" / ".x.old"):
            folder.mkdir(parents=True)
        (tmp_path / "fit" / ".DS_Store").write_text("")
        assert Store(tmp_path).sweep() == 1
        assert not stale.exists()
        assert {path.name for path in (tmp_path / "fit").iterdir()} == {
            own.name,
            ".git",
            ".x.old",
            ".DS_Store",
        }

    def test_whoever_is_first_wins(self, tmp_path):
        store = Store(tmp_path)

        def make(folder: Path) -> None:
            (folder / "who").write_text("late")
            final = tmp_path / "fit" / store.key({})
            final.mkdir()
            (final / "who").write_text("early")

        assert (store.stage("fit", {}, make) / "who").read_text() == "early"
        assert len(list((tmp_path / "fit").iterdir())) == 1

    def test_the_key_follows_inputs_and_code(self, tmp_path, monkeypatch):
        store = Store(tmp_path)
        assert store.key({"a": 1, "b": 2}) == store.key({"b": 2, "a": 1})
        keys = {
            store.key(inputs)
            for inputs in ({"a": 1}, {"a": 2}, {"b": 1}, {"a": "1"}, {"a": None}, {})
        }
        assert len(keys) == 6
        before = store.key({"a": 1})
        monkeypatch.setattr(stores, "code_version", lambda: "another")
        assert store.key({"a": 1}) != before

    def test_the_codes_version_follows_the_source_and_the_libraries(self, tmp_path, monkeypatch):
        now = stores.code_version()
        assert stores.code_version.__wrapped__() == now
        monkeypatch.setattr(stores, "version", lambda name: "9.9")
        assert stores.code_version.__wrapped__() != now
        monkeypatch.undo()
        (tmp_path / "store.py").write_text("# other")
        monkeypatch.setattr(stores, "__file__", str(tmp_path / "store.py"))
        other = stores.code_version.__wrapped__()
        assert other != now
        (tmp_path / "store.py").write_text("# another")
        assert stores.code_version.__wrapped__() != other


class TestRunFolder:
    def test_it_appears_whole_or_not_at_all(self, tmp_path):
        with run_folder(tmp_path, "20260101-000000-abcdef") as folder:
            (folder / "x").write_text("1")
            assert not (tmp_path / "20260101-000000-abcdef").exists()
        assert [p.name for p in tmp_path.iterdir()] == ["20260101-000000-abcdef"]
        with pytest.raises(RuntimeError), run_folder(tmp_path, "20260102-000000-abcdef") as folder:
            raise RuntimeError
        assert [p.name for p in tmp_path.iterdir()] == ["20260101-000000-abcdef"]
        (tmp_path / ".20260103-000000-abc.999999999").mkdir()
        alive = f".20260104-000000-abc.{os.getpid()}"
        (tmp_path / alive).mkdir()
        (tmp_path / ".keep").mkdir()
        sweep_folders(tmp_path)
        assert {p.name for p in tmp_path.iterdir()} == {"20260101-000000-abcdef", ".keep", alive}

    def test_a_draft_is_no_run_also_when_all_of_it_is_written(self, tmp_path):
        with run_folder(tmp_path, "20260101-000000-abcdef") as folder:
            write_manifest(folder, Manifest())
            assert run_folders(tmp_path) == {}
        assert list(run_folders(tmp_path)) == ["20260101-000000-abcdef"]

    def test_run_ids_sort_by_time_and_differ(self):
        moments = [datetime(2026, 1, 31, 23, 59, second, tzinfo=UTC) for second in (1, 2)]
        names = [new_run_id(when) for when in moments]
        assert names == sorted(names)
        assert names[0].startswith("20260131-235901-")
        assert len({new_run_id(moments[0]) for _ in range(50)}) == 50
        assert moment(1_000).isoformat() == "1970-01-01T00:00:01+00:00"

    def test_the_manifest_holds_every_files_hash(self, tmp_path):
        (tmp_path / "ids").mkdir()
        (tmp_path / "ids" / "users.txt").write_bytes(b"ab" * 2**20)
        (tmp_path / "lists.txt").write_text("1")
        written = write_manifest(tmp_path, Manifest(placement="Müller"))
        assert read_manifest(tmp_path) == written.as_json()
        assert written.placement == "Müller"
        assert list(written.files) == ["ids/users.txt", "lists.txt"]
        assert written.files["ids/users.txt"] == {
            "sha256": sha256(b"ab" * 2**20).hexdigest(),
            "bytes": 2**21,
        }
        before = file_hashes(tmp_path)
        (tmp_path / "lists.txt").write_text("2")
        assert file_hashes(tmp_path)["lists.txt"] != before["lists.txt"]
        assert write_manifest(tmp_path, Manifest()).files.keys() == before.keys(), (
            "the manifest is no part of itself"
        )


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
        assert items["age"][0] == pytest.approx(
            (data.as_of - data.times[data.items == 0].min()) / span
        )
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


def test_a_running_make_is_not_mistaken_for_a_result(tmp_path):
    store = Store(tmp_path)
    seen = []

    def make(folder: Path) -> None:
        seen.append(
            sorted(p.name for p in (tmp_path / "fit").iterdir() if not p.name.startswith("."))
        )
        time.sleep(0)

    store.stage("fit", {}, make)
    assert seen == [[]]
