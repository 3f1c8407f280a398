import math

import polars as pl
import pytest

from dashboards.alerts import Alert, Circumstances, Reason, alerts, with_reasons
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


FLOOR = MonitorSettings(churn_limit=0.1, items_limit=1)
"""Changes above a tenth are judged."""


def own_lists() -> pl.DataFrame:
    """Lists of ten items of 200 users, none of whom shares any."""
    rows = [
        (f"u{user}", rank, f"i{10 * user + rank}") for user in range(200) for rank in range(1, 11)
    ]
    return pl.DataFrame(rows, schema=["user_id", "rank", "item_id"], orient="row")


class TestChurn:
    """A week apart 35 % beyond chance is usual at most, four weeks apart half."""

    def churn(self, changed, chance, settings=FLOOR, **around):
        current = own_lists()
        twin = None if chance is None else mixed(current, chance)
        compared = stability(mixed(current, changed), current, twin=twin)
        assert compared.value("churn") == pytest.approx(changed)
        return alerts([], compared, settings, Circumstances(**around))

    @pytest.mark.parametrize(
        ("changed", "chance", "days", "raised"),
        [
            (0.41, 0.44, 7, False),
            (0.70, 0.40, 7, False),
            (0.80, 0.40, 7, True),
            (0.80, 0.40, 28, False),
            (0.95, 0.40, 28, True),
            (0.70, 0.40, 1, True),
        ],
    )
    def test_it_is_judged_beyond_chance_by_the_gap(self, changed, chance, days, raised):
        found = self.churn(changed, chance, days=days, next_step="The run is held: reject it.")
        assert bool(found) == raised
        for one in found:
            assert (one.subject, one.name) == ("lists", "churn_excess")
            assert one.value == pytest.approx(changed - chance)
            assert one.limit == pytest.approx(0.2 + 0.15 * math.sqrt(days / 7))
            assert f"retraining alone changes {chance:.0%}" in one.message
            assert f"runs {days} day" in one.message
            assert one.message.endswith("page of the run. The run is held: reject it.")

    def test_the_limit_of_before_is_a_floor_of_effect(self):
        assert self.churn(0.80, 0.10, MonitorSettings(churn_limit=0.8, items_limit=1), days=7) == []
        assert (
            self.churn(0.80, 0.10, MonitorSettings(churn_limit=0.79, items_limit=1), days=7) != []
        )

    def test_without_a_floor_of_chance_it_says_so(self):
        (one,) = self.churn(0.8, None, days=7, no_floor="the method ease has no twin")
        assert (one.name, one.value) == ("churn", pytest.approx(0.8))
        assert "is not known (the method ease has no twin), so all of it was judged" in one.message

    def test_another_method_lists_other_items_for_no_fault(self):
        assert self.churn(0.9, None, days=7, has_other_method=True) == []

    def test_what_the_run_before_changed_too_is_usual(self):
        assert self.churn(1.0, 0.2, days=7, before={"churn": 1.0, "jaccard_chance": 0.8}) == []
        assert self.churn(1.0, 0.2, days=7, before={"churn": 0.5, "jaccard_chance": 0.8}) != []


def mixed(lists: pl.DataFrame, changed: float) -> pl.DataFrame:
    """The same lists, but of a share of the users others altogether."""
    number = pl.col("user_id").str.slice(1).cast(pl.Int32)
    is_other = number < round(200 * changed)
    other = pl.col("item_id") + "-other"
    return lists.with_columns(item_id=pl.when(is_other).then(other).otherwise("item_id"))


def test_items_that_vanished_from_all_lists():
    previous = lists(50, 1, 0.1)
    current = previous.with_columns(pl.col("item_id") + "-renamed")
    gone = stability(previous, current)
    assert [one.name for one in alerts([], gone, SETTINGS)] == ["churn", "items_lost"]
    # Where the run before lost as many, as in a catalogue of news, it is usual.
    around = Circumstances(before={"items_kept": 0.1, "churn": 0.9})
    assert alerts([], gone, SETTINGS, around) == []


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


def test_what_else_differs_stands_first_where_it_may_explain():
    current = lists(50, 1, 0.1).with_columns(pl.col("item_id") + "-renamed")
    gone = stability(lists(50, 1, 0.1), current)
    drifted = drift({"users": (users(800, 1), users(800, 2, shift=9))}, SETTINGS)
    raised = alerts(drifted, gone, MonitorSettings(drift_share=0.25))
    rules = Reason("The rules changed.", frozenset({"lists", "scores"}))
    sources = Reason("The sources changed.", frozenset({"lists", "source"}))
    beside = [with_reasons(one, [rules, sources]) for one in raised]
    assert [one.subject for one in beside] == ["users", "lists", "lists"]
    assert beside[0] == raised[0]
    for one, other in zip(raised[1:], beside[1:], strict=True):
        assert other.message == f"The rules changed. The sources changed. {one.message}"
    failed = Alert("source als", "source_failed", 1, 0, "It failed.")
    assert with_reasons(failed, [rules, sources]).message == "The sources changed. It failed."
