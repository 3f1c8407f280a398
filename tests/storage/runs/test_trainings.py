"""Trainings with how they ended, on both databases."""

from storage.runs.liveness import end_life
from storage.runs.runs import add_refusal, finish_run
from storage.runs.trainings import newest_trainings
from tests.storage.making import begin, end, make_run


def test_trainings_come_newest_first_with_their_ends(engine):
    make_run(engine, "shown")
    refused = make_run(engine, "refused")
    add_refusal(engine, refused, "ann", [{"name": "churn", "holds": False, "message": "much"}])
    end(engine, begin(engine, "rejected"), "rejected")
    failed = {"method": None, "list_size": None, "verdict": {}}
    for name, code in (("away", 75), ("broken", 3)):
        manifest = {"error": "e", "exit_code": code}
        finish_run(engine, begin(engine, name), "failed", manifest=manifest, **failed)
    begin(engine, "elsewhere", "mail")
    goes_on = begin(engine, "goes_on")
    rows = newest_trainings(engine, "default")
    assert [(row.run_id, row.status, row.exit_code, row.was_refused) for row in rows] == [
        ("goes_on", "training", None, False),
        ("broken", "failed", 3, False),
        ("away", "failed", 75, False),
        ("rejected", "rejected", None, False),
        ("refused", "ready", None, True),
        ("shown", "ready", None, False),
    ]
    assert [row.ended_at is None for row in rows] == [True] + [False] * 5
    assert all(row.began_at.utcoffset() is not None for row in rows)
    assert [row.run_id for row in newest_trainings(engine, "default", limit=2)] == [
        "goes_on", "broken"
    ]  # fmt: skip
    end_life(engine, goes_on)
