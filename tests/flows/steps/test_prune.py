"""Pruning: what goes, what stays; a kill in the middle leaves work for the next, nothing half."""

import os
import random
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from flows.session import Session
from flows.settings import RetentionSettings
from flows.steps.keep.prune import prune
from flows.steps.publish.publish import publish_run
from flows.steps.retrain import loop
from flows.steps.retrain.loop import run_loop
from flows.steps.watch.monitor import monitor_run
from flows.steps.watch.pages import draw_page
from fusion.core.locks.folder_lock import locked
from fusion.errors import Refused
from fusion.runs.cleanup import name_of, stages, stages_of
from fusion.runs.manifest_file import as_summed_text, from_summed_text
from storage.database.engine import writing
from storage.reading.read import lists_of
from storage.runs.runs import find_run, runs
from storage.schema.tables import slot_move
from tests.flows.calling import call_main
from tests.flows.world import (
    command,
    database,
    environment,
    fusion,
    live_lists,
    query,
    readers,
)

FEW = "\n[retention]\nruns = 1\ndays = 0\n"
BULK = ("recommendation", "served_user", "fallback", "explained_user", "user_history")


def add_older(artifacts: Path, source: str, name: str, *stages: Path) -> None:
    """Copy a run's folder as that of a run of long ago, which has used more stages."""
    folder = shutil.copytree(artifacts / source, artifacts / name)
    manifest = from_summed_text((folder / "manifest.json").read_text())
    manifest["stages"] += [name_of(stage) for stage in stages]
    (folder / "manifest.json").write_text(as_summed_text(manifest))
    os.utime(folder / "manifest.json", (1, 1))


def older(shop, count: int) -> list[str]:
    """Add runs of long ago to a shop of two, with rows, folders and stages of their own."""
    url, names = database(shop), []
    source = query(url, "select run_id from run order by run_no limit 1")[0][0]
    for number in range(count):
        names.append(f"20200101-00000{number}-abcdef")
        stage = shop / "runs" / "store" / "fit" / f"{number:016x}"
        stage.mkdir()
        (stage / "state.npz").write_bytes(b"x" * 1000)
        os.utime(stage, (0, 0))
        add_older(shop / "runs", source, names[-1], stage)
        change(
            url,
            "insert into run select -(:n), :name, placement, kind, null, as_of, "
            "'2020-01-01 00:00:00', finished_at, 'ready', method, list_size, data_hash, "
            "config_hash, verdict, manifest from run where run_no = 1",
            n=number + 1,
            name=names[-1],
        )
        for table in BULK:
            columns = ", ".join(
                row[1] for row in query(url, f"pragma table_info({table})") if row[1] != "run_no"
            )
            change(
                url,
                f"insert into {table} (run_no, {columns}) "
                f"select -(:n), {columns} from {table} where run_no = 1",
                n=number + 1,
            )
    return names


def change(url: str, statement: str, **values) -> None:
    from sqlalchemy import NullPool, create_engine, text

    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(text(statement), values)


def whole(shop) -> None:
    """See that rows, folders and stages belong to runs that ended, and nothing is half."""
    url = database(shop)
    there = {
        row[0] for row in query(url, "select run_id from run where status in ('ready', 'rejected')")
    }
    for table in BULK:
        statement = f"select distinct run_id from {table} join run using (run_no)"
        assert {row[0] for row in query(url, statement)} <= there, table
    folders = {file.parent.name for file in (shop / "runs").glob("*/lists.parquet")}
    assert folders == there
    used = set().union(*(stages_of(shop / "runs" / name) for name in folders))
    assert {name_of(stage) for stage in stages(shop / "runs")} == used
    assert [*(shop / "runs").glob(".2*"), *(shop / "runs" / "store").glob("*/.*")] == []


@pytest.fixture
def full(own_shop):
    """A shop of two runs, the second live, and three older ones, where one run is to be kept."""
    with (own_shop / "fusion.toml").open("a") as file:
        file.write(FEW)
    return own_shop, older(own_shop, 3)


