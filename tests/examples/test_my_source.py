"""examples/my_source: Fusion finds it by its entry point, and its own tests pass."""

import importlib
import os
import subprocess
import sys
import tomllib

import pytest

from fusion import build, known
from fusion.isolation.failure import Limits
from fusion.models.base import registry
from fusion.models.foreign.processes import foreign_sources
from fusion.models.foreign.resolve import source_model
from fusion.models.foreign.source import ForeignSource
from tests.docs.blocks import contents
from tests.docs.pages import ROOT

FOLDER = ROOT / "examples" / "my_source"
PROJECT = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The package as an editable installation leaves it: its folder on the path, and metadata."""
    # First, so that the real registry never hears of it.
    monkeypatch.setattr(registry, "_known", dict(known()))
    info = tmp_path / f"{PROJECT['name'].replace('-', '_')}-{PROJECT['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {PROJECT['name']}\nVersion: {PROJECT['version']}\n"
    (info / "METADATA").write_text(metadata)
    lines = []
    for group, points in PROJECT["entry-points"].items():
        lines.append(f"[{group}]")
        lines += [f"{name} = {target}" for name, target in points.items()]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(FOLDER))
    importlib.invalidate_caches()
    registry.offered.cache_clear()
    yield
    registry.offered.cache_clear()


def test_without_the_package_there_is_no_such_source():
    assert "weekday" not in known()


def test_its_entry_point_makes_known_what_its_readme_configures(installed):
    [text] = contents("examples/my_source/README.md", "toml")
    [source] = tomllib.loads(text)["sources"]
    model = build(source["use"], source["settings"])
    assert type(model).__name__ == "Weekday"
    assert model.config.everyday == 0.5


def test_a_training_asks_it_in_a_process_of_its_own(installed):
    [text] = contents("examples/my_source/README.md", "toml")
    [source] = tomllib.loads(text)["sources"]
    with foreign_sources(Limits(seconds=300, memory=2)):
        model = source_model(source["use"], source["settings"])
        assert isinstance(model, ForeignSource)
        assert model.config.everyday == 0.5


def test_its_own_tests_pass_from_its_folder():
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(FOLDER)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        line, cwd=FOLDER, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
