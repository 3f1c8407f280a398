"""Agreement of the README, the Makefile and continuous integration on their commands."""

import re

from tests.flows.world import ROOT


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_the_two_commands_of_the_readme_are_targets():
    named = set(re.findall(r"^make ([a-z-]+)$", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets()


def test_make_demo_and_make_test_do_what_they_say():
    text = (ROOT / "Makefile").read_text()
    assert re.search(r"^demo:.*\n\t\S*/fusion demo$", text, re.MULTILINE)
    assert re.search(r"^test:.*\n\t\S*/python -m pytest\b", text, re.MULTILINE)


def test_continuous_integration_runs_the_same_command():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert "make test" in lines
    assert {line.removeprefix("make ") for line in lines if line.startswith("make ")} <= targets()
    assert "set -euo pipefail" in lines
