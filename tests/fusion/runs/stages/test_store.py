"""The store of stages: whole or not there, keyed by inputs."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fusion.runs.stages import store as stores
from fusion.runs.stages.store import Store


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
            "from fusion.runs.stages.store import Store\n"
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
        stale = tmp_path / "fit" / ".abc.d0123456789ab"
        for folder in (stale, tmp_path / "fit" / ".git", tmp_path / "fit" / ".x.old"):
            folder.mkdir(parents=True)
        (tmp_path / "fit" / ".DS_Store").write_text("")
        (tmp_path / "fit" / ".def.d0123456789ab.lock").write_text("")
        assert Store(tmp_path).sweep() == 1
        assert not stale.exists()
        assert {path.name for path in (tmp_path / "fit").iterdir()} == {
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
        # Source anywhere in the core counts, not that of the room of the store alone.
        source = tmp_path / "models" / "als.py"
        source.parent.mkdir()
        source.write_text("# other")
        monkeypatch.setattr(stores, "__file__", str(tmp_path / "runs" / "stages" / "store.py"))
        other = stores.code_version.__wrapped__()
        assert other != now
        source.write_text("# another")
        assert stores.code_version.__wrapped__() != other


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
