from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import select, text

from fusion.errors import Refused
from storage.loading.bulk import load_metrics
from storage.reading.read import lists_of
from storage.runs.partitions import partition_name
from storage.runs.retention import (
    delete_run,
    remove_rows,
    run_retention,
    runs_with_rows,
    stored_size,
)
from storage.runs.runs import find_run
from storage.schema.tables import metric
from storage.slots.publish import publish, rollback
from tests.storage.making import begin, end, list_for, make_run

NOW = datetime.now(UTC)
SOON, LONG_AGO = NOW + timedelta(days=1), NOW - timedelta(days=400)


def show(engine, run_no: int, at: datetime | None = None, slot: str = "live") -> None:
    publish(engine, "default", run_no, by="test", reason="test", slot=slot, at=at)


def kept(engine, newest: int, since: datetime = SOON) -> dict[str, str]:
    return {
        run.run_id: run.why for run in run_retention(engine, "default", newest, since) if run.why
    }


def test_slots_the_way_back_and_the_newest_stay(engine):
    runs = {name: make_run(engine, name, ["u1"]) for name in "abcdefg"}
    for name in "abc":
        show(engine, runs[name], LONG_AGO)
    show(engine, runs["d"], slot="challenger")
    assert kept(engine, 1) == {
        "c": "live",
        "b": "one rollback away",
        "d": "challenger",
        "g": "among the newest 1",
    }
    assert kept(engine, 3).keys() == set("bcdefg")
    lately = kept(engine, 1, NOW - timedelta(days=1))
    assert lately.keys() == set("bcdg")  # the moves of live are older than a day


def test_backfilled_runs_take_no_place_of_the_newest_and_stay_while_they_are_young(engine):
    for name in "ab":
        make_run(engine, name, ["u1"])
    make_run(engine, "old", ["u1"], kind="backfill", created_at=NOW - timedelta(days=60))
    make_run(engine, "young", ["u1"], kind="backfill", created_at=NOW - timedelta(days=20))
    assert kept(engine, 1, NOW - timedelta(days=30)) == {
        "b": "among the newest 1",
        "young": "backfilled lately",
    }
    assert kept(engine, 1).keys() == {"b"}


def test_a_run_that_was_live_lately_stays_from_the_day_it_was_replaced(engine):
    runs = {name: make_run(engine, name, ["u1"]) for name in "abcd"}
    for name, days in (("a", 90), ("b", 60), ("c", 20), ("d", 10)):
        show(engine, runs[name], NOW - timedelta(days=days))
    since = NOW - timedelta(days=30)
    assert kept(engine, 1, since) == {
        "d": "live",
        "c": "was live lately",
        "b": "was live lately",  # published 60 days ago, live until 20 days ago
    }


def test_trainings_stay_and_failures_and_other_placements_count_for_nothing(engine):
    make_run(engine, "a", ["u1"])
    end(engine, begin(engine, "lost"), "failed")
    make_run(engine, "mail", ["u1"], placement="mail")
    end(engine, begin(engine, "refused"), "rejected")
    begin(engine, "training")
    assert kept(engine, 1) == {"refused": "among the newest 1", "training": "in training"}
    assert kept(engine, 2).keys() == {"a", "refused", "training"}


def test_a_deleted_run_keeps_its_row_and_figures_and_is_never_shown(engine):
    run_no, live = make_run(engine, "old"), make_run(engine, "live")
    show(engine, run_no)
    show(engine, live)
    figure = {"subject": ["ranker"], "segment": [None], "name": ["ndcg"], "k": [10], "value": [0.3]}
    load_metrics(engine, run_no, pl.DataFrame(figure | {"low": [None], "high": [None]}))
    rows, size = stored_size(engine, run_no)
    assert rows == 3 * 7 + 3 + 7
    assert size > rows * 10
    assert delete_run(engine, run_no)
    assert runs_with_rows(engine, "default") == {run_no}
    remove_rows(engine, run_no)
    assert runs_with_rows(engine, "default") == set()
    assert stored_size(engine, run_no) == (0, 0)
    found = find_run(engine, "default", "old")
    assert (found.status, found.verdict, found.manifest) == ("deleted", {"rows": []}, {"seed": 7})
    with engine.connect() as connection:
        figures = connection.execute(select(metric.c.value).where(metric.c.run_no == run_no))
        assert figures.scalars().all() == [0.3]
    assert len(list_for(engine, "default", "u1")) == 4
    for move in (
        lambda: show(engine, run_no),
        lambda: rollback(engine, "default", by="t", reason="t"),
    ):
        with pytest.raises(Refused, match="is deleted; only a ready run can be shown"):
            move()


def test_what_a_slot_shows_is_not_deleted(engine):
    run_no = make_run(engine, "a")
    show(engine, run_no, slot="challenger")
    assert not delete_run(engine, run_no)
    assert find_run(engine, "default", "a").status == "ready"
    with pytest.raises(Refused):
        remove_rows(engine, run_no)
    assert len(lists_of(engine, run_no)) == 21


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_partition_that_was_detached_and_not_dropped_is_seen(engine):
    run_no = make_run(engine, "a")
    assert delete_run(engine, run_no)
    with engine.begin() as connection:
        connection.execute(
            text(f"ALTER TABLE recommendation DETACH PARTITION {partition_name(run_no)}")
        )
        for table in ("served_user", "fallback"):
            connection.execute(text(f"DELETE FROM {table}"))
    assert runs_with_rows(engine, "default") == {run_no}
    assert stored_size(engine, run_no)[1] > 0
    remove_rows(engine, run_no)
    assert runs_with_rows(engine, "default") == set()
