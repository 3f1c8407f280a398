"""`fusion check --store`: what is not on the disk as it was written is named, with the cure."""

import shutil

import pytest

from flows.steps.watch.check_store import RUN_CURE, STAGE_CURE
from fusion.runs.cleanup import remove_folder
from fusion.runs.manifest import Manifest, write_manifest
from fusion.runs.run_folder import RunFolder, run_folder
from fusion.runs.stage_store import Store
from tests.flows.cures.shelf import Shelf
from tests.flows.world import ROOT
from tests.fusion.runs.test_damage import DAMAGES, flip

RUN_ID = "20260101-000000-abcdef"


def make_stage(root):
    def make(folder):
        (folder / "table.parquet").write_bytes(b"candidates" * 1000)

    return Store(root / "store").stage("table", {"fold": 1}, make)


def make_run(root):
    with run_folder(root, RUN_ID) as draft:
        RunFolder(draft).ids.mkdir()
        RunFolder(draft).lists.write_bytes(b"lists" * 1000)
        RunFolder(draft).user_ids.write_bytes(b"ids" * 1000)
        write_manifest(draft, Manifest(placement="default"))
    return RunFolder(root / RUN_ID)


@pytest.fixture
def shelf(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.fill()
    make_stage(tmp_path / "runs")
    make_run(tmp_path / "runs")
    return shelf


def checked(shelf):
    ended = shelf.call("check", "--store", "--json")
    found = {one["code"]: one for one in ended.json["findings"]}
    return ended.code, ended.json["ok"], found


def test_a_whole_store_has_no_finding_and_the_data_is_not_read(shelf):
    (shelf.folder / "log.csv").unlink()
    assert checked(shelf) == (0, True, {})


def test_without_runs_there_is_nothing_to_find(shelf):
    shutil.rmtree(shelf.folder / "runs")
    assert checked(shelf) == (0, True, {})


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["table.parquet", "inputs.json", "files.json"])
def test_a_damaged_stage_is_a_warning_and_the_next_training_makes_it_anew(name, damage, shelf):
    root = shelf.folder / "runs"
    stage = make_stage(root)
    damage(stage / name)
    code, ok, found = checked(shelf)
    assert (code, ok, set(found)) == (0, True, {"damaged_stage"})
    assert f"stage {stage} is damaged" in found["damaged_stage"]["message"]
    assert name in found["damaged_stage"]["message"]
    assert found["damaged_stage"]["cure"].startswith("Nothing needs doing")
    assert make_stage(root) == stage
    assert checked(shelf) == (0, True, {}), "what was set aside is not named"


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["lists.parquet", "ids/users.parquet"])
def test_a_damaged_run_folder_is_an_error_and_its_backup_the_cure(name, damage, shelf, tmp_path):
    run = make_run(tmp_path / "backup").path
    whole = shelf.folder / "runs" / RUN_ID
    damage(whole / name)
    code, ok, found = checked(shelf)
    assert (code, ok, set(found)) == (2, False, {"damaged_run"})
    assert found["damaged_run"]["subject"] == f"run {RUN_ID}"
    assert name in found["damaged_run"]["message"]
    assert "Put the folder back from a backup" in found["damaged_run"]["cure"]
    remove_folder(whole)
    shutil.copytree(run, whole)
    assert checked(shelf) == (0, True, {})


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]x", b"[]", b'{"files": 5}'])
def test_a_damaged_manifest_is_an_error(content, shelf):
    RunFolder(shelf.folder / "runs" / RUN_ID).manifest.write_bytes(content)
    code, _, found = checked(shelf)
    assert (code, set(found)) == (2, {"damaged_run"})
    assert "manifest.json " in found["damaged_run"]["message"]


def test_strict_counts_a_damaged_stage_as_an_error(shelf):
    flip(make_stage(shelf.folder / "runs") / "table.parquet")
    assert shelf.call("check", "--store", "--strict").code == 2
    shown = shelf.call("check", "--store")
    assert shown.code == 0


@pytest.mark.parametrize(
    ("code", "cure"), [("damaged_run", RUN_CURE), ("damaged_stage", STAGE_CURE)]
)
def test_the_docs_have_the_finding_with_its_cure(code, cure):
    (row,) = (line for line in (ROOT / "docs" / "data.md").read_text().splitlines() if code in line)
    assert cure in row
