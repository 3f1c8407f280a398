"""Limits of figures, beside the alerts that are raised on the same figures."""

import pytest

from dashboards.alerts import Circumstances, alerts
from dashboards.measures.churn_excess import Churn
from dashboards.measures.drift import ColumnDrift
from dashboards.measures.limits import (
    Limit,
    ListsBefore,
    churn_limit,
    column_limit,
    figure_limits,
    lost_limit,
)
from dashboards.measures.stability import stability
from dashboards.settings import MonitorSettings
from tests.dashboards.samples import lists

WEEK = ListsBefore(7.0, {}, has_other_method=False)
SETTINGS = MonitorSettings()


def column(**other) -> ColumnDrift:
    values = {"value": 0.3, "noise": 0.05, "limit": 0.2, "drifted": True, "moves": False}
    return ColumnDrift(
        "users", "age", "number", "psi", **{**values, **other}, reference_rows=9, current_rows=9
    )


def test_a_column_is_judged_by_what_is_larger_of_limit_and_chance():
    assert column_limit(column()) == Limit(0.2)
    assert column_limit(column(noise=0.4, drifted=False)) == Limit(0.4)
    assert column_limit(column(moves=True)) is None


def test_churn_may_be_chance_and_what_is_usual_on_top_but_the_floor_at_least():
    # A week apart 35 % beyond chance is usual at most.
    assert churn_limit(Churn(0.9, 0.4), SETTINGS, WEEK).value == pytest.approx(0.75)
    assert churn_limit(Churn(0.9, None), SETTINGS, WEEK) == Limit(0.6)
    before = ListsBefore(7.0, {"churn": 0.8, "jaccard_chance": 0.8}, has_other_method=False)
    # The run before changed by 60 % beyond chance; 15 % more is usual.
    assert churn_limit(Churn(0.9, 0.1), SETTINGS, before).value == pytest.approx(0.85)
    assert churn_limit(Churn(0.9, 0.1), SETTINGS, ListsBefore(7.0, {}, True)) is None


def test_items_that_vanish_are_judged_by_the_run_before_too():
    assert lost_limit(SETTINGS, WEEK) == Limit(0.5)
    before = ListsBefore(7.0, {"items_kept": 0.3}, has_other_method=False)
    assert lost_limit(SETTINGS, before).value == pytest.approx(0.85)


@pytest.mark.parametrize("floor", [0.05, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("days", [0.0, 7.0, 60.0])
@pytest.mark.parametrize("noise", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("twin", [None, 0.1, 4.0])
def test_a_figure_is_past_its_limit_where_there_is_an_alert(floor, days, noise, twin):
    settings = MonitorSettings(churn_limit=floor, items_limit=min(1.0, floor / 3))
    again = None if twin is None else lists(60, 3, twin)
    change = stability(lists(60, 1, noise), lists(60, 2, noise), twin=again)
    around = Circumstances(days=days)
    limits = figure_limits([], change, settings, around.lists_before)
    values = {"churn": change.value("churn"), "items_lost": 1 - change.value("items_kept")}
    past = {name for name, value in values.items() if not limits[name].keeps(value)}
    raised = alerts([], change, settings, around)
    assert past == {alert.name.removesuffix("_excess") for alert in raised}
