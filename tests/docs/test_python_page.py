"""docs/python.md names functions that exist; docs/method.md explains every feature."""

import inspect
import re
from importlib import import_module

import pytest

from fusion.ranking.features.registry import FEATURES
from tests.docs.pages import read

SESSION = "docs/python.md"


def test_a_row_of_the_table_names_one_function():
    rows = read(SESSION).split("| function | verb |\n")[1].split("\n\n")[0].splitlines()[1:]
    assert [
        row for row in rows if not re.match(r"\| `[\w.]+\(.*?\)` \| `fusion \w+` \|$", row)
    ] == []


@pytest.mark.parametrize(
    "call",
    re.findall(r"^\| `([\w.]+)\((.*?)\)`", read(SESSION), re.MULTILINE),
    ids=lambda c: c,
)
def test_functions_of_the_table_exist(call):
    place, arguments = call
    module, _, function = place.rpartition(".")
    known = set(inspect.signature(getattr(import_module(module), function)).parameters)
    given = {given.split("=")[0].split(".")[-1].strip() for given in arguments.split(",")}
    assert given <= known


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_feature_is_explained(feature):
    rows = [
        row
        for row in read("docs/method.md").splitlines()
        if f"`{feature.name}`" in row and row.startswith("|")
    ]
    assert len(rows) == 1
    last_cell = rows[0].removesuffix("|").rpartition("|")[2].strip()
    assert last_cell == ", ".join(sorted(feature.needs))
