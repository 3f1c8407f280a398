"""The long suites are dealt out in shares, and all of them go on where they stopped."""

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.shares import PARTS, Share

ROOT = Path(__file__).parents[1]
DAY = date(2026, 1, 1)
SUITE = """
import pathlib
import pytest

@pytest.mark.faults
@pytest.mark.parametrize("block", range(12))
def test_long(block):
    assert block != 5 or pathlib.Path("../mended").exists()

def test_quick():
    pass
"""


@pytest.fixture
def suite(tmp_path):
    """A repository with a suite of 12 long tests, of which one fails, and a quick one."""
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "test_suite.py").write_text(SUITE)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    faults\n")
    (folder / ".gitignore").write_text("__pycache__\n.pytest_cache\n")
    for words in ("init", "add .", "-c user.name=a -c user.email=a@b commit -m a"):
        subprocess.run(["git", *words.split()], cwd=folder, capture_output=True, check=True)
    return folder


def run(folder: Path, *words: str, share: str = "all") -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.shares", *words],
        cwd=folder,
        env={**os.environ, "SHARE": share, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_shares_hold_every_test_once_and_as_many_each():
    names = [f"a.py::test_a[{n}]" for n in range(50)] + [f"a.py::test_b{n}" for n in range(40)]
    shares = [Share(number, 8).of(names) for number in range(1, 9)]
    assert sorted(name for share in shares for name in share) == sorted(names)
    assert {sum("test_a" in name for name in share) for share in shares} <= {6, 7}
    # Tests without cases are spread by their names.
    assert all(any("test_b" in name for name in share) for share in shares)


def test_a_parameter_does_not_stand_in_one_share_alone():
    damages = ("cut", "flip", "empty", "gone")
    names = [f"a.py::test_a[{n}-{damage}]" for n in range(24) for damage in damages]
    for number in range(1, 9):
        share = Share(number, 8).of(names)
        assert len({name.rpartition("-")[2] for name in share}) >= 3, number


def test_a_test_is_in_the_same_share_whatever_else_is_selected():
    names = [f"a.py::test_a[{n}]" for n in range(50)]
    more = ["0.py::test_other", *names, "b.py::test_more"]
    assert Share(3, 8).of(names) == Share(3, 8).of(more) & set(names)


def test_each_day_has_another_share_and_all_come_round():
    days = [DAY + timedelta(days=n) for n in range(PARTS)]
    assert len({Share.parse("today", day) for day in days}) == PARTS
    assert Share.parse("2/5", DAY) == Share(2, 5)


@pytest.mark.parametrize("text", ["0/8", "9/8", "8", "half", "1/0", "-1/8"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(pytest.UsageError, match=f"SHARE={text} is no share; allowed are today"):
        Share.parse(text, DAY)


def test_a_share_leaves_out_long_tests_alone_and_says_which_it_is(suite):
    (suite.parent / "mended").touch()
    code, said = run(suite, share="2/12")
    assert "share 2/12 of the long suites; SHARE=2/12 runs it again" in said
    assert code == 0, said
    assert "2 passed, 11 deselected" in said


@pytest.mark.faults
def test_all_goes_on_where_it_stopped_and_ends_well_when_nothing_is_left(suite):
    code, said = run(suite, "--maxfail=1")
    assert (code, "0 tests passed before" in said) == (1, True), said
    code, said = run(suite, "-m", "faults")
    assert (code, "5 tests passed before" in said) == (1, True), said
    assert "1 failed, 6 passed" in said
    (suite.parent / "mended").touch()
    code, said = run(suite, "-m", "faults")
    assert (code, "1 passed" in said) == (0, True), said
    code, said = run(suite, "-m", "faults")
    assert (code, "13 deselected" in said) == (0, True), said


def test_two_processes_share_what_is_left(suite):
    code, said = run(suite, "-n", "2", "-m", "faults")
    assert (code, "1 failed, 11 passed" in said) == (1, True), said
    code, said = run(suite, "-n", "2", "-m", "faults")
    assert (code, "11 tests passed before" in said, "1 failed in" in said) == (1, True, True), said


def test_nothing_is_kept_of_files_that_no_commit_holds(suite):
    (suite / "other.py").touch()
    for _ in range(2):
        code, said = run(suite)
        assert "1 failed, 12 passed" in said, (code, said)
        assert "what passes is only kept of a clean commit" in said