def test_a_manifest_names_the_stages_that_are_there(shop):
    for folder in (shop / "runs").glob("2*"):
        used = stages_of(folder)
        assert {name.split("/")[0] for name in used} >= {"fit", "table", "ranker", "lists"}
        assert used <= {name_of(stage) for stage in stages(shop / "runs")}


def test_a_dry_run_tells_what_prune_then_removes(full):
    shop, old = full
    url, before = database(shop), live_lists(database(shop))
    rows = sum(query(url, f"select count(*) from {table} where run_no < 0")[0][0] for table in BULK)
    said = call_main(shop, "prune", "--dry-run", "--json")
    assert said.code == 0, said.err
    assert sorted(run["run_id"] for run in said.json["runs"]) == old
    assert sum(run["rows"] for run in said.json["runs"]) == rows
    assert said.json["stages"] == 3
    assert said.json["stage_bytes"] == 3000
    assert sorted(said.json["kept"].values()) == ["live", "one rollback away"]
    assert all((shop / "runs" / name / "manifest.json").exists() for name in old)
    snapshots = set((shop / "runs" / "workspace").rglob("snapshots/*"))
    done = call_main(shop, "prune", "--json")
    assert {**said.json, "dry_run": False} == done.json
    assert live_lists(url) == before
    whole(shop)
    assert (
        query(url, "select status, verdict is null from run where run_no < 0")
        == [("deleted", 0)] * 3
    )
    assert set((shop / "runs" / "workspace").rglob("snapshots/*")) == snapshots
    again = call_main(shop, "prune")
    assert "Removed 0 runs and 0 stages of the store, 0 bytes together." in again.out
    session = Session.open(shop / "fusion.toml")
    with pytest.raises(Refused, match="is deleted, not ready: it was pruned"):
        publish_run(session, old[0])
    session.engine.dispose()


def test_a_run_goes_whole_on_either_database(own_runs):
    """With the moves forgotten nothing leads back to the first run."""
    first, live = (run.run_id for run in reversed(runs(own_runs.engine, "default")))
    with writing(own_runs.engine) as connection:
        connection.execute(delete(slot_move))
    few = own_runs.config.model_copy(update={"retention": RetentionSettings(runs=1, days=0)})
    session = replace(own_runs, config=few)
    said, before = prune(session, dry_run=True), lists_of(session.engine, 2)
    done = prune(session)
    assert done == replace(said, dry_run=False)
    assert [run.run_id for run in done.runs] == [first]
    assert min(done.runs[0].rows, done.runs[0].sql_bytes, done.runs[0].file_bytes) > 500
    assert (done.kept, done.left) == ({live: "live"}, ())
    assert done.stages > 0
    assert lists_of(session.engine, 1).is_empty()
    assert lists_of(session.engine, 2).equals(before)
    assert {file.parent.name for file in session.runs.glob("*/manifest.json")} == {live}
    assert {name_of(stage) for stage in stages(session.runs)} == stages_of(session.runs / live)
    monitor_run(session)
    session.engine.dispose()


def test_a_run_prunes_at_its_end_and_reports_go_with_their_run(own_shop):
    oldest = min(folder.name for folder in (own_shop / "runs").glob("2*"))
    session = Session.open(own_shop / "fusion.toml")
    draw_page(session, oldest)
    session.engine.dispose()
    files = set((own_shop / "runs" / "workspace").rglob("snapshots/*"))
    with (own_shop / "fusion.toml").open("a") as file:
        file.write(FEW)
    session = Session.open(own_shop / "fusion.toml", by="ann")
    done = run_loop(session)
    session.engine.dispose()
    first = query(database(own_shop), "select run_id from run order by run_no limit 1")[0][0]
    assert [run.run_id for run in done.pruned.runs] == [first]
    assert len(files - set((own_shop / "runs" / "workspace").rglob("snapshots/*"))) == 1
    whole(own_shop)


