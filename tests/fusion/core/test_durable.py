"""What takes its name is on the disk before: a power loss leaves the old, the new or nothing."""

import ast
import errno
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fusion.core import durable
from fusion.core.durable import make_folder, rename_folder, replace_file, replaced_by
from fusion.models.text.vector_cache import (
    KEY_ROW,
    KEYS_NAME,
    VECTORS_NAME,
    VectorCache,
    text_key,
)
from fusion.runs.erasure import forget_in
from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import write_manifest
from fusion.runs.run_folder import RunFolder, run_folder
from fusion.runs.stages.store import Store
from tests.flows.world import ROOT

RUN_ID = "20260101-000000-abcdef"


class Disk:
    """Record what reaches the disk, and when; the calls themselves are made.

    Attributes:
        synced: content of each file, or names in each folder, as last written through.
        renamed: new paths in the order in which they took their names.
        unsynced: files and folders that took their name, or stood below it, before they were on
            the disk.
    """

    def __init__(self) -> None:
        self.synced: dict[int, object] = {}
        self.renamed: list[Path] = []
        self.unsynced: list[str] = []

    def is_synced(self, place: Path) -> bool:
        return self.synced.get(place.stat().st_ino) == content(place)

    def sync(self, descriptor: int) -> None:
        place = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        self.synced[place.stat().st_ino] = content(place)

    def rename(self, draft: Path, final: Path) -> None:
        self.renamed.append(final)
        below = [*draft.rglob("*")] if draft.is_dir() else []
        self.unsynced += [str(place) for place in (draft, *below) if not self.is_synced(place)]


def content(place: Path) -> object:
    return sorted(os.listdir(place)) if place.is_dir() else place.read_bytes()


@pytest.fixture
def disk(monkeypatch):
    recorded = Disk()
    fsync, rename, replace = os.fsync, os.rename, os.replace

    def synced(descriptor):
        fsync(descriptor)
        recorded.sync(descriptor)

    def renamed(call):
        def recording(draft, final):
            recorded.rename(Path(draft), Path(final))
            call(draft, final)

        return recording

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed(rename))
    monkeypatch.setattr(os, "replace", renamed(replace))
    return recorded


def test_every_file_of_a_stage_is_on_the_disk_before_the_stage_has_its_name(tmp_path, disk):
    def make(folder: Path) -> None:
        (folder / "state.npz").write_bytes(b"x" * 100_000)
        (folder / "ranker").mkdir()
        (folder / "ranker" / "booster_0.txt").write_text("tree")

    stage = Store(tmp_path / "runs" / "store").stage("fit", {"a": 1}, make)
    assert disk.renamed == [stage]
    assert disk.unsynced == []
    above = [stage.parent, tmp_path / "runs" / "store", tmp_path / "runs", tmp_path]
    stale = [str(folder) for folder in above if content_of_synced(disk, folder) is None]
    assert stale == [], "the names above are on the disk too"
    assert stage.name in content_of_synced(disk, stage.parent)


def content_of_synced(disk: Disk, place: Path):
    return disk.synced.get(place.stat().st_ino)


def test_every_file_of_a_run_is_on_the_disk_before_the_run_has_its_name(tmp_path, disk):
    with run_folder(tmp_path / "runs", RUN_ID) as draft:
        (draft / "ids").mkdir()
        (draft / "ids" / "users.parquet").write_bytes(b"x")
        write_manifest(draft, Manifest())
    assert disk.renamed == [tmp_path / "runs" / RUN_ID]
    assert disk.unsynced == []
    assert RUN_ID in content_of_synced(disk, tmp_path / "runs")


def test_files_of_a_run_that_are_replaced_are_on_the_disk_before(tmp_path, disk):
    run = RunFolder(tmp_path)
    run.ids.mkdir()
    pl.DataFrame({"user_id": ["ada", "bob"]}).write_parquet(run.user_ids)
    pl.DataFrame({"user": [0, 1], "item": [5, 6]}).write_parquet(run.lists)
    write_manifest(tmp_path, Manifest())
    assert forget_in(tmp_path, ["bob"])
    assert disk.renamed == [run.manifest, run.lists, run.user_ids]
    assert disk.unsynced == []


