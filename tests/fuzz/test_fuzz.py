"""Whatever the command line is given, it ends soon, with a sentence, and harms nothing."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.flows.world import ROOT, environment
from tests.fuzz.place import prepare
from tests.fuzz.portion import CASES, NOW

SECONDS = 60
"""A case may take so long."""
PORTIONS = {
    "arguments": 20,
    "configurations": 30,
    "expressions": 9,
    "files": 30,
    "prefect": 3,
    "rules": 8,
    "trainings": 8,
    "urls": 9,
    "variables": 15,
}
"""Portions of each kind, a seed each from 1."""
ALL = [(kind, seed) for kind, number in PORTIONS.items() for seed in range(1, number + 1)]


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A shop with a live run; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("fuzz") / "shop"
    prepare(folder)
    return folder


def test_there_are_ten_thousand_cases():
    assert PORTIONS.keys() == CASES.keys()
    assert sum(CASES[kind] * number for kind, number in PORTIONS.items()) >= 10_000


@pytest.mark.faults
@pytest.mark.parametrize(("kind", "seed"), ALL)
def test_any_input_ends_in_a_sentence(kind, seed, template, tmp_path):
    again = f"python -m tests.fuzz.portion {kind} {seed}"
    words = [sys.executable, *again.split()[1:], "--template", str(template), "--root", tmp_path]
    log = tmp_path / "log.txt"
    with log.open("wb") as output:
        portion = subprocess.Popen(
            words,
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        ended = _wait(portion, tmp_path / NOW)
    print(f"seed {seed} of {kind}; to repeat it: {again}")
    shown = log.read_text(encoding="utf-8", errors="replace")[-20_000:]
    last = (tmp_path / NOW).read_text(encoding="utf-8") if (tmp_path / NOW).exists() else "none"
    assert ended is not None, f"longer than {SECONDS} s: {last}\nrepeat it by: {again}"
    assert ended == 0, f"{shown}\nthe last case: {last[:20_000]}\nrepeat it by: {again}"
    count = re.search(r"^(\d+) cases of", shown, re.MULTILINE)
    assert count is not None
    assert int(count[1]) >= CASES[kind], "Hypothesis drew fewer cases than were asked for"


def _wait(portion: "subprocess.Popen[bytes]", now: Path) -> int | None:
    """Wait for a portion; end it, and return None, where one case takes too long."""
    begun = time.time()
    while portion.poll() is None:
        time.sleep(0.2)
        since = now.stat().st_mtime if now.exists() else begun
        # The first case waits for imports, which a busy machine may take long over.
        if time.time() - since > SECONDS and time.time() - begun > 2 * SECONDS:
            portion.kill()
            portion.wait()
            return None
    return portion.returncode
