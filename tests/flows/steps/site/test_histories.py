"""`[lists] history`: stored as a run goes live, shown on the page, gone when it is 0 again."""

from dataclasses import replace

import polars as pl
import pytest

from flows.session import Session
from flows.steps.keep.prune import prune
from flows.steps.publish.publish import publish_run
from flows.steps.site.people import people_reads
from fusion.runs.manifest_file import read_manifest
from fusion.runs.run_folder import RunFolder, folder_of
from storage.reading.live_run import live
from storage.reading.people.histories import history_of
from storage.runs.histories import count_histories
from storage.runs.runs import runs
from storage.slots.publish import rollback
from tests.flows.world import STRANGER, events


def keeping(session: Session, most: int) -> Session:
    lists = session.config.lists.model_copy(update={"history": most})
    return session.varied(session.config.model_copy(update={"lists": lists}))


def newest(session: Session) -> str:
    return live(session.engine, session.placement).run.run_id


def test_the_last_events_of_a_user_stand_on_their_page(two_runs):
    last = sorted((row for row in events() if row[0] == "u1"), key=lambda row: -row[2])[:4]
    facts = people_reads(two_runs).user("default", "u1")
    assert facts.history.run_id == newest(two_runs)
    shown = [
        (one.item.item_id, int(one.at.timestamp()), one.weight) for one in facts.history.events
    ]
    assert shown == [(item, moment, weight) for _, item, moment, weight in last]
    assert facts.history.events[0].item.title == f"Film {last[0][1]}"
    assert people_reads(two_runs).user("default", STRANGER).history is None


def test_what_is_stored_of_a_placement_is_of_one_run(two_runs):
    assert count_histories(two_runs.engine, "default") == 90


def test_a_rollback_keeps_what_the_newer_run_knew(own_runs):
    before = newest(own_runs)
    rollback(own_runs.engine, "default", by="ann", reason="test")
    assert newest(own_runs) != before
    assert history_of(own_runs.engine, "default", "u1").run_id == before


def test_a_smaller_number_stores_fewer_at_the_next_publish(own_runs):
    few = keeping(own_runs, 2)
    publish_run(few, newest(few))
    assert len(history_of(few.engine, "default", "u1").events) == 2


def test_zero_takes_all_away_at_the_next_publish_and_out_of_folders_at_the_next_prune(own_runs):
    off = keeping(own_runs, 0)
    files = [
        RunFolder(folder_of(off.runs, run.run_id)).history for run in runs(off.engine, "default", 9)
    ]
    rows = sum(len(pl.read_parquet(file)) for file in files)
    assert rows > 90 * 4
    foretold = prune(off, dry_run=True)
    assert [(one.setting, one.rows) for one in foretold.aged] == [("history", rows + 90)]
    assert count_histories(off.engine, "default") == 90
    publish_run(off, newest(off))
    assert count_histories(off.engine, "default") == 0
    pruned = prune(off)
    assert [(one.setting, one.rows, len(one.runs)) for one in pruned.aged] == [("history", rows, 2)]
    assert [len(pl.read_parquet(file)) for file in files] == [0, 0]
    assert read_manifest(files[0].parent)["amended"][-1]["why"] == "[lists] history"
    assert prune(off).aged == ()
    assert people_reads(off).user("default", "u1").history is None
    # and asked for again, the run that was emptied has none to give
    publish_run(keeping(off, 3), newest(off))
    assert count_histories(off.engine, "default") == 0


@pytest.mark.parametrize("own_runs", ["sqlite"], indirect=True)
def test_a_damaged_file_keeps_nobody_from_publishing(own_runs, caplog):
    run_id = newest(own_runs)
    RunFolder(folder_of(own_runs.runs, run_id)).history.write_bytes(b"damaged")
    publish_run(own_runs, run_id)
    assert count_histories(own_runs.engine, "default") == 0
    assert "no histories are stored" in caplog.text


@pytest.mark.parametrize("two_runs", ["sqlite"], indirect=True)
def test_what_is_stored_decides_nothing_of_what_is_trained(two_runs):
    other = replace(two_runs, config=keeping(two_runs, 0).config)
    assert other.config.core == two_runs.config.core
    assert "history" not in two_runs.config.core.lists.model_dump()
