"""Run folders: whole or not there, and only inside the folder of runs, whatever the id."""

import ast
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.errors import DataError
from fusion.runs.cleanup import remove_folder, run_folders, sweep_folders
from fusion.runs.manifest import Manifest, moment
from fusion.runs.manifest_file import file_hashes, read_manifest, write_manifest
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
    assert joins == ["fusion/runs/run_folder.py"] * 2


class TestRunFolder:
    def test_it_appears_whole_or_not_at_all(self, tmp_path):
        with run_folder(tmp_path, "20260101-000000-abcdef") as folder:
            (folder / "x").write_text("1")
            assert not (tmp_path / "20260101-000000-abcdef").exists()
        assert [p.name for p in tmp_path.iterdir()] == ["20260101-000000-abcdef"]
        with pytest.raises(RuntimeError), run_folder(tmp_path, "20260102-000000-abcdef") as folder:
            raise RuntimeError
        assert [p.name for p in tmp_path.iterdir()] == ["20260101-000000-abcdef"]
        (tmp_path / ".20260103-000000-abc.d0123456789ab").mkdir()
        (tmp_path / ".keep").mkdir()
        with run_folder(tmp_path, "20260104-000000-abcdef") as alive:
            sweep_folders(tmp_path)
            lock = f"{alive.name}.lock"
            names = {"20260101-000000-abcdef", ".keep", alive.name, lock}
            assert {p.name for p in tmp_path.iterdir()} == names

    def test_a_draft_is_no_run_also_when_all_of_it_is_written(self, tmp_path):
        with run_folder(tmp_path, "20260101-000000-abcdef") as folder:
            write_manifest(folder, Manifest())
            assert run_folders(tmp_path) == {}
        assert list(run_folders(tmp_path)) == ["20260101-000000-abcdef"]

    def test_run_ids_sort_by_time_and_differ(self):
        moments = [datetime(2026, 1, 31, 23, 59, second, tzinfo=UTC) for second in (1, 2)]
        names = [new_run_id(when) for when in moments]
        assert names == sorted(names)
        assert names[0].startswith("20260131-235901-")
        assert len({new_run_id(moments[0]) for _ in range(50)}) == 50
        assert moment(1_000).isoformat() == "1970-01-01T00:00:01+00:00"

    def test_the_manifest_holds_every_files_hash(self, tmp_path):
        (tmp_path / "ids").mkdir()
        (tmp_path / "ids" / "users.txt").write_bytes(b"ab" * 2**20)
        (tmp_path / "lists.txt").write_text("1")
        written = write_manifest(tmp_path, Manifest(placement="Müller"))
        assert read_manifest(tmp_path) == written.as_json()
        assert written.placement == "Müller"
        assert list(written.files) == ["ids/users.txt", "lists.txt"]
        assert written.files["ids/users.txt"] == {
            "sha256": sha256(b"ab" * 2**20).hexdigest(),
            "bytes": 2**21,
        }
        before = file_hashes(tmp_path)
        (tmp_path / "lists.txt").write_text("2")
        assert file_hashes(tmp_path)["lists.txt"] != before["lists.txt"]
        assert write_manifest(tmp_path, Manifest()).files.keys() == before.keys(), (
            "the manifest is no part of itself"
        )
