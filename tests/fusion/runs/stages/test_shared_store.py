"""Stages of another store are copied, never written, and made anew where they are not whole."""

from fusion.runs.stages.store import Store


def made(folder):
    (folder / "a.txt").write_text("made")


def never(folder):
    raise AssertionError("is there already")


def contents(root):
    files = sorted(root.rglob("*"))
    return [(file, file.stat().st_mtime_ns, file.is_file() and file.read_bytes()) for file in files]


def test_a_stage_of_the_other_store_is_copied_and_nothing_there_is_touched(tmp_path):
    shared = Store(tmp_path / "shared")
    shared.stage("fit", {"a": 1}, made)
    before = contents(shared.root)
    own = Store(tmp_path / "own", shared=shared.root)
    stage = own.stage("fit", {"a": 1}, never)
    assert stage.is_relative_to(own.root)
    assert (stage / "a.txt").read_text() == "made"
    assert contents(shared.root) == before
    assert Store(own.root).stage("fit", {"a": 1}, never) == stage


def test_what_is_damaged_or_not_there_is_made(tmp_path):
    shared = Store(tmp_path / "shared")
    (shared.stage("fit", {"a": 1}, made) / "a.txt").write_text("cut")
    (shared.stage("fit", {"a": 2}, made) / "a.txt").unlink()
    before = contents(shared.root)
    own = Store(tmp_path / "own", shared=shared.root)
    for number in (1, 2, 3):
        assert (own.stage("fit", {"a": number}, made) / "a.txt").read_text() == "made"
    assert contents(shared.root) == before