def test_what_a_killed_training_left_stays_for_the_next(full):
    shop, _ = full
    left = shop / "runs" / "store" / "fit" / ("f" * 16)
    left.mkdir()
    session = Session.open(shop / "fusion.toml")
    assert prune(session).stages == 3
    session.engine.dispose()
    assert left.exists()


def test_a_store_in_use_stays(full):
    shop, old = full
    session = Session.open(shop / "fusion.toml")
    with locked(shop / "runs", "training of placement 'mail'"):
        done = prune(session)
    assert (len(done.runs), done.stages) == (3, 0)
    assert "the store of stages stays for now" in done.left[0]
    assert "(training of placement 'mail'" in done.left[0]
    assert not (shop / "runs" / old[0]).exists()
    assert prune(session).stages == 3
    session.engine.dispose()
    whole(shop)


def test_stages_stay_while_a_manifest_cannot_be_read(full):
    shop, old = full
    session = Session.open(shop / "fusion.toml")
    live_folder = max((shop / "runs").glob("2*/manifest.json"))
    content = live_folder.read_bytes()
    live_folder.write_bytes(content[:100])
    done = prune(session)
    assert (len(done.runs), done.stages) == (3, 0)
    assert f"{live_folder} cannot be read. Put the run folder back" in done.damaged[0]
    assert done.left == (), "no later prune goes on by itself"
    assert not (shop / "runs" / old[0]).exists()
    live_folder.write_bytes(content)
    assert prune(session).stages == 3
    session.engine.dispose()
    whole(shop)


class Stopped(BaseException):
    """A kill, as seen from inside."""


def test_stopped_anywhere_the_next_prune_finishes(full, tmp_path, monkeypatch):
    """Every call that changes something is the last one once; copies are then pruned to the end."""
    shop, _ = full
    places = ("delete_run", "remove_rows", "remove_folder")
    for place in places:
        for last in range(3):
            copy = shutil.copytree(shop, tmp_path / f"{place}{last}")
            session = Session.open(copy / "fusion.toml")
            stop_after(monkeypatch, place, last)
            with pytest.raises(Stopped):
                prune(session)
            monkeypatch.undo()
            assert len(live_lists(database(copy))) == 90 * 5
            prune(session)
            whole(copy)
            session.engine.dispose()


def stop_after(monkeypatch, place: str, calls: int) -> None:
    import flows.steps.keep.prune as module

    real, done = getattr(module, place), []

    def stopping(*given):
        if len(done) == calls:
            raise Stopped
        done.append(given)
        return real(*given)

    monkeypatch.setattr(module, place, stopping)


def test_a_prune_that_fails_does_not_fail_the_run(own_shop, monkeypatch, caplog):
    def broken(session):
        raise PermissionError("no")

    monkeypatch.setattr(loop, "prune", broken)
    session = Session.open(own_shop / "fusion.toml", by="ann")
    done = run_loop(session)
    assert done.exit_code in (0, 4)
    assert done.pruned is None
    assert "prune failed, `fusion prune` goes on with it: PermissionError: no" in caplog.text
    assert find_run(session.engine, "default", "live").run_id == done.trained.run_id
    session.engine.dispose()


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(4))
def test_a_prune_killed_at_a_random_moment(full, seed, moment):
    shop, _ = full
    seconds = random.Random(seed).uniform(0.5, 2.5)
    before = live_lists(database(shop))
    with readers(database(shop)):
        running = subprocess.Popen(
            command("prune"), cwd=shop, env=environment(), stderr=subprocess.DEVNULL
        )
        time.sleep(seconds)
        running.kill()
        running.wait()
        moment("prune killed", seconds)
    assert live_lists(database(shop)) == before
    assert fusion(shop, "prune").code == 0
    whole(shop)
    assert live_lists(database(shop)) == before
