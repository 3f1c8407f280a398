"""The README of a package has every module of it in its table, and the data page every finding of `fusion check`."""

import re
from pathlib import Path

import pytest

from flows import checking
from tests.docs.pages import ROOT, read


@pytest.mark.parametrize("package", ["flows", "storage", "dashboards", "fusion"])
def test_every_module_has_its_place(package):
    rows = [line for line in read(f"{package}/README.md").splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert told == {file.stem for file in (ROOT / package).glob("*.py")} - {"__init__"}


def test_every_finding_of_check_is_listed():
    codes = re.findall(r'Finding\(\s*"(\w+)"', Path(checking.__file__).read_text())
    assert len(codes) == 4
    assert [code for code in codes if f"| `{code}` |" not in read("docs/data.md")] == []
