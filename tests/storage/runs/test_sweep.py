import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text

from fusion.errors import Refused, Temporary
from storage import StorageSettings, connect
from storage.loading.bulk import load_lists
from storage.reading.read import lists_of, served_of
from storage.runs import liveness
from storage.runs.partitions import remove_lists
from storage.runs.retention import remove_rows, runs_with_rows
from storage.runs.runs import find_run, finish_run
from storage.runs.sweep import _training_runs, sweep
from storage.slots.publish import publish
from tests.storage.making import begin, end, list_for, lists, make_run


@contextmanager
def training(url: str, where: str) -> Iterator[subprocess.Popen[str]]:
    """Another process, in the middle of training run `killed` (see tests.storage.killed)."""
    command = [sys.executable, "-m", "tests.storage.killed", url, where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "half\n"
        try:
            yield process
        finally:
            process.kill()


def swept(engine) -> list[str]:
    """Sweep, giving a server the moment it needs to notice that a process is gone."""
    for _ in range(50):
        names = sweep(engine, "default")
        if names:
            return names
        time.sleep(0.1)
    return []


@pytest.mark.parametrize("where", ["before", "within"])
def test_a_killed_training_leaves_what_is_live_and_is_swept(url, engine, where):
    publish(engine, "default", make_run(engine, "a"), by="test", reason="test")
    items = list_for(engine, "default", "u1")["item_id"].to_list()
    with training(url, where) as process:
        if where == "before":
            assert sweep(engine, "default") == []  # it lives
            assert len(served_of(engine, find_run(engine, "default", "killed").run_no)) == 1
        process.kill()
        process.wait()
    assert list_for(engine, "default", "u1")["item_id"].to_list() == items
    killed = find_run(engine, "default", "killed")
    assert killed.status == "training"
    assert swept(engine) == ["killed"]
    assert find_run(engine, "default", "killed").status == "failed"
    assert len(lists_of(engine, killed.run_no)) == len(served_of(engine, killed.run_no)) == 0
    assert list_for(engine, "default", "u1")["item_id"].to_list() == items
    assert sweep(engine, "default") == []
    publish(engine, "default", make_run(engine, "next"), by="test", reason="works again")
    assert list(Path(url.removeprefix("sqlite:///")).parent.glob("*.lock")) == []


def test_the_sign_of_life_ends_with_the_run(engine, monkeypatch):
    run_no = begin(engine, "a")
    with monkeypatch.context() as patch:
        patch.setattr(liveness, "_own_signs", {})  # look as another process does
        assert seen_alive(engine, run_no)
    end(engine, run_no)
    assert not seen_alive(engine, run_no)


def seen_alive(engine, run_no: int) -> bool:
    other = connect(StorageSettings(url=engine.url.render_as_string(hide_password=False)))
    with other.connect() as connection:
        found = liveness.is_alive(connection, run_no)
    other.dispose()
    return found


def test_a_file_that_a_process_could_not_remove_any_more_goes_and_others_stay(engine):
    """A process may be killed between the end of its run and the end of its file."""
    if engine.dialect.name != "sqlite":
        pytest.skip("only SQLite has a file for each training")
    ended, training = make_run(engine, "a"), begin(engine, "b")
    files = {no: Path(f"{engine.url.database}.run{no}.lock") for no in (ended, training, 999)}
    for no in (ended, 999):
        files[no].touch()
    assert sweep(engine, "default") == []
    assert {no for no, file in files.items() if file.exists()} == {training, 999}
    end(engine, training)


def test_own_trainings_and_other_placements_are_left_alone(url, engine):
    run_no = begin(engine, "mine")
    begin(engine, "mail", placement="mail")
    other = connect(StorageSettings(url=url), migrate=True)  # another engine of the same process
    assert sweep(engine, "default") == sweep(other, "default") == []
    engine.dispose()  # the sign of life outlives the engine it was made with
    assert sweep(other, "default") == []
    load_lists(other, run_no, [lists("mine", ["u"])])
    end(other, run_no)
    other.dispose()
    assert find_run(engine, "default", "mine").status == "ready"


def test_a_training_that_ends_while_a_sweep_looks_keeps_its_rows(engine, monkeypatch):
    """It was listed as in training, and its sign of life has ended when the sweep asks for it."""
    run_no = begin(engine, "a")
    load_lists(engine, run_no, [lists("a", ["u1"])])
    seen = _training_runs(engine, "default")
    end(engine, run_no)
    monkeypatch.setattr("storage.runs.sweep._training_runs", lambda *_: seen)
    assert sweep(engine, "default") == []
    publish(engine, "default", run_no, by="test", reason="test")
    assert sweep(engine, "default") == []
    assert find_run(engine, "default", "a").status == "ready"
    assert len(list_for(engine, "default", "u1")) == 4


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_rows_of_a_dead_training_that_a_reader_holds_are_found_later(engine):
    run_no = begin(engine, "dead")
    load_lists(engine, run_no, [lists("dead", ["u1"])])
    liveness.end_life(engine, run_no)
    with engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM recommendation")).scalar()
        assert swept(engine) == ["dead"]
    assert find_run(engine, "default", "dead").status == "failed"
    assert runs_with_rows(engine, "default") == {run_no}
    remove_rows(engine, run_no)
    assert runs_with_rows(engine, "default") == set()


def test_a_training_that_was_swept_cannot_go_on(engine):
    run_no = begin(engine, "a")
    with engine.begin() as connection:
        connection.execute(text("UPDATE run SET status = 'failed'"))
    with pytest.raises(Temporary, match="failed, not in training"):
        load_lists(engine, run_no, [lists("a", ["u"])])
    with pytest.raises(Temporary, match="failed, not in training"):
        finish_run(engine, run_no, "ready", method=None, list_size=4, verdict={}, manifest={})


def test_lists_that_a_slot_shows_cannot_be_removed(engine):
    run_no = make_run(engine, "a")
    publish(engine, "default", run_no, by="test", reason="test")
    with pytest.raises(Refused, match="slot 'live' of 'default' points at it"):
        remove_lists(engine, run_no)
    assert len(list_for(engine, "default", "u1")) == 4


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_removing_never_makes_readers_wait(engine):
    """While a long reader holds the partition, removing gives up and other readers go on."""
    run_no, kept = make_run(engine, "a"), make_run(engine, "b")
    publish(engine, "default", kept, by="test", reason="test")
    with engine.connect() as reader, ThreadPoolExecutor(1) as pool:
        reader.execute(text("SELECT count(*) FROM recommendation")).scalar()
        removing = pool.submit(remove_lists, engine, run_no)
        while not removing.done():
            start = time.perf_counter()
            assert len(list_for(engine, "default", "u1")) == 4
            assert time.perf_counter() - start < 0.5
        with pytest.raises(Temporary, match="Try again later"):
            removing.result()
    remove_lists(engine, run_no)
    assert len(lists_of(engine, run_no)) == 0
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT to_regclass(:name)"), {"name": f"recommendation_r{run_no}"}
        )
        assert found.scalar() is None


def test_reading_back_is_typed_when_empty(engine):
    assert lists_of(engine, 99).schema == {
        "user_id": pl.String,
        "rank": pl.Int32,
        "item_id": pl.String,
        "score": pl.Float32,
    }
