"""The device of a configuration: torch is asked only where there may be a GPU."""

import subprocess
import sys

import pytest

from fusion.core import torch_runtime
from fusion.core.torch_runtime import device_for


def test_a_build_for_the_cpu_is_known_without_importing_it():
    code = (
        "import sys; from fusion.core import torch_runtime as t; "
        "t.version = lambda name: '2.13.0+cpu'; "
        "assert t.device_for('auto') == 'cpu'; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("release", "file", "asked"),
    [
        ("2.13.0", "nvidia0", True),
        ("2.13.0", "dxg", True),
        ("2.13.0", "null", False),
        ("2.13.0+cpu", "nvidia0", False),
    ],
)
def test_torch_is_asked_where_a_device_has_a_file(tmp_path, monkeypatch, release, file, asked):
    torch = pytest.importorskip("torch")
    (tmp_path / file).touch()
    monkeypatch.setattr(torch_runtime, "DEVICES", tmp_path)
    monkeypatch.setattr(torch_runtime, "version", lambda name: release)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device_for("auto") == ("cuda" if asked else "cpu")


def test_a_device_that_is_demanded_is_always_asked_for(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch_runtime, "DEVICES", tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device_for("cuda") == "cuda"
