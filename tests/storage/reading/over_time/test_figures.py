"""Figures over runs, which run was live when, why runs came to nothing, and their names."""

import pytest

from fusion.errors import FusionError
from storage.reading.over_time.exposure_ratios import exposure_ratios
from storage.reading.over_time.live_spans import live_moves
from storage.reading.over_time.run_figures import run_figures
from storage.reading.over_time.run_names import run_names
from storage.reading.over_time.troubles import why_not_shown
from storage.runs.runs import add_refusal, find_run
from tests.storage.reading.over_time.world import (
    BROKEN,
    add_metric,
    add_past,
    add_realised,
    add_run,
)


@pytest.fixture
def past(engine):
    return add_past(engine)


def test_figures_are_those_of_monitoring_and_of_closed_windows(engine, past):
    for subject, share in (("users", 0.1), ("items", 0.4)):
        add_metric(engine, past["r2"], subject, "drifted_share", share)
    add_metric(engine, past["r2"], "lists", "churn", 0.3, k=10)
    add_metric(engine, past["r2"], "lists", "churn", 0.9, segment="warm", k=10)
    add_metric(engine, past["r2"], "lists", "jaccard_chance", 0.8, k=10)
    add_metric(engine, past["r2"], "features", "drifted_share", None)
    add_realised(engine, past["r1"], 0.28, past["watch"])
    add_realised(engine, past["r1"], 0.99, past["watch"], horizon="day")
    add_realised(engine, past["r2"], 0.77, past["watch"], is_early=True)
    add_realised(engine, past["r3"], 0.66, past["watch"], horizon="day")
    figures = run_figures(engine, "home", 10)
    # A training that failed measured nothing.
    assert [one.run_id for one in figures] == ["r1", "r2", "r3"]
    first, second, third = figures
    assert third.realised is None
    assert (first.realised, first.users, first.promise["value"]) == (0.28, 30, 0.3)
    assert (first.verdict, first.churn) == (0.25, None)
    assert (second.realised, second.promise["low"]) == (None, pytest.approx(0.27))
    assert (second.churn, second.jaccard_chance, second.drifted_share) == (0.3, 0.8, 0.4)


def test_exposure_is_of_a_run_and_of_those_before_it(engine, past):
    for name, ratio in (("r1", 0.5), ("r2", 0.25), ("r3", 0.125)):
        add_metric(engine, past[name], "exposure", "exposure_ratio", ratio, segment="tail", k=10)
        add_metric(engine, past[name], "exposure", "exposure", 0.9, segment="tail", k=10)
        add_metric(engine, past[name], "exposure", "exposure_ratio", 7.0, segment="x=y", k=10)
    add_metric(engine, past["r2"], "exposure", "exposure_ratio", None, segment="new", k=10)
    until = find_run(engine, "home", "r2")
    found = exposure_ratios(engine, until, ("tail", "new"), 10)
    assert [(one.run_id, one.ratios) for one in found] == [
        ("r1", {"tail": 0.5}),
        ("r2", {"tail": 0.25}),
    ]
    assert [one.run_id for one in exposure_ratios(engine, until, ("tail",), 1)] == ["r2"]
    assert exposure_ratios(engine, until, ("head",), 10) == []


def test_figures_are_of_the_newest_runs(engine, past):
    assert [one.run_id for one in run_figures(engine, "home", 2)] == ["r2", "r3"]
    assert run_figures(engine, "nowhere", 2) == []


def test_moves_say_which_run_was_live_when(engine, past):
    assert [one.run_id for one in live_moves(engine, "home", 10)] == ["r1", "r2", "r1"]
    assert [one.run_id for one in live_moves(engine, "home", 1)] == ["r1"]


def test_why_a_run_is_not_shown(engine, past):
    assert why_not_shown(engine, past["r3"]) == BROKEN["message"]
    assert why_not_shown(engine, past["r4"]) == "DataError: no file"
    assert why_not_shown(engine, past["r1"]) == ""
    assert why_not_shown(engine, 999) == ""


def test_the_last_refusal_is_the_reason(engine):
    run_no = add_run(engine, "r", 0)
    add_refusal(engine, run_no, "ann", [BROKEN])
    add_refusal(engine, run_no, "ann", [{**BROKEN, "message": "later"}])
    assert why_not_shown(engine, run_no) == "later"


def test_a_damaged_document_is_an_error_of_ours(engine):
    run_no = add_run(engine, "r", 0, checks="no list")
    with pytest.raises(FusionError, match="JSON list"):
        why_not_shown(engine, run_no)


def test_names_are_those_that_there_are(engine, past):
    assert run_names(engine, [past["r1"], 999]) == {past["r1"]: "r1"}
    assert run_names(engine, []) == {}
