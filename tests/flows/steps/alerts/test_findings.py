"""Findings that concern much of the data are shown, and are alerts where that is new."""

import pytest

from flows.steps.alerts.findings import finding_alerts, notable_findings
from fusion.runs.manifest import Manifest

LIMIT = 0.01


def finding(code: str, count: int, total: int = 1000) -> dict[str, object]:
    return {
        "code": code,
        "severity": "warning",
        "subject": "items",
        "count": count,
        "total": total,
        "message": f"{count} items",
        "cure": "Export them.",
    }


def manifest(*findings: dict[str, object]) -> Manifest:
    return Manifest.of({"data": {"findings": list(findings)}})


@pytest.mark.parametrize(
    ("code", "count", "total", "shown"),
    [
        ("items_not_in_catalogue", 11, 1000, True),
        ("items_not_in_catalogue", 10, 1000, False),
        # Above 1 % such rows refuse the run: half of that is worth a word.
        ("null_item", 6, 1000, True),
        ("null_item", 5, 1000, False),
        # A count that is no part of anything, such as blocks, is no share.
        ("blocked_ended", 500, 0, False),
        ("a kind of a later version", 20, 1000, True),
    ],
)
def test_findings_above_a_share_are_shown(code, count, total, shown):
    notable = notable_findings([finding(code, count, total)], LIMIT)
    assert [one.code for one in notable] == ([code] if shown else [])
    for one in notable:
        assert one.share == count / total > one.limit


@pytest.mark.parametrize(
    ("before", "raised"), [(None, True), (10, True), (13, True), (14, False), (40, False)]
)
def test_what_grew_by_half_is_an_alert(before, raised):
    earlier = manifest() if before is None else manifest(finding("items_not_in_catalogue", before))
    now = manifest(finding("items_not_in_catalogue", 20))
    alerts = finding_alerts(now, earlier, LIMIT)
    assert bool(alerts) == raised
    for alert in alerts:
        assert (alert.subject, alert.name) == ("items", "items_not_in_catalogue")
        assert (alert.value, alert.limit) == (0.02, LIMIT)
        assert alert.message.startswith("20 items: 2.0%, and ")
        assert alert.message.endswith("in the run before. Export them.")


def test_a_first_run_and_one_after_an_older_version_raise_nothing():
    now = manifest(finding("items_not_in_catalogue", 500))
    assert finding_alerts(now, None, LIMIT) == []
    older = finding("items_not_in_catalogue", 100)
    del older["total"]
    assert finding_alerts(now, manifest(older), LIMIT) == []
