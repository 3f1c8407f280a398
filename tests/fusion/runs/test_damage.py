"""Stages that are damaged on the disk: noticed before they are read, set aside, made again."""

import json
import logging
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from fusion.errors import DataError
from fusion.models.text.vector_cache import VectorCache, text_key
from fusion.runs.cleanup import unused_stages
from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import read_manifest, write_manifest
from fusion.runs.run_folder import RunFolder
from fusion.runs.stages.record import RECORD, damage_in, drop_file, read_record
from fusion.runs.stages.store import DAMAGED, Store
from fusion.training.fit_stage import STATE
from fusion.training.pipeline import train
from tests.fusion.making import context_of
from tests.fusion.whole import file_digests


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file: Path) -> None:
    """Change one bit in the middle, as a failing disk does."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def empty(file: Path) -> None:
    file.write_bytes(b"")


STAGES = ("fit", "lists", "past_window", "ranker", "refit", "serving", "table")
"""Every kind of stage that the training below has."""
DAMAGES = (truncate, flip, empty, Path.unlink)
Damage = Callable[[Path], None]


@pytest.fixture
def stage(tmp_path):
    def make(folder: Path) -> None:
        (folder / "large.npz").write_bytes(bytes(range(256)) * 20_000)
        (folder / "notes.json").write_text('{"n_items": 5}')

    def get() -> Path:
        return Store(tmp_path).stage("fit", {"a": 1}, make)

    return get


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["large.npz", "notes.json", "inputs.json", RECORD])
def test_a_damaged_stage_is_named_set_aside_and_made_again(name, damage, stage, caplog):
    whole = stage()
    before = {file.name: file.read_bytes() for file in whole.iterdir()}
    damage(whole / name)
    with caplog.at_level(logging.WARNING):
        again = stage()
    assert again == whole
    assert {file.name: file.read_bytes() for file in again.iterdir()} == before
    aside = whole.with_name(f"{whole.name}{DAMAGED}")
    assert aside.is_dir()
    assert f"stage damaged name=fit key={whole.name}: {name}" in caplog.text
    assert str(aside) in caplog.text


def test_a_whole_stage_is_not_made_again(stage, caplog):
    whole = stage()
    assert damage_in(whole) == ""
    with caplog.at_level(logging.WARNING):
        assert stage() == whole
    assert caplog.text == ""


def test_only_the_newest_of_what_was_set_aside_stays_and_pruning_removes_it(stage, tmp_path):
    for _ in range(2):
        empty(stage() / "notes.json")
        aside = stage().with_name(f"{stage().name}{DAMAGED}")
    assert (aside / "notes.json").read_bytes() == b""
    root = tmp_path / "runs"
    root.mkdir()
    shutil.move(tmp_path / "fit", root / "store" / "fit")
    run = root / "20260101-000000-abcdef"
    run.mkdir()
    (run / "manifest.json").write_text(json.dumps({"stages": [f"fit/{stage().name}"]}))
    assert unused_stages(root) == [root / "store" / "fit" / aside.name]


def test_a_file_that_is_read_later_is_verified_by_its_size_alone(stage):
    whole = stage()
    flip(whole / "large.npz")
    assert damage_in(whole, read_later=["large.npz"]) == ""
    assert damage_in(whole) == "large.npz does not have the content that was written"
    truncate(whole / "large.npz")
    assert "has 2560000 bytes instead of 5120000" in damage_in(whole, read_later=["large.npz"])


def test_content_is_compared_once_a_training_and_sizes_always(tmp_path, caplog):
    def make(folder: Path) -> None:
        (folder / "a.txt").write_text("whole")

    def ask(store: Store) -> Path:
        return store.stage("fit", {}, make)

    training = Store(tmp_path)
    file = ask(training) / "a.txt"
    flip(file)
    assert file.read_text() != "whole"
    ask(training)
    assert "stage damaged" not in caplog.text, "it was made by this training"
    assert ask(Store(tmp_path)).joinpath("a.txt").read_text() == "whole"
    truncate(file)
    ask(training)
    assert file.read_text() == "whole"


def test_a_file_that_was_dropped_is_no_damage(stage):
    whole = stage()
    drop_file(whole, "large.npz")
    assert not (whole / "large.npz").exists()
    assert read_record(whole).keys() == {"notes.json", "inputs.json"}
    assert stage() == whole
    assert not (whole / "large.npz").exists()


@pytest.mark.parametrize("bit", [1, 16, 128])
def test_vectors_are_read_whole_or_not_at_all_whatever_byte_is_flipped(bit, tmp_path):
    written = {text_key("a"): [1.0, 0.5], text_key("b"): [0.0, 2.0]}
    VectorCache(tmp_path).write([*written], np.array([*written.values()], np.float16))
    for file in sorted(tmp_path.glob("*.bin")):
        content = file.read_bytes()
        for at in range(len(content)):
            file.write_bytes(content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :])
            read = read_all(tmp_path)
            assert len(read) == 1, (file.name, at)  # the other row is as whole as before
            assert read.items() <= written.items(), (file.name, at)
        file.write_bytes(content)
    assert read_all(tmp_path) == written


def read_all(folder: Path) -> dict[bytes, list[float]]:
    """The vectors of a cache that can be believed, by key."""
    cache = VectorCache(folder)
    cache.refresh()
    keys = [*cache.rows]
    vectors, whole = cache.read(keys)
    return {keys[row]: vectors[row].tolist() for row in np.flatnonzero(whole)}


def kinds(store: Path) -> list[tuple[str, str]]:
    """Stage and name of every kind of file of a store."""
    files = [file for file in store.glob("*/*/*") if file.is_file()]
    return sorted({(file.parent.parent.name, file.name) for file in files})


def one_of(store: Path, kind: str, name: str) -> Path:
    # The last, which differs from run to run: not always the same source or fold.
    return sorted(store.glob(f"{kind}/*/{name}"))[-1]


def train_again(done, data, folder: Path):
    context, first = done
    again = train(context_of(folder, data, context.config))
    assert file_digests(again.lists) == file_digests(first.lists)
    assert again.checks == first.checks


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_training_over_a_store_that_is_damaged_everywhere_gives_the_same_lists(
    damage, done, data, tmp_path
):
    context, _ = done
    store = tmp_path / "store"
    shutil.copytree(context.store.root, store)
    damaged = kinds(store)
    assert {name for name, _ in damaged} == set(STAGES)
    for number, stage in enumerate(sorted(store.glob("*/*"))):
        files = sorted(stage.iterdir())
        damage(files[number % len(files)])
    train_again(done, data, tmp_path)
    assert [*store.glob(f"*/*{DAMAGED}")]


@pytest.mark.faults
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("stage", STAGES)
def test_a_training_gives_the_same_lists_whatever_file_is_damaged(
    stage, damage, done, data, tmp_path, caplog
):
    context, _ = done
    files = [(kind, name) for kind, name in kinds(context.store.root) if kind == stage]
    for at, (kind, name) in enumerate(files):
        folder = tmp_path / str(at)
        shutil.copytree(context.store.root, folder / "store")
        file = one_of(folder / "store", kind, name)
        damage(file)
        with caplog.at_level(logging.WARNING):
            train_again(done, data, folder)
        # A fit that no table had to be made from is not read.
        if name != STATE or damage is not flip:
            assert f"name={kind} key={file.parent.name}: {name}" in caplog.text, (kind, name)
        caplog.clear()
        shutil.rmtree(folder)


def test_a_manifest_is_read_whole_or_not_at_all_whatever_byte_is_flipped(tmp_path):
    run = RunFolder(tmp_path)
    written = write_manifest(tmp_path, Manifest(placement="p", seeds={1: float("nan")}))
    text = run.manifest.read_bytes()
    whole = str(read_manifest(tmp_path))
    assert whole == str(json.loads(json.dumps(written.as_json())))
    for at in range(len(text)):
        run.manifest.write_bytes(text[:at] + bytes([text[at] ^ 4]) + text[at + 1 :])
        # What is left of a misspelt key `checksum` is a key that nobody knows.
        with suppress(DataError):
            assert whole[1:-1] in str(read_manifest(tmp_path)), at


def test_a_manifest_of_a_release_without_checksum_is_read(tmp_path):
    RunFolder(tmp_path).manifest.write_text('{"placement": "p"}')
    assert read_manifest(tmp_path) == {"placement": "p"}
