"""People leave SQL, also partitions that a removal left behind; what only SQL knows stays."""

from functools import partial

import pytest
from sqlalchemy import text

from fusion.errors import Temporary
from storage.reading.read import lists_of
from storage.runs.erasure import amend_manifest, forget_rows
from storage.runs.partitions import partition_name
from storage.runs.retention import delete_run, remove_rows
from storage.runs.runs import add_refusal, find_run
from tests.storage.making import make_run


def partitions(engine) -> set[str]:
    with engine.connect() as connection:
        named = text(
            "SELECT relname FROM pg_class WHERE relname LIKE 'recommendation_r%' AND relkind = 'r'"
        )
        return set(connection.execute(named).scalars())


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_partition_that_was_detached_and_not_dropped_holds_nobody(engine):
    gone, kept = make_run(engine, "a"), make_run(engine, "b")
    assert delete_run(engine, gone)
    with engine.begin() as connection:
        connection.execute(
            text(f"ALTER TABLE recommendation DETACH PARTITION {partition_name(gone)}")
        )
    counts, found = forget_rows(engine, ["u1"])
    assert partitions(engine) == {partition_name(kept)}
    assert (counts["recommendation"], found) == (7, {"u1"})
    assert set(lists_of(engine, kept)["user_id"]) == {"u2", "u3"}


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_while_a_reader_keeps_a_partition_from_going_forgetting_is_not_done(engine):
    run_no = make_run(engine, "a")
    assert delete_run(engine, run_no)
    with engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM recommendation")).scalar()
        for work in (lambda: remove_rows(engine, run_no), lambda: forget_rows(engine, ["u1"])):
            with pytest.raises(Temporary, match="Try again later"):
                work()
    assert partitions(engine) == {partition_name(run_no)}
    forget_rows(engine, ["u1"])
    assert partitions(engine) == set()


def test_refusals_outlast_an_amended_manifest(engine):
    refused = [{"name": "lists are whole", "holds": False}]
    add_refusal(engine, make_run(engine, "a"), "ann", refused)
    for note in ("first", "again"):
        amend_manifest(engine, "a", {"seed": 8, "amended": [note]}, partial(dict, rows=note))
    stored = find_run(engine, "default", "a").manifest
    assert (stored["seed"], stored["amended"]) == (8, ["again"])
    # Sums are taken from the folder where SQL has none, and then stand.
    assert stored["tables"] == {"rows": "first"}
    assert [(one["by"], one["checks"]) for one in stored["refusals"]] == [("ann", refused)]
