"""People taken out of a run folder: what was damaged stays named, and a kill leaves nothing odd."""

import polars as pl
import pytest

from fusion.runs import amendment
from fusion.runs.erasure import empty_files, forget_in, people_in
from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import damage_by_sha256, read_manifest, write_manifest
from fusion.runs.run_folder import RunFolder

PEOPLE = ["ada", "bob", "cyd"]


class Stopped(BaseException):
    """A kill, as seen from inside."""


@pytest.fixture
def run(tmp_path):
    run = RunFolder(tmp_path)
    run.ids.mkdir()
    pl.DataFrame({"user_id": PEOPLE}).write_parquet(run.user_ids)
    write_lists(run, [5, 6, 7])
    pl.DataFrame({"user": [0, 1, 2], "route": "warm"}).write_parquet(run.served)
    pl.DataFrame({"item_id": ["x"], "title": ["X"]}).write_parquet(run.titles)
    write_manifest(tmp_path, Manifest())
    return run


def write_lists(run: RunFolder, items: list[int]) -> None:
    pl.DataFrame({"user": [0, 1, 2], "item": items}).write_parquet(run.lists)


def damaged(run: RunFolder) -> list[str]:
    named = read_manifest(run.path)["files"]
    return [name for name, one in named.items() if damage_by_sha256(run.path, {name: one})]


def people(run: RunFolder) -> list[list]:
    return [sorted(pl.read_parquet(file)["user"]) for file in (run.lists, run.served)]


def test_a_file_that_can_be_read_and_is_damaged_stays_named(run):
    write_lists(run, [5, 6, 8])  # a value of a person who stays
    pl.DataFrame({"item_id": ["x"], "title": ["Y"]}).write_parquet(run.titles)
    assert damaged(run) == ["lists.parquet", "titles.parquet"]
    assert forget_in(run.path, ["bob"])
    assert people(run) == [[0, 2], [0, 2]]
    assert damaged(run) == ["lists.parquet", "titles.parquet"]
    (note,) = read_manifest(run.path)["amended"]
    assert note["files"] == ["ids/users.parquet", "served.parquet"]
    assert forget_in(run.path, ["cyd"])
    assert damaged(run) == ["lists.parquet", "titles.parquet"]


def test_rows_that_age_out_of_a_damaged_file_leave_it_named(run):
    write_lists(run, [5, 6, 8])
    assert empty_files(run.path, [run.lists, run.served], "they aged") == 6
    assert people(run) == [[], []]
    assert damaged(run) == ["lists.parquet"]


@pytest.mark.parametrize("n_done", range(3))
@pytest.mark.parametrize("next_one", ["bob", "cyd"])
def test_killed_among_the_files_the_next_call_finishes_whomever_it_is_about(
    n_done, next_one, run, monkeypatch
):
    real, calls = amendment.replace_file, []

    def stopping(draft, final):
        if len(calls) == n_done:
            raise Stopped
        calls.append(final)
        real(draft, final)

    monkeypatch.setattr(amendment, "replace_file", stopping)
    with pytest.raises(Stopped):
        forget_in(run.path, ["bob"])
    monkeypatch.undo()
    forget_in(run.path, [next_one])
    gone = {"bob", next_one}
    assert people_in(run.path, [*gone]) == {}
    assert damaged(run) == []
    rows = [row for row, person in enumerate(PEOPLE) if person not in gone]
    assert people(run) == [rows, rows]
    assert list(run.path.rglob("*.new")) == []
