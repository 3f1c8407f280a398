"""A run of the same is found: of the same moment, data and configuration, in its placement."""

from datetime import timedelta

import pytest

from storage.runs.past.same_run import find_same_run
from storage.runs.trainings import newest_trainings
from tests.storage.making import AS_OF, begin, end, make_run

MADE_OF = {"as_of": AS_OF, "data_hash": "d1", "config_hash": "c1"}


def same(engine, placement="default", kind="full", **other):
    found = find_same_run(engine, placement, kind=kind, **(MADE_OF | other))
    return found.run_id if found else None


def test_the_newest_run_of_the_same_is_found(engine):
    for name in "ab":
        make_run(engine, name, ["u1"])
    assert same(engine) == same(engine, kind="backfill") == "b"


@pytest.mark.parametrize(
    "other",
    [
        {"as_of": AS_OF + timedelta(milliseconds=1)},
        {"data_hash": "d2"},
        {"config_hash": "c2"},
        {"placement": "mail"},
    ],
)
def test_a_run_of_anything_else_is_none(engine, other):
    make_run(engine, "a", ["u1"])
    assert same(engine, **other) is None


def test_a_refused_run_is_the_same_for_its_own_kind_and_a_failed_one_for_none(engine):
    begin(engine, "training")
    end(engine, begin(engine, "failed"), "failed")
    assert same(engine) is None
    end(engine, begin(engine, "refused", kind="backfill"), "rejected")
    assert same(engine) is None
    assert same(engine, kind="backfill") == "refused"


def test_a_backfilled_run_is_no_training_of_the_loop(engine):
    make_run(engine, "a", ["u1"])
    make_run(engine, "b", ["u1"], kind="backfill")
    assert [training.run_id for training in newest_trainings(engine, "default")] == ["a"]
