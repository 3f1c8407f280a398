"""`fusion check --store`: what is not on the disk as it was written is named, with the cure."""

import shutil

import pytest
from sqlalchemy import text

from flows.steps.watch.check_store import LISTS_CURE, RUN_CURE, STAGE_CURE, check_store
from fusion.runs.cleanup import remove_folder
from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import write_manifest
from fusion.runs.run_folder import RunFolder, run_folder
from fusion.runs.stages.store import Store
from storage.reading.live_run import live as live_run
from tests.flows.calling import call
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


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff", b"[]x", b"[]", b'{"files": 5}'])
def test_a_damaged_manifest_is_an_error(content, shelf):
    manifest = RunFolder(shelf.folder / "runs" / RUN_ID).manifest
    manifest.write_bytes(content) if content is not None else manifest.unlink()
    code, _, found = checked(shelf)
    assert (code, set(found)) == (2, {"damaged_run"})
    assert "manifest.json " in found["damaged_run"]["message"]


def test_strict_counts_a_damaged_stage_as_an_error(shelf):
    flip(make_stage(shelf.folder / "runs") / "table.parquet")
    assert shelf.call("check", "--store", "--strict").code == 2
    shown = shelf.call("check", "--store")
    assert shown.code == 0


def test_without_a_database_none_is_made(shelf):
    assert checked(shelf) == (0, True, {})
    assert list(shelf.folder.glob("*.db*")) == []


def test_a_file_that_is_no_database_is_a_finding(shelf):
    (shelf.folder / "fusion.db").write_bytes(b"no database" * 1000)
    code, _, found = checked(shelf)
    assert (code, set(found)) == (2, {"no_database"})


def test_lists_that_changed_in_sql_are_an_error_and_are_loaded_again_from_the_folder(own_runs):
    """On both databases, through runs that the command line made."""
    assert check_store(own_runs) == []
    live = live_run(own_runs.engine, "default").run
    with own_runs.engine.begin() as connection:
        this_row = f"WHERE run_no = {live.run_no} AND user_id = 'u1' AND rank = 1"
        connection.execute(text(f"UPDATE recommendation SET item_id = 'evil' {this_row}"))
    (found,) = check_store(own_runs)
    assert (found.code, found.severity, found.cure) == ("changed_lists", "error", LISTS_CURE)
    assert found.subject == f"run {live.run_id}"
    assert "table recommendation does not hold what was loaded, in item_id." in found.message
    ended = call(own_runs.base, "rollback", "--json")
    assert ended.code == 0
    assert live_run(own_runs.engine, "default").run.run_id not in found.message
    again = call(own_runs.base, "publish", "--from-folder", live.run_id, "--json")
    assert again.code == 0, again
    assert live_run(own_runs.engine, "default").run.run_id == live.run_id
    assert check_store(own_runs) == []


@pytest.mark.parametrize(
    ("code", "cure"),
    [("damaged_run", RUN_CURE), ("damaged_stage", STAGE_CURE), ("changed_lists", LISTS_CURE)],
)
def test_the_docs_have_the_finding_with_its_cure(code, cure):
    (row,) = (line for line in (ROOT / "docs" / "data.md").read_text().splitlines() if code in line)
    assert cure in row
