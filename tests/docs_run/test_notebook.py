"""The notebook runs from its first cell to its last, in an empty folder."""

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.docs_run
ROOT = Path(__file__).parents[2]


@pytest.fixture
def executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    """The notebook as a user has it after "run all"."""
    programs = tmp_path / "programs"
    programs.mkdir()
    # The command of this checkout, whatever is installed elsewhere.
    command = programs / "fusion"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m flows.cli "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    folder = tmp_path / "work"
    folder.mkdir()
    notebook = nbformat.read(ROOT / "examples" / "ten_minutes.ipynb", as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    return notebook


def printed(notebook: nbformat.NotebookNode, source: str) -> str:
    """What the cell that begins with `source` printed."""
    (cell,) = [cell for cell in notebook.cells if cell.source.startswith(source)]
    return "".join(output.get("text", "") for output in cell.outputs)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_notebook_ends_with_published_lists(executed: nbformat.NotebookNode) -> None:
    assert "Wrote fusion.toml" in printed(executed, "!fusion init")
    assert "is live" in printed(executed, "!fusion run") or "Published" in printed(
        executed, "!fusion run"
    )
    assert "because" in printed(executed, "!fusion show")
    assert printed(executed, "first = mine").split() == ["False", "20"]


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(ROOT / "examples" / "ten_minutes.ipynb", as_version=4)
    assert [cell for cell in notebook.cells if cell.get("outputs")] == []
