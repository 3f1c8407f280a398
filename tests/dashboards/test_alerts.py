import polars as pl
import pytest

from dashboards.alerts import alerts
from dashboards.drift import drift
from dashboards.settings import MonitorSettings
from dashboards.stability import stability
from tests.dashboards.samples import lists, users

SETTINGS = MonitorSettings()


def test_nothing_past_a_limit_is_no_alert():
    steady = stability(lists(50, 1, 0.1), lists(50, 2, 0.1))
    assert alerts(drift({"users": (users(400, 1), users(400, 2))}, SETTINGS), steady, SETTINGS) == []
    assert alerts([], None, SETTINGS) == []


@pytest.mark.parametrize(("limit", "raised"), [(0.25, True), (0.26, False)])
def test_drift_of_enough_columns_names_the_worst(limit, raised):
    settings = MonitorSettings(drift_share=limit)
    found = alerts(drift({"users": (users(800, 1), users(800, 2, shift=9))}, settings), None, settings)
    assert bool(found) == raised
    for one in found:
        assert (one.subject, one.name, one.value) == ("users", "drifted_share", 0.25)
        assert one.message.startswith("1 of 4 columns of users have drifted, most of all age (psi ")
        assert "country" not in one.message


def test_churn_is_told_beside_chance():
    previous, current = lists(50, 1, 3), lists(50, 2, 3)
    found = stability(previous, current, twin=lists(50, 3, 3))
    (one,) = alerts([], found, MonitorSettings(churn_limit=0.3))
    assert one.value == found.value("churn")
    assert "chance alone changes" in one.message
    assert "fusion rollback" in one.message


def test_items_that_vanished_from_all_lists():
    previous = lists(50, 1, 0.1)
    current = previous.with_columns(pl.col("item_id") + "-renamed")
    names = [one.name for one in alerts([], stability(previous, current), SETTINGS)]
    assert names == ["churn", "items_lost"]
