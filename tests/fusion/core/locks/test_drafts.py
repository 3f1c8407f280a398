"""Drafts are swept when their process is gone, whatever its number means to whoever sweeps."""

import os
import subprocess
import sys

import pytest

from fusion.core.locks import drafts
from fusion.core.locks.drafts import draft_beside, sweep_drafts

MAKER = """
import sys, time
from pathlib import Path
from fusion.core.locks.drafts import draft_beside
with draft_beside(Path(sys.argv[1]) / "run") as draft:
    draft.mkdir()
    (draft / "half").write_text("x")
    print(draft.name, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def making(tmp_path):
    """A process in the middle of a draft, with the name of the draft."""
    command = [sys.executable, "-c", MAKER, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield process, tmp_path / process.stdout.readline().strip()
        process.kill()


def test_a_draft_lasts_as_long_as_its_process(making, tmp_path, monkeypatch):
    process, draft = making

    def refuse(*words):
        raise ProcessLookupError  # as another container would say of this process

    monkeypatch.setattr(os, "kill", refuse)
    assert sweep_drafts(tmp_path, ".*") == 0
    assert (draft / "half").exists()
    monkeypatch.undo()
    process.kill()
    process.wait()
    assert sweep_drafts(tmp_path, ".*") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_thread_of_the_same_process_sweeps_no_draft(tmp_path):
    with draft_beside(tmp_path / "deep" / "run") as draft:
        draft.mkdir()
        assert sweep_drafts(tmp_path, "deep/.*") == 0
        assert draft.is_dir()
    assert list((tmp_path / "deep").iterdir()) == []


def test_a_lock_that_a_sweep_removed_before_it_was_taken_is_made_again(tmp_path, monkeypatch):
    locks, swept = drafts.kernel_lock, []

    def swept_before(descriptor, mode):
        if not swept:
            swept.append(descriptor)
            monkeypatch.setattr(drafts, "kernel_lock", locks)
            sweep_drafts(tmp_path, ".*")
        return locks(descriptor, mode)

    monkeypatch.setattr(drafts, "kernel_lock", swept_before)
    with draft_beside(tmp_path / "run") as draft:
        draft.mkdir()
        assert swept
        assert sweep_drafts(tmp_path, ".*") == 0
        assert draft.is_dir()


def test_a_file_system_without_locks_keeps_every_draft(tmp_path, monkeypatch):
    monkeypatch.setattr(drafts, "kernel_lock", lambda *_: None)
    with draft_beside(tmp_path / "run") as draft:
        draft.mkdir()
        assert sweep_drafts(tmp_path, ".*") == 0
        assert draft.is_dir()
