"""Moments of faults are counted by their kinds, whichever process brought them about."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SUITE = """
import pytest

@pytest.mark.parametrize("seconds", [0.5, 1.25])
def test_kills(seconds, moment):
    moment("run killed", seconds)
    moment("server stopped")
    assert seconds < 1

def test_a_kill_too_early(moment):
    moment("run killed", 0)

@pytest.fixture
def broken(moment):
    moment("disk filled")
    yield
    raise OSError

def test_of_a_fixture_that_fails_at_its_end(broken):
    pass

def test_quick(record_property):
    record_property("run killed", "no moment")
"""


def run(folder: Path, *words: str) -> str:
    (folder / "test_suite.py").write_text(SUITE)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.moments", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("processes", ["0", "2"])
def test_every_moment_is_counted_once(processes, tmp_path):
    said = run(tmp_path, "-n", processes)
    assert "moments of faults: 6; run killed 3, server stopped 2, disk filled 1\n" in said, said
    assert "1 failed, 4 passed, 1 error" in said


def test_a_session_without_faults_says_nothing_of_them(tmp_path):
    said = run(tmp_path, "-k", "quick")
    assert "1 passed" in said
    assert "moments" not in said
