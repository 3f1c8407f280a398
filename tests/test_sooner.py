"""The longest files come first, and a failure is printed as it happens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sooner

ROOT = Path(__file__).parents[1]


def test_every_long_file_is_there():
    assert [name for name in sooner.LONGEST if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("words", [(), ("-n", "1", "--dist", "loadfile")], ids=["one", "workers"])
def test_a_failure_is_printed_before_the_tests_after_it(words, tmp_path):
    """The long file is run first, whatever its name, and what fails in it is read at once."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-loadscope-reorder\n")
    (tmp_path / "plugin.py").write_text(
        "from tests import sooner\nsooner.LONGEST = ('test_z.py',)\nfrom tests.sooner import *\n"
    )
    (tmp_path / "test_a.py").write_text("def test_fine(): pass\ndef test_two(): pass\n")
    (tmp_path / "test_z.py").write_text("def test_odd(): assert 1 + 1 == 3\n")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "plugin", "-v", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])},
        capture_output=True,
        text=True,
        check=False,
    )
    at_once, _, later = ended.stdout.partition("test_two")
    assert "FAILED test_z.py::test_odd (call)" in at_once, ended.stdout
    assert "assert (1 + 1) == 3" in at_once
    assert "1 failed, 2 passed" in later
