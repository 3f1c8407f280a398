"""From an id to a folder: only ids of trainings, and only inside the folder of runs."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.errors import DataError
from fusion.runs.cleanup import remove_folder
from fusion.runs.run_folder import RUN_ID, folder_of, new_run_id, run_folder
from tests.flows.world import ROOT

HOSTILE = (
    "../../precious", ".", "..", "", "/", "/etc", "store", "store/fit", "C:\\", "~",
    "20260131-235959-1a2b3c/..", "20260131-235959-1a2b3c\n", "../20260131-235959-1a2b3c",
    "20260131-235959-1A2B3C", "２０２６0131-235959-1a2b3c", "20260131-235959-1a2b3c\0",
)  # fmt: skip


@pytest.mark.parametrize("run_id", HOSTILE)
def test_a_hostile_id_names_no_folder(run_id, tmp_path):
    with pytest.raises(DataError, match="no id that a training gives"):
        folder_of(tmp_path, run_id)
    with pytest.raises(DataError), run_folder(tmp_path, run_id):
        pass
    assert [*tmp_path.iterdir()] == []


# Pieces of paths come together more often than letters do.
PIECES = st.sampled_from(["..", "/", ".", "20260131", "-", "235959", "1a2b3c", "\n", "\0", "~"])


@given(st.one_of(st.text(), st.lists(PIECES).map("".join), st.from_regex(RUN_ID)))
def test_whatever_the_id_the_folder_lies_directly_in_the_folder_of_runs(run_id):
    root = Path("/srv/shop/runs")
    try:
        folder = folder_of(root, run_id)
    except DataError:
        return
    assert folder.parent == root
    assert folder.name == run_id
    assert RUN_ID.fullmatch(run_id)


def test_every_id_of_a_training_has_its_folder(tmp_path):
    for _ in range(20):
        run_id = new_run_id()
        assert folder_of(tmp_path, run_id) == tmp_path / run_id


def test_a_link_out_of_the_folder_of_runs_is_refused_and_the_folder_itself_may_be_one(tmp_path):
    runs, precious, run_id = tmp_path / "runs", tmp_path / "precious", new_run_id()
    precious.mkdir()
    runs.mkdir()
    (runs / run_id).symlink_to(precious)
    with pytest.raises(DataError, match="is a link to"):
        folder_of(runs, run_id)
    elsewhere = tmp_path / "linked"
    elsewhere.symlink_to(runs)
    assert folder_of(elsewhere, new_run_id()).parent == elsewhere


def test_removing_a_link_removes_nothing_behind_it(tmp_path):
    precious, link = tmp_path / "precious", tmp_path / "link"
    precious.mkdir()
    (precious / "file").write_text("x")
    link.symlink_to(precious)
    remove_folder(link)
    assert not link.is_symlink()
    assert (precious / "file").read_text() == "x"


def joins_an_id(node: ast.AST) -> bool:
    """Whether a piece of code joins a path with a run's id."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return "run_id" in ast.unparse(node.right)
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    if is_call and node.func.attr in ("joinpath", "with_name"):
        return any("run_id" in ast.unparse(argument) for argument in node.args)
    return False


def test_no_other_code_joins_ids_to_paths():
    joins = []
    for package in ("fusion", "flows", "storage", "dashboards"):
        for file in sorted((ROOT / package).rglob("*.py")):
            nodes = ast.walk(ast.parse(file.read_text()))
            joins += [file.relative_to(ROOT).as_posix() for node in nodes if joins_an_id(node)]
    # `folder_of` joins it twice; dashboards name files by a UUID that is made of the id.
    assert sorted(joins) == [
        *["dashboards/evidently/workspace.py"] * 2,
        *["fusion/runs/run_folder.py"] * 2,
    ]
