"""Which alerts say something of a run, and what a diagnosis knows of them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dashboards.diagnosis.facts import Realised, StandingAlert
from flows.steps.watch.diagnosis.of_alerts import alerts_on, finite, realised_below, standing_alert
from storage.schema.row_objects import RunRow
from storage.watches.alert_rows import AlertRow, NewAlert

AT = datetime(2026, 11, 1, tzinfo=UTC)
RUN = RunRow(
    run_no=5,
    run_id="run-5",
    placement="default",
    kind="full",
    base_run_no=None,
    as_of=AT,
    created_at=AT,
    finished_at=AT,
    status="ready",
    method="ranker",
    list_size=10,
    data_hash=None,
    config_hash=None,
    verdict=None,
    manifest=None,
)
FAULT = AlertRow(
    id=1,
    placement="default",
    cause="missing",
    subject="interactions",
    name="rows",
    kind="fault",
    severity="alarm",
    state="open",
    at=AT,
    seen_at=AT,
    run_no=4,
    watch_no=7,
    value=40.0,
    threshold=80.0,
    message="Interactions are missing.",
    parameters={"low": 80.0, "high": 120.0, "columns": ["rating"]},
    acknowledged_at=None,
    acknowledged_by=None,
    acknowledged_until=None,
    acknowledged_why=None,
    is_expected=None,
    resolved_at=None,
    resolved_why=None,
)
ANSWERED = {
    "kind": "change",
    "state": "resolved",
    "parameters": {"answered_by": "run-5"},
}


@pytest.mark.parametrize(
    ("columns", "says_something"),
    [
        ({}, True),
        ({"run_no": None}, True),  # a watch before any run
        ({"run_no": 5}, True),
        ({"run_no": 6}, False),  # seen while a later run was live
        ({"state": "acknowledged"}, True),  # somebody knows, and it is broken still
        ({"state": "acknowledged", "is_expected": True}, False),
        ({"state": "resolved"}, False),
        ({"kind": "run", "run_no": 5}, True),
        ({"kind": "run", "run_no": 4}, False),
        (ANSWERED, True),
        ({**ANSWERED, "parameters": {"answered_by": "run-4"}}, False),
    ],
)
def test_alerts_of_the_run_and_of_its_time(columns, says_something):
    chosen = alerts_on(RUN, [replace(FAULT, **columns)])
    assert bool(chosen) == says_something
    assert [one.is_answered for one in chosen] == ([columns is ANSWERED] if chosen else [])


def test_what_is_known_of_an_alert():
    expected = StandingAlert(
        cause="missing",
        subject="interactions",
        name="rows",
        kind="fault",
        value=40.0,
        low=80.0,
        high=120.0,
        columns=("rating",),
    )
    assert standing_alert(FAULT) == expected
    raised = NewAlert("missing", "interactions", "rows", "fault", "m", 40.0, 80.0, FAULT.parameters)
    assert standing_alert(raised) == expected


@pytest.mark.parametrize(
    ("name", "low", "high"), [("source_ceiling", 0.2, None), ("source_silent", None, 0.2)]
)
def test_the_limit_of_a_run_s_alert_is_the_end_that_it_passed(name, low, high):
    alert = replace(FAULT, kind="run", subject="source als", name=name, threshold=0.2)
    known = standing_alert(replace(alert, parameters=None))
    assert (known.low, known.high) == (low, high)


def test_realised_figures_below_their_promise_are_those_of_the_run_and_the_longer_ones():
    parameters = {"low": 0.1, "high": 0.3}
    day = replace(
        FAULT,
        cause="quality",
        kind="change",
        subject="day",
        run_no=5,
        value=0.05,
        parameters=parameters,
        severity="look",
    )
    window = replace(day, subject="window", value=0.04, severity="alarm")
    assert realised_below(RUN, [FAULT]) is None
    assert realised_below(RUN, [day]) == Realised("day", 0.05, 0.1, 0.3, is_alarm=False)
    assert realised_below(RUN, [window, day]) == Realised("window", 0.04, 0.1, 0.3, is_alarm=True)
    for other in (replace(window, run_no=4), replace(window, state="resolved")):
        assert realised_below(RUN, [other]) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1.0), (0.5, 0.5), (None, None), ("1", None), (float("nan"), None), (float("inf"), None)],
)
def test_only_numbers_are_numbers(value, number):
    assert finite(value) == number


@pytest.mark.parametrize(("share", "limits"), [(0.01, (0.05, None)), (0.4, (None, 0.05))])
def test_a_share_of_exposure_has_its_limit_on_the_side_that_it_is_beyond(share, limits):
    far = replace(FAULT, kind="run", name="exposure_limit", value=share, threshold=0.05)
    known = standing_alert(far)
    assert (known.low, known.high) == limits