def vectors_of(texts):
    """Keys of texts, and a vector of numbers (n, 4) for each."""
    return [text_key(text) for text in texts], np.ones((len(texts), 4), np.float16)


def test_vectors_are_on_the_disk_before_keys_name_them(tmp_path, disk, monkeypatch):
    keys_file, vectors_file = tmp_path / KEYS_NAME, tmp_path / VECTORS_NAME.format(width=4)
    synced_with, fsync = [], os.fsync

    def noting(descriptor):
        fsync(descriptor)
        if disk.is_synced(vectors_file):
            synced_with.append(keys_file.stat().st_size // KEY_ROW.itemsize)

    monkeypatch.setattr(os, "fsync", noting)
    # More keys than a buffer takes: they would show in the file before it is closed.
    for part in ("a", "b"):
        VectorCache(tmp_path).write(*vectors_of([f"{part}{n}" for n in range(1000)]))
    assert synced_with == [0, 1000]
    assert keys_file.stat().st_size == 2000 * KEY_ROW.itemsize
    assert disk.is_synced(vectors_file)


def test_files_of_vectors_that_are_pruned_are_on_the_disk_before_they_have_their_names(
    tmp_path, disk
):
    cache = VectorCache(tmp_path)
    keys, vectors = vectors_of(["a", "b"])
    cache.write(keys, vectors)
    assert cache.keep(keys[1:]) > 0
    assert disk.renamed == [tmp_path / VECTORS_NAME.format(width=4), tmp_path / KEYS_NAME]
    assert disk.unsynced == []


def failing_for_folders(number):
    def fsync(descriptor):
        if Path(f"/proc/self/fd/{descriptor}").is_dir():
            raise OSError(number, os.strerror(number))

    return fsync


def test_a_file_system_that_does_not_sync_folders_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing_for_folders(errno.EINVAL))
    make_folder(tmp_path / "a" / "b")
    rename_folder(tmp_path / "a" / "b", tmp_path / "a" / "c")
    assert (tmp_path / "a" / "c").is_dir()


def test_a_full_disk_is_an_error_and_nothing_takes_its_name(tmp_path, monkeypatch):
    (tmp_path / "draft").write_text("new")
    (tmp_path / "final").write_text("old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(tmp_path / "draft", tmp_path / "final")
    assert (tmp_path / "final").read_text() == "old"
    with pytest.raises(OSError, match="No space left"):
        Store(tmp_path / "store").stage("fit", {}, lambda folder: None)
    assert not [*tmp_path.glob("store/*/[!.]*")]


def renames_a_path(node: ast.AST) -> bool:
    """Whether code renames a file or folder by itself (`str.replace` takes two arguments)."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    called = ast.unparse(node.func)
    if called in ("os.replace", "os.rename", "os.renames", "shutil.move"):
        return True
    names_of_paths = ("aside", "stage", "draft", "folder", "path", "file", "project", "final")
    renames = node.func.attr == "rename" and ast.unparse(node.func.value) in names_of_paths
    return renames or (node.func.attr == "replace" and len(node.args) == 1)


def test_no_other_code_renames_files_or_folders():
    renames = []
    for package in ("fusion", "flows", "storage", "dashboards"):
        for file in sorted((ROOT / package).rglob("*.py")):
            nodes = ast.walk(ast.parse(file.read_text()))
            renames += [file.relative_to(ROOT).as_posix() for node in nodes if renames_a_path(node)]
    own = Path(durable.__file__).relative_to(ROOT).as_posix()
    # What a worker made moves within a draft, which is synced as a whole before it has its name.
    # What is removed or damaged takes a name under which nothing is looked for.
    in_draft, aside = "fusion/compute/attempts.py", "fusion/runs/stages/store.py"
    assert sorted(renames) == [in_draft, own, own, "fusion/runs/cleanup.py", aside]


def test_a_file_that_could_not_be_written_leaves_nothing_and_the_old_one_stays(tmp_path):
    draft, final = tmp_path / "a.new", tmp_path / "a"
    final.write_text("old")

    def write_half() -> None:
        with replaced_by(draft, final):
            draft.write_text("half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left"):
        write_half()
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a", "old")]
    with replaced_by(draft, final):
        draft.write_text("new")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a", "new")]
