"""The Python examples run, in order, in one session as a notebook would.

Those marked `fragment` at least parse.
"""

import ast
import inspect
import re
from importlib import import_module

import numpy as np
import polars as pl
import pytest

from fusion.ranking.features.registry import FEATURES
from tests.docs.pages import PAGES, blocks, name, read

SESSION = "docs/python.md"
ELSEWHERE = {"docs/sources.md": "tests/fusion/models/test_sources_page.py runs it"}


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A folder with `ratings.csv` and `movies.csv`.

    120 users who like one of four kinds of film.
    """
    rng = np.random.default_rng(1)
    users = rng.integers(0, 120, 4000)
    own = users % 4 * 15 + rng.integers(0, 15, 4000)
    items = np.where(rng.random(4000) < 0.7, own, rng.integers(0, 60, 4000))
    times = 1_700_000_000 + np.sort(rng.integers(0, 150 * 86400, 4000))
    ratings = {
        "userId": users,
        "movieId": items,
        "rating": rng.integers(1, 6, 4000),
        "timestamp": times,
    }
    pl.DataFrame(ratings).write_csv(tmp_path / "ratings.csv")
    titles = [f"Film {number}" for number in range(60)]
    genres = [f"kind {number // 15}|film" for number in range(60)]
    pl.DataFrame({"movieId": range(60), "title": titles, "genres": genres}).write_csv(
        tmp_path / "movies.csv"
    )
    monkeypatch.chdir(tmp_path)


def test_the_session_runs(notebook, capsys):
    session = {}
    for mark, code in blocks(SESSION, "python"):
        if mark != "fragment":
            exec(compile(code, SESSION, "exec"), session)
    assert session["fused"].verdict["chosen"] in session["fused"].verdict["rows"]
    assert len(session["lists"]) == 20
    assert "may be published: True" in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_other_examples_are_fragments_or_run_elsewhere(page):
    for mark, code in blocks(name(page), "python"):
        ast.parse(code)
        assert name(page) in (SESSION, *ELSEWHERE) or mark == "fragment"


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
