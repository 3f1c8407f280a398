"""Parts of the site that are made from the code are up to date; rooms have their pages."""

import importlib.util
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

ROOMS_OF_FUSION = sorted(file.parent.name for file in (ROOT / "fusion").glob("*/__init__.py"))


def load(file: Path):
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_of_the_rooms_is_that_of_the_imports():
    """`python docs/draw_rooms.py` writes it anew."""
    drawn = load(ROOT / "docs" / "draw_rooms.py").picture()
    assert drawn == (ROOT / "docs" / "rooms.svg").read_text()


@pytest.mark.parametrize("room", ROOMS_OF_FUSION)
def test_every_room_has_its_reference_page(room):
    page = (ROOT / "docs" / "reference" / f"{room}.md").read_text()
    assert f"::: fusion.{room}\n" in page
    assert f"reference/{room}.md" in (ROOT / "mkdocs.yml").read_text()


def test_an_arrow_that_follows_from_others_is_not_drawn():
    essential = load(ROOT / "docs" / "draw_rooms.py").essential
    assert essential({("a", "b"), ("b", "c"), ("a", "c")}) == {("a", "b"), ("b", "c")}
