"""A full disk and a folder without rights are named, and what is live stays as it is."""

import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text

from fusion.errors import ConfigError, Temporary
from storage import StorageSettings, connect
from storage.loading.bulk import load_lists
from storage.reading.live_run import live
from storage.reading.read import lists_of
from storage.runs.runs import finish_run
from storage.slots.publish import publish
from tests.storage.making import begin, end, list_for, lists, make_run

MANY = [f"user {n}" for n in range(2_000)]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=False
    ).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def blocks(run_id: str) -> Iterator[pl.DataFrame]:
    for turn in range(40):
        yield lists(run_id, [f"{user} {turn}" for user in MANY])


def test_a_full_disk_leaves_what_is_live(small):
    engine = connect(StorageSettings(url=f"sqlite:///{small}/fusion.db"), migrate=True)
    publish(engine, "default", make_run(engine, "a"), by="test", reason="test")
    before = lists_of(engine, 1)
    run_no = begin(engine, "b")
    with pytest.raises(Temporary, match="the disk is full"):
        load_lists(engine, run_no, blocks("b"))
    assert lists_of(engine, 1).equals(before)
    assert len(list_for(engine, "default", "u1")) == 4
    assert len(lists_of(engine, run_no)) == 0
    remount(small, "size=64m")
    finish_run(engine, run_no, "failed", method=None, list_size=None, verdict={}, manifest={})
    again = begin(engine, "c")
    load_lists(engine, again, [lists("c", ["u1"])])
    end(engine, again)
    publish(engine, "default", again, by="test", reason="there is room again")
    assert live(engine, "default").run.run_id == "c"
    engine.dispose()
    assert [file.name for file in small.glob("*.lock")] == []


def test_a_read_only_folder_is_named(small):
    url = f"sqlite:///{small}/fusion.db"
    engine = connect(StorageSettings(url=url), migrate=True)
    run_no = make_run(engine, "a")
    publish(engine, "default", run_no, by="test", reason="test")
    other = make_run(engine, "b")
    with engine.begin() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    engine.dispose()
    remount(small, "ro")
    with pytest.raises(ConfigError, match=r"fusion\.db"):
        publish(
            connect(StorageSettings(url=url), migrate=True),
            "default",
            other,
            by="test",
            reason="test",
        )
    remount(small, "rw")
    engine = connect(StorageSettings(url=url), migrate=True)
    assert live(engine, "default").run.run_id == "a"
    engine.dispose()


def test_a_file_that_may_not_grow_is_told_from_a_disk_that_fails(tmp_path):
    engine = connect(StorageSettings(url=f"sqlite:///{tmp_path}/fusion.db"), migrate=True)
    run_no = begin(engine, "a")
    engine.dispose()  # what is written next stands in a log of its own
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(ConfigError, match=r"its file may not grow .*`ulimit -f`"):
            load_lists(engine, run_no, blocks("a"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    load_lists(engine, run_no, [lists("a", ["u1"])])
    end(engine, run_no)
    engine.dispose()
