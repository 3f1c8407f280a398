"""Environments that hold some extras alone, made by hiding every other package from a process.

What an environment of its own would hold is read from `pyproject.toml` and from what the installed
packages require. `make wheel` tries the same with real environments, which takes minutes.
"""

import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from tests.flows.world import ROOT, environment

OURS = "fusion-recommender"
HIDING = """\
import os, sys

class Hidden:
    names = frozenset(os.environ["HIDDEN_PACKAGES"].split())

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
"""
"""A `sitecustomize.py`: every Python that a command starts hides the same."""
CALLING = """\
import json, sys
from flows.cli.main import main

for words in json.loads(sys.argv.pop()):
    sys.argv[1:] = words
    try:
        main()
    except SystemExit as ended:
        print("ended", ended.code, *words, file=sys.stderr, flush=True)
"""
"""Runs several verbs in one process, since each imports what the others do."""


@cache
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def plain(name: str) -> str:
    """The name of a distribution as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_with(*extras: str) -> set[str]:
    """The distributions that come with the base and these extras, of those that are here."""
    required = list(project()["dependencies"])
    for extra in extras:
        required += project()["optional-dependencies"][extra]
    waiting, held = [Requirement(line) for line in required], {OURS}
    visited = set()
    while waiting:
        requirement = waiting.pop()
        key = (plain(requirement.name), frozenset(requirement.extras))
        if key in visited:
            continue
        visited.add(key)
        held.add(key[0])
        waiting += _requirements_of(*key)
    return held


def _requirements_of(name: str, extras: frozenset[str]) -> list[Requirement]:
    """What a distribution requires here, with these of its extras."""
    if name == OURS:
        named = project()["optional-dependencies"]
        return [Requirement(line) for extra in extras for line in named[extra]]
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # for another system, such as colorama
        return []
    requirements = [Requirement(line) for line in lines]
    return [found for found in requirements if _applies(found, extras)]


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in {"", *extras})


@cache
def importable() -> dict[str, list[str]]:
    """Every importable name, and the distributions that bring it."""
    return dict(metadata.packages_distributions())


@cache
def hidden_packages(*extras: str) -> list[str]:
    """Every importable name that no distribution of the environment brings."""
    held = installed_with(*extras)
    return sorted(
        module
        for module, brought_by in importable().items()
        if not held & {plain(name) for name in brought_by}
    )


def environment_with(folder: Path, *extras: str) -> dict[str, str]:
    """Variables by which every process sees the base and these extras alone."""
    (folder / "sitecustomize.py").write_text(HIDING)
    return environment(
        PYTHONPATH=f"{folder}:{ROOT}", HIDDEN_PACKAGES=" ".join(hidden_packages(*extras))
    )


def call_verbs(folder: Path, variables: dict[str, str], verbs: list[list[str]]) -> list[str]:
    """Run verbs one after the other; what each wrote to stderr, and its code, by its place."""
    done = subprocess.run(
        [sys.executable, "-c", CALLING, json.dumps(verbs)],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    parts = re.split(r"^ended (.*)$", done.stderr, flags=re.MULTILINE)
    ends = [f"{end}\n{said}" for said, end in zip(parts[::2], parts[1::2], strict=False)]
    assert len(ends) == len(verbs), done.stderr
    return ends
