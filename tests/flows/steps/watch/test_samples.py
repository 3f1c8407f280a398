"""Samples are compared with those of the same days, and with nothing else."""

import json
import sqlite3

import pytest

from flows.session import Session
from flows.steps.retrain.loop import run_loop
from flows.steps.watch.advice import comparison_note
from flows.steps.watch.monitor import monitor_run
from flows.steps.watch.monitor_frames import SampledDays
from fusion.runs.manifest import Manifest
from fusion.runs.run_folder import RunFolder, folder_of
from storage.runs.runs import find_run, runs
from tests.flows.world import START, make_shop, write_events

SUBJECTS = {"users", "items", "interactions"}


@pytest.mark.parametrize("stored", [None, 21], ids=["an earlier release", "other windows"])
def test_samples_of_other_days_are_not_compared(own_shop, stored):
    """An upgrade, or another window, is no drift: the run is compared with its own past."""
    with sqlite3.connect(own_shop / "fusion.db") as connection:
        connection.execute(
            "update run set manifest = json_set(manifest, '$.sampled_days', ?) where run_no = 1",
            (stored,),
        )
    session = Session.open(own_shop / "fusion.toml", by="ann")
    newest, oldest = runs(session.engine, "default")
    assert Manifest.of(newest.manifest).sampled_days == 42
    monitored = monitor_run(session)
    assert monitored.note.startswith(
        f"Users, items and interactions: samples of run {oldest.run_id} tell of other days"
    )
    assert monitored.against == oldest.run_id
    reported = json.loads((monitored.files.folder / "drift.json").read_text(encoding="utf-8"))
    assert (reported["note"], reported["reference"]) == (monitored.note, newest.run_id)
    assert {one.subject for one in monitored.drift} > SUBJECTS | {"scores"}
    assert [one for one in monitored.alerts if one.subject in SUBJECTS] == []
    session.engine.dispose()


def test_without_an_earlier_window_samples_of_other_days_wait_for_the_next_run(shop):
    session = Session.open(shop / "fusion.toml")
    run = find_run(session.engine, "default", "live")
    previous = RunFolder(folder_of(session.runs, run.run_id))
    session.engine.dispose()
    said = comparison_note(run, previous, SampledDays(28, None), has_reference=False)
    assert said.endswith("The next run is compared with this one.")
    assert comparison_note(run, previous, SampledDays(28, 28), has_reference=True) == ""
    said = comparison_note(run, previous, SampledDays(None, None), has_reference=False)
    assert "not compared, since the data held less than two weeks" in said


def test_a_first_run_of_a_young_shop_is_compared_with_nothing(tmp_path):
    """Two weeks before the verdict's window are the least: in fewer days everything accumulates."""
    folder = tmp_path / "shop"
    config = make_shop(folder)
    config.write_text(config.read_text().replace("window = 10\nfolds = 2", "window = 1\nfolds = 1"))
    lines = (folder / "ratings.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines[1:]]
    # A tenth of the time between events: twelve days.
    young = [
        (user, item, START + (int(at) - START) // 10, int(rating))
        for user, item, at, rating in rows
    ]
    write_events(folder / "ratings.csv", young)
    session = Session.open(config)
    outcome = run_loop(session)
    run = find_run(session.engine, "default", "live")
    assert Manifest.of(run.manifest).sampled_days is None
    assert (outcome.exit_code, outcome.monitored.alerts) == (0, ())
    assert "less than two weeks before the window of the verdict" in outcome.monitored.note
    assert {one.subject for one in outcome.monitored.drift} == {"features"}
    session.engine.dispose()
