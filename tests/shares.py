"""A pytest plugin: a share of the long suites at a time, and all of them in parts.

The environment variable SHARE says what is run of the tests that carry the mark `faults`:

- unset: every test that is selected, as everywhere. Who works on one test wants that.
- `today`: one of 16 shares, another one each day; its number is printed.
- `3/16`: that share again; `1/20` is a smaller one.
- `all`: every test that has not passed yet for this commit. What passes is written down in
  pytest's cache folder, so that a run that was stopped or failed is started again and goes on.
  Nothing is written down outside of git, or where files differ from the commit.

Several processes may share what is asked for: a test is written down by the one that ran it.

A suite of many cases asks for nothing: it gives each case, or each block of cases that takes some
seconds, a test of its own, and the tests are dealt out:

    pytestmark = pytest.mark.faults

    @pytest.mark.parametrize("block", range(100))
    def test_any_configuration_ends_in_a_sentence(block):
        chance = random.Random(block)  # a block is the same cases whenever it is run
        for _ in range(100):
            ...

The cases of one function are mixed by a hash of their names, so that no share gets all of one
parameter, and dealt in turn, so that each share gets as many (one more or less). Where the function
begins is drawn from its name, so that small ones are not all in the first share. All of it stays
the same whatever else is selected.
"""

import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zlib import crc32

import pytest

PARTS = 16
"""Shares that rotate by day: on a slow machine, too, each stays within the 25 minutes that a change
may wait for."""
PASSED = pytest.StashKey["Passed"]()
FAILED = pytest.StashKey[bool]()


@dataclass(frozen=True)
class Share:
    """One of several shares.

    Attributes:
        number: from 1.
        parts: how many there are.
    """

    number: int
    parts: int

    @classmethod
    def parse(cls, text: str, today: date) -> "Share":
        """Read `today` or `3/16`.

        Raises:
            UsageError: it is neither, or there is no such share.
        """
        if text == "today":
            return cls(today.toordinal() % PARTS + 1, PARTS)
        written = re.fullmatch(r"(\d+)/(\d+)", text)
        share = cls(*map(int, written.groups())) if written else cls(0, 0)
        if not 1 <= share.number <= share.parts:
            raise pytest.UsageError(
                f"SHARE={text} is no share; allowed are today, all, and such as 3/{PARTS}"
            )
        return share

    def __str__(self) -> str:
        return f"{self.number}/{self.parts}"

    def of(self, names: Iterable[str]) -> set[str]:
        """Return the names of tests that are in this share.

        Args:
            names: node ids, with all cases of each function.
        """
        cases = defaultdict[str, list[str]](list)
        for name in names:
            cases[name.partition("[")[0]].append(name)
        mine = set()
        for function, of_function in cases.items():
            first = crc32(function.encode())
            for turn, name in enumerate(sorted(of_function, key=_mixed), start=first):
                if turn % self.parts == self.number - 1:
                    mine.add(name)
        return mine


def _mixed(name: str) -> int:
    return crc32(name.encode())


class Passed:
    """Names of the tests that passed for a commit, in a file to which each is added at once."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def names(self) -> set[str]:
        """Return those of earlier processes and this one; a name half written counts for none."""
        text = self.file.read_text(encoding="utf-8") if self.file.exists() else ""
        return {line.removesuffix("\n") for line in text.splitlines(True) if line.endswith("\n")}

    def add(self, name: str) -> None:
        """Write down that a test passed."""
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(f"{name}\n")


def git(folder: Path, *words: str) -> str | None:
    """Return what git says, or None where this is no repository or git is missing."""
    try:
        ended = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return ended.stdout.strip() if ended.returncode == 0 else None


def clean_commit(folder: Path) -> str | None:
    """Return the commit of a folder; None outside of git, or where files differ from it."""
    if git(folder, "status", "--porcelain") != "":
        return None
    return git(folder, "rev-parse", "HEAD")


def pytest_configure(config: pytest.Config) -> None:
    """Open the record of what passed, where everything is asked for."""
    cache = getattr(config, "cache", None)  # none under -p no:cacheprovider
    if os.environ.get("SHARE") != "all" or cache is None:
        return
    commit = clean_commit(config.rootpath)
    if commit is not None:
        config.stash[PASSED] = Passed(cache.mkdir("shares") / commit)


@pytest.hookimpl(tryfirst=True)  # before -k and -m, which change no test's place in its function
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out long tests of other shares, or those that passed before at this commit."""
    asked = os.environ.get("SHARE")
    if asked is None:
        return
    names = [item.nodeid for item in items if item.get_closest_marker("faults")]
    if asked == "all":
        passed = config.stash.get(PASSED, None)
        wanted = set(names) - (passed.names() if passed else set())
    else:
        wanted = Share.parse(asked, datetime.now(UTC).date()).of(names)
    others = [item for item in items if item.nodeid in set(names) - wanted]
    items[:] = [item for item in items if item not in set(others)]
    config.hook.pytest_deselected(items=others)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Say what is run, so that the same can be asked for again; workers have nobody to tell it."""
    asked = os.environ.get("SHARE")
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if asked is None or terminal is None:
        return
    terminal.write_line(_what_passed(session.config) if asked == "all" else _which_share(asked))


def _which_share(asked: str) -> str:
    share = Share.parse(asked, datetime.now(UTC).date())
    return f"share {share} of the long suites; SHARE={share} runs it again, SHARE=all all of them"


def _what_passed(config: pytest.Config) -> str:
    passed = config.stash.get(PASSED, None)
    if passed is None:
        return "all of the long suites; what passes is only kept of a clean commit, with a cache"
    return f"all of the long suites; {len(passed.names())} tests passed before at this commit"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write down a test that did not fail, once it is cleaned up."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    passed = item.config.stash.get(PASSED, None)
    is_long = item.get_closest_marker("faults") is not None
    if passed and is_long and report.when == "teardown" and not item.stash[FAILED]:
        passed.add(item.nodeid)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """End well where all that was asked for had passed before, or a small share is empty."""
    if os.environ.get("SHARE") and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK
