"""A portion of the cases of one kind, drawn from one seed, in a process of its own.

`python -m tests.fuzz.portion KIND SEED` repeats a portion, and makes its first failing case small.
"""

import argparse
import os
import resource
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.case import Case
from tests.fuzz.configurations import configurations, rules_files
from tests.fuzz.judge import judge
from tests.fuzz.languages import database_urls, expressions
from tests.fuzz.place import Place, prepare
from tests.fuzz.tables import files
from tests.fuzz.trainings import trainings
from tests.fuzz.words import arguments, prefect_files, variables

KINDS: dict[str, st.SearchStrategy[Case]] = {
    "arguments": arguments(),
    "configurations": configurations(),
    "expressions": expressions(),
    "files": files(),
    "prefect": prefect_files(),
    "rules": rules_files(),
    "trainings": trainings(),
    "urls": database_urls(),
    "variables": variables(),
}
"""What is drawn, by name."""
CASES = {kind: 25 if kind == "trainings" else 100 for kind in KINDS}
"""Cases of a portion: some seconds of work."""
MOST_BYTES = 8 * 2**30
"""Addresses that a process may take: what grows without end ends here, not with the machine."""
NOW = "now.txt"
"""The file that says which case runs: what is left of one that hangs or ends the process."""


def run(kind: str, number: int, template: Path, root: Path) -> int:
    """Run a portion.

    Args:
        kind: a key of `KINDS`.
        number: its seed.
        template: a folder that `prepare` made.
        root: an empty folder for the place of the cases.

    Returns:
        How many cases were run, all of which ended as they should.

    Raises:
        AssertionError: one did not; Hypothesis prints the smallest that it finds.
    """
    place = Place(root / "place", template)
    count = 0

    @seed(number)
    @settings(
        max_examples=CASES[kind],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(KINDS[kind])
    def check(case: Case) -> None:
        nonlocal count
        count += 1
        (root / NOW).write_text(repr(case), encoding="utf-8", errors="backslashreplace")
        faults = judge(case, place)
        assert not faults, "\n\n".join(faults)

    check()
    return count


def main() -> None:
    """Run a portion as a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("seed", type=int)
    parser.add_argument("--template", type=Path, help="a prepared shop; default: one is made")
    parser.add_argument("--root", type=Path, help="folder for the place; default: a temporary one")
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    root = asked.root or Path(tempfile.mkdtemp(prefix="fuzz-"))
    # Temporary files of libraries are no writing outside.
    tempfile.tempdir = os.environ["TMPDIR"] = str(root)
    template = asked.template or root / "template"
    if asked.template is None:
        prepare(template)
    try:
        count = run(asked.kind, asked.seed, template, root)
    finally:
        if asked.root is None:
            shutil.rmtree(root)
    print(f"{count} cases of {asked.kind}, seed {asked.seed}: each ended as it should")


if __name__ == "__main__":
    main()
