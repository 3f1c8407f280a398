from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text

from fusion.errors import ConfigError, DataError, Temporary, UnknownName
from storage.reading.read import lists_of
from storage.runs import liveness
from storage.runs.records import add_decision
from storage.runs.runs import find_run, finish_run, runs, start_run
from storage.schema.watch_tables import decision
from storage.slots.publish import publish
from tests.storage.making import AS_OF, begin, end, make_run


def test_a_run_from_begin_to_end(engine):
    run_no = begin(engine, "2026-11-01a")
    training = find_run(engine, "default", "2026-11-01a")
    assert (training.status, training.as_of, training.finished_at) == ("training", AS_OF, None)
    assert training.created_at.tzinfo is UTC
    verdict = {
        "rows": [{"row": "ranker", "ndcg": float("nan"), "high": float("inf")}],
        "words": "更好",
    }
    finish_run(
        engine,
        run_no,
        "ready",
        method="ranker",
        list_size=20,
        verdict=verdict,
        manifest={"at": AS_OF},
    )
    ready = find_run(engine, "default", "2026-11-01a")
    assert ready.verdict == {
        "rows": [{"row": "ranker", "ndcg": None, "high": None}],
        "words": "更好",
    }
    assert ready.manifest == {"at": "2026-11-01T00:00:00Z"}
    assert (ready.status, ready.method, ready.list_size, ready.kind) == (
        "ready",
        "ranker",
        20,
        "full",
    )
    assert ready.finished_at >= ready.created_at


def test_times_of_any_zone_are_stored_as_utc(engine):
    there = timezone(timedelta(hours=8))
    at = datetime(2026, 11, 1, 3, tzinfo=there)
    start_run(engine, "a", "default", kind="full", as_of=at, data_hash="d", config_hash="c")
    found = find_run(engine, "default", "a").as_of
    assert (found, found.tzinfo) == (at, UTC)
    with engine.connect() as connection:
        assert str(connection.scalar(text("SELECT as_of FROM run"))).startswith(
            "2026-10-31 19:00:00"
        )


def test_a_run_ends_once(engine):
    run_no = make_run(engine, "a")
    with pytest.raises(Temporary, match="ready, not in training"):
        end(engine, run_no, "failed")
    assert len(lists_of(engine, run_no)) == 21  # and keeps its lists
    with pytest.raises(UnknownName, match="Did you mean 'ready'"):
        end(engine, begin(engine, "b"), "redy")


@pytest.mark.parametrize("status", ["ready", "failed"])
def test_a_run_that_cannot_be_ended_lets_go_of_its_sign_of_life(engine, status):
    """Its row was swept meanwhile; a connection that nobody closes would last like the process."""
    run_no = begin(engine, "a")
    life = liveness._own_signs[str(engine.url), None, run_no]
    with engine.begin() as connection:
        connection.execute(text("UPDATE run SET status = 'failed'"))
    with pytest.raises(Temporary, match="failed, not in training"):
        end(engine, run_no, status)
    assert life not in liveness._own_signs.values()


def test_a_failed_run_loses_its_lists_and_a_rejected_one_keeps_them(engine):
    from storage.loading.bulk import load_lists
    from tests.storage.making import lists

    numbers = {}
    for status in ("rejected", "failed"):
        numbers[status] = begin(engine, status)
        load_lists(engine, numbers[status], [lists(status, ["u"])])
        end(engine, numbers[status], status)
    assert len(lists_of(engine, numbers["rejected"])) == 7
    assert len(lists_of(engine, numbers["failed"])) == 0


def test_names_are_unique_and_bases_exist(engine):
    begin(engine, "a")
    with pytest.raises(DataError, match="'a' cannot be begun: its name is taken"):
        begin(engine, "a")
    columns = {"kind": "delta", "as_of": None, "data_hash": "d", "config_hash": "c"}
    with pytest.raises(DataError, match="run 99 is not there"):
        start_run(engine, "b", "default", **columns, base_run_no=99)
    start_run(engine, "b", "default", **columns, base_run_no=1)


def test_runs_are_given_newest_first(engine):
    for name in "abc":
        make_run(engine, name)
    make_run(engine, "m", placement="mail")
    assert [row.run_id for row in runs(engine, "default", limit=2)] == ["c", "b"]


def test_a_run_that_is_not_there_is_answered_with_those_that_are(engine):
    with pytest.raises(
        ConfigError, match=r"no run 'live'\. It has no runs yet: `fusion run` makes one"
    ):
        find_run(engine, "default", "live")
    run_no = make_run(engine, "monday")
    with pytest.raises(ConfigError, match=r"no run 'live'\. Its newest runs: monday"):
        find_run(engine, "default", "live")
    with pytest.raises(
        UnknownName, match=r"'mondy'\. Did you mean 'monday'.*Known: challenger, live, monday"
    ):
        find_run(engine, "default", "mondy")
    with pytest.raises(ConfigError, match="It has no runs yet"):
        find_run(engine, "mail", "monday")
    publish(engine, "default", run_no, by="t", reason="t")
    assert find_run(engine, "default", "live").run_no == run_no


def test_alerts_and_decisions(engine):
    run_no = make_run(engine, "a")
    at = datetime(2026, 11, 3, tzinfo=UTC)
    add_decision(engine, "default", True, reason="31 days old", trigger="age", run_no=run_no, at=at)
    add_decision(engine, "default", False, reason="3 days old", trigger="age")
    add_decision(engine, "mail", True, reason="asked", trigger="force")
    columns = (decision.c.due, decision.c.reason, decision.c.trigger, decision.c.run_no)
    ours = decision.c.placement == "default"
    with engine.connect() as connection:
        rows = connection.execute(select(*columns).where(ours).order_by(decision.c.id)).all()
        times = connection.execute(select(decision.c.at).where(ours).order_by(decision.c.id))
        assert times.scalars().first() == at
    assert rows == [(True, "31 days old", "age", run_no), (False, "3 days old", "age", None)]


def test_a_decision_keeps_its_code_and_its_facts(engine):
    said = {"run": "a", "age_hours": 192.0, "also": ["drift"]}
    facts = {"rows": [{"fact": "drift", "value": 1, "threshold": None}], "note": ""}
    add_decision(
        engine,
        "default",
        True,
        reason="8 days old",
        trigger="age",
        code="age_passed",
        parameters=said,
        facts=facts,
    )
    with engine.connect() as connection:
        columns = (decision.c.code, decision.c.parameters, decision.c.facts)
        assert connection.execute(select(*columns)).all() == [("age_passed", said, facts)]
