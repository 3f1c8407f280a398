"""Offering sources to Fusion, as an installed package does."""

import importlib
from pathlib import Path

import pytest

from fusion.models.base import registry

HOSTILE = "tests.fusion.hostile"


def offer(folder: Path, monkeypatch: pytest.MonkeyPatch, **sources: str) -> None:
    """Install a package for a test that offers some of `hostile`, by name as `module:Class`."""
    plant(folder, **sources)
    monkeypatch.syspath_prepend(str(folder))
    importlib.invalidate_caches()
    registry.offered.cache_clear()
    monkeypatch.setattr(registry, "_known", dict(registry.registered()))


def plant(folder: Path, **sources: str) -> None:
    """Write the metadata of such a package to a folder that is on a path, or will be."""
    info = folder / "hostile-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n")
    lines = [f"{name} = {HOSTILE}.{value}" for name, value in sources.items()]
    (info / "entry_points.txt").write_text("\n".join(["[fusion.sources]", *lines]) + "\n")
