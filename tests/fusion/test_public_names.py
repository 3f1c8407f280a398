"""`from fusion import ...`: public names, imported late; former modules name today's import."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import fusion
from fusion.moved import MOVED, MovedModules, install

HEAVY = {"numpy", "polars", "pydantic", "scipy", "torch"}


@pytest.mark.parametrize("name", fusion.__all__)
def test_every_public_name_can_be_imported(name):
    module = importlib.import_module(fusion._MODULE_OF_NAME[name])
    assert getattr(fusion, name) is getattr(module, name)
    assert name in dir(fusion)


def test_type_checkers_and_the_interpreter_see_the_same_names():
    tree = ast.parse(Path(fusion.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    checked = {f"{node.module}.{alias.name}" for node in block.body for alias in node.names}
    late = {f"{module}.{name}" for name, module in fusion._MODULE_OF_NAME.items()}
    assert checked == late
    assert sorted(fusion.__all__) == sorted(fusion._MODULE_OF_NAME)


def test_no_other_name_is_public():
    with pytest.raises(AttributeError, match="no attribute 'Users'"):
        fusion.Users  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, fusion; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(done.stdout.split())


@pytest.mark.parametrize("module", MOVED)
def test_a_former_module_names_the_import_of_today(module):
    with pytest.raises(ImportError, match=f"{module} has moved: write 'from fusion import "):
        importlib.import_module(module)
    assert set(MOVED[module]) <= set(fusion.__all__)


def test_a_module_that_never_was_fails_as_ever():
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'fusion\.nothing'"):
        importlib.import_module("fusion.nothing")


def test_the_finder_is_asked_last_and_once():
    install()
    assert sys.meta_path.count(MovedModules) == 1
