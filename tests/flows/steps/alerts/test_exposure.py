"""Alerts on exposure: groups that are surely too far, and limits that do not hold."""

import re

import pytest

from dashboards.language.stored import retold
from flows.steps.alerts.exposure import exposure_alerts
from fusion.runs.manifest import Manifest

KEPT = {"least": 0.3, "most": 1.0, "before": 0.1, "users": 90, "price": 1.5}


def manifest(ratio: float = 1.0, **limit) -> Manifest:
    group = {"items": 5, "exposure": 0.1 * ratio, "interest": 0.1, "ratio": ratio}
    figures = {**group, "low": ratio * 0.9, "high": ratio * 1.1}
    new = {**group, "interest": 0.0, "ratio": None, "low": None, "high": None}
    rules = {"exposure": [{**KEPT, **limit}]} if limit else None
    groups = {"genres=Drama": figures, "new": new}
    return Manifest.of({"exposure": {"size": 20, "groups": groups}, "rules": rules})


@pytest.mark.parametrize(
    ("ratio", "limit"), [(2.1, None), (2.3, 2), (0.44, 0.5), (0.48, None), (1, None)]
)
def test_a_group_is_an_alert_where_its_whole_interval_is_beyond_the_limit(ratio, limit):
    raised = exposure_alerts(manifest(ratio), 2.0)
    if limit is None:
        assert raised == []
        return
    (alert,) = raised
    assert (alert.subject, alert.name) == ("exposure genres=Drama", "exposure_ratio")
    assert (alert.value, alert.limit) == (ratio, limit)


def test_without_a_limit_and_in_older_runs_nothing_is_raised():
    assert exposure_alerts(manifest(900), None) == []
    assert exposure_alerts(Manifest.of({}), 2.0) == []


RULE = "exposure of genres=Drama at least 0.3 for sex=f"
LIMITS = {
    "least": {"rule": RULE, "share": 0.2, "kept": False},
    "most": {"rule": RULE, "share": 0.5, "least": 0.0, "most": 0.3, "kept": False},
}


@pytest.mark.parametrize("word", LIMITS)
def test_a_limit_that_does_not_hold_is_an_alert_with_its_figures(word):
    (alert,) = exposure_alerts(manifest(**LIMITS[word]), None)
    assert alert.name == "exposure_limit"
    assert alert.subject == "exposure genres=Drama at least 0.3 for sex=f"
    assert (alert.value, alert.limit) == (LIMITS[word]["share"], 0.3)
    assert f"30.0% at {word} is asked for" in alert.message


def test_what_is_asked_of_new_items_has_keys_of_its_own():
    rule = "share of new items at least 0.3"
    (alert,) = exposure_alerts(manifest(rule=rule, share=0.1, kept=False), None)
    assert alert.subject == "exposure new items at least 0.3"
    assert "30.0% at least is asked for" in alert.message
    assert "change `min`" in alert.message
    assert "份额要求" in retold(alert.message, "zh")


def test_a_limit_that_holds_is_none():
    assert exposure_alerts(manifest(rule=RULE, share=0.31, kept=True), None) == []


def test_every_alert_is_told_in_chinese():
    raised = [*exposure_alerts(manifest(3.0), 2.0)]
    raised += [alert for one in LIMITS.values() for alert in exposure_alerts(manifest(**one), None)]
    assert len(raised) == 3
    for alert in raised:
        told = retold(alert.message, "zh")
        assert told != alert.message
        assert not re.search(r"\b(share|kept|the|asked)\b", told.replace("exposure", ""))
        assert "genres=Drama" in told
