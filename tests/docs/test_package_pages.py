"""Each room has a README that names what stands in it.

The data page names every finding of `fusion check`.
"""

import re
from pathlib import Path

import pytest

from flows.steps.watch import check as checking
from flows.steps.watch import outside
from fusion.ranking.features.registry import FEATURES
from tests.docs.blocks import contents
from tests.docs.pages import ROOT, read

ROOMS = sorted(
    file.parent
    for package in ("fusion", "storage", "flows", "dashboards")
    for file in (ROOT / package).rglob("__init__.py")
    if "migrations" not in file.parts
)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.relative_to(ROOT).as_posix())
def test_every_room_names_what_stands_in_it(room):
    lines = (room / "README.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)/?`", row.split("|")[1])}
    files = {file.stem for file in room.glob("*.py") if not file.stem.startswith("__")}
    rooms = {file.parent.name for file in room.glob("*/__init__.py")}
    assert named == files | rooms
    shown = [line for line in lines if not line.startswith("<!-- ")]
    assert len(shown) <= 30


def test_the_recipe_of_the_features_room_shows_every_feature(capsys):
    [recipe] = contents("fusion/ranking/features/README.md", "python")
    exec(compile(recipe, "README.md", "exec"), {})
    shown = re.findall(r"^\$ (\w+)", capsys.readouterr().out, re.MULTILINE)
    assert {feature.name for feature in FEATURES} <= set(shown)


TESTS = sorted(file.parent for file in (ROOT / "tests").rglob("__init__.py"))
SCRIPTS = sorted(file.parent for file in (ROOT / "benchmarks").rglob("__init__.py"))


@pytest.mark.parametrize(
    "room", [*ROOMS, *TESTS, *SCRIPTS], ids=lambda room: room.relative_to(ROOT).as_posix()
)
def test_no_room_is_crowded(room):
    assert len(list(room.glob("*.py"))) <= 15


def test_every_finding_of_check_is_listed():
    code = "".join(Path(module.__file__).read_text() for module in (checking, outside))
    codes = re.findall(r'Finding\(\s*"(\w+)"', code)
    assert len(codes) > 4
    assert [code for code in codes if f"| `{code}` |" not in read("docs/data.md")] == []
