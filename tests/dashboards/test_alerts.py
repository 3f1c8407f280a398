import polars as pl
import pytest

from dashboards.alerts import alerts
from dashboards.measures.drift import drift, drifted_shares
from dashboards.measures.stability import stability
from dashboards.settings import MonitorSettings
from tests.dashboards.samples import lists, users

SETTINGS = MonitorSettings()


def test_nothing_past_a_limit_is_no_alert():
    steady = stability(lists(50, 1, 0.1), lists(50, 2, 0.1))
    assert (
        alerts(drift({"users": (users(400, 1), users(400, 2))}, SETTINGS), steady, SETTINGS) == []
    )
    assert alerts([], None, SETTINGS) == []


@pytest.mark.parametrize(("limit", "raised"), [(0.25, True), (0.26, False)])
def test_drift_of_enough_columns_names_the_worst(limit, raised):
    settings = MonitorSettings(drift_share=limit)
    found = alerts(
        drift({"users": (users(800, 1), users(800, 2, shift=9))}, settings), None, settings
    )
    assert bool(found) == raised
    for one in found:
        assert (one.subject, one.name, one.value) == ("users", "drifted_share", 0.25)
        assert one.message.startswith("1 of 4 columns of users have drifted, most of all age (psi ")
        assert "country" not in one.message


def test_churn_is_told_beside_chance():
    previous, current = lists(50, 1, 3), lists(50, 2, 3)
    found = stability(previous, current, twin=lists(50, 3, 3))
    settings = MonitorSettings(churn_limit=0.3)
    (one,) = alerts([], found, settings, "The run is held: reject it.")
    assert one.value == found.value("churn")
    assert "chance alone changes" in one.message
    assert one.message.endswith("stability.html. The run is held: reject it.")
    assert "fusion rollback" not in one.message


def test_items_that_vanished_from_all_lists():
    previous = lists(50, 1, 0.1)
    current = previous.with_columns(pl.col("item_id") + "-renamed")
    names = [one.name for one in alerts([], stability(previous, current), SETTINGS)]
    assert names == ["churn", "items_lost"]


def test_columns_that_move_by_themselves_are_shown_and_raise_nothing():
    pairs = {"features": (users(800, 1), users(800, 2, shift=9))}
    judged, shown = drift(pairs, SETTINGS), drift(pairs, SETTINGS, {"features": ["age", "member"]})
    assert [one.value for one in shown] == [one.value for one in judged]
    assert [(one.column, one.moves, one.drifted) for one in shown] == [
        ("age", True, False),
        ("member", True, False),
        ("country", False, False),
        ("genres", False, False),
    ]  # fmt: skip
    assert (drifted_shares(judged), drifted_shares(shown)) == (
        [("features", 0.25)],
        [("features", 0.0)],
    )
    settings = MonitorSettings(drift_share=0.2)
    assert [one.subject for one in alerts(judged, None, settings)] == ["features"]
    assert alerts(shown, None, settings) == []


def test_the_share_is_of_the_judged_columns():
    pairs = {"features": (users(800, 1), users(800, 2, shift=9))}
    (found,) = alerts(drift(pairs, SETTINGS, {"features": ["country", "genres"]}), None, SETTINGS)
    assert found.value == 0.5
    assert found.message.startswith("1 of 2 columns of features have drifted")
    every = drift(pairs, SETTINGS, {"features": pairs["features"][0].columns})
    assert drifted_shares(every) == []


def test_other_rules_are_named_where_they_may_be_the_reason():
    current = lists(50, 1, 0.1).with_columns(pl.col("item_id") + "-renamed")
    gone = stability(lists(50, 1, 0.1), current)
    drifted = drift({"users": (users(800, 1), users(800, 2, shift=9))}, SETTINGS)
    settings = MonitorSettings(drift_share=0.25)
    plain = alerts(drifted, gone, settings)
    beside = alerts(drifted, gone, settings, has_other_rules=True)
    assert [one.subject for one in beside] == ["users", "lists", "lists"]
    assert beside[0] == plain[0]
    for one, other in zip(plain[1:], beside[1:], strict=True):
        assert other.message.startswith("The rules of lists changed between the two runs")
        assert other.message.endswith(one.message)
