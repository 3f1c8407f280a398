"""A report's snapshot in Evidently's format, written without importing it.

Importing Evidently takes three seconds, as long as all of monitoring. So this file puts a run into
its workspace at once; the library makes the snapshot anew when the page is drawn. A test holds that
both are the same but for the pictures.
"""

import json
from collections.abc import Sequence
from typing import Any

from dashboards.evidently.page_widgets import Widget, page_widgets
from dashboards.evidently.report import DriftReport
from dashboards.evidently.report_metrics import ReportMetric, report_metrics
from dashboards.measures.limits import Limit

RELATIONS = {True: ("le", "LessOrEqual", "Less or Equal"), False: ("lt", "LessThan", "Less")}
"""Evidently's names of a test, by whether a figure may equal its limit."""
STATUSES = ("SUCCESS", "WARNING", "FAIL", "ERROR")


def quick_snapshot(report: DriftReport) -> str:
    """Return the snapshot of a report without pictures: JSON as Evidently's workspace keeps it.

    Args:
        report: what monitoring wrote.
    """
    metrics = report_metrics(report)
    tests = [_test(metric, metric.limit) for metric in metrics if metric.limit]
    content = {
        "report": {"items": []},
        "name": report.run.run_id,
        "timestamp": report.run.time.isoformat(),
        "metadata": {"run_id": report.run.run_id},
        "tags": [],
        "metric_results": {metric.key: _result(metric) for metric in metrics},
        "top_level_metrics": [metric.key for metric in metrics],
        "widgets": page_widgets(report, {}, None),
        "tests_widgets": _test_widgets(tests),
    }
    return json.dumps(content)


def _result(metric: ReportMetric) -> dict[str, Any]:
    """Return a metric's result."""
    return {
        "type": "evidently:metric_result_v2:SingleValue",
        "display_name": metric.title,
        "metric_value_location": {"metric": _config(metric), "param": {}},
        "widget": [],
        "tests": [_test(metric, metric.limit)] if metric.limit else [],
        "value": metric.value,
    }


def _config(metric: ReportMetric) -> dict[str, Any]:
    """Return how Evidently names a metric: its class, its labels, its tests."""
    tests = [_condition(metric, metric.limit)] if metric.limit else []
    kind = f"evidently:metric_v2:{metric.kind}"
    return {"metric_id": metric.key, "params": {"type": kind, "tests": tests, **metric.labels}}


def _condition(metric: ReportMetric, limit: Limit) -> dict[str, Any]:
    name = RELATIONS[limit.includes][1]
    return {
        "type": f"evidently:test_v2:{name}MetricTest",
        "is_critical": metric.is_alarm,
        "threshold": limit.value,
    }


def _test(metric: ReportMetric, limit: Limit) -> dict[str, Any]:
    """Return the outcome of a metric's test."""
    short, _, words = RELATIONS[limit.includes]
    condition = {**_condition(metric, limit), "alias": None, "label_filters": None}
    # Evidently's own words, which call a figure that equals its limit ">=" it.
    side = "<" if metric.value < limit.value else ">="
    past = "FAIL" if metric.is_alarm else "WARNING"
    bound = {
        "type": "evidently:bound_test:SingleValueBoundTest",
        "test": condition,
        "metric_fingerprint": metric.key,
    }
    return {
        "id": short,
        "name": f"{metric.title}: {words} {limit.value:0.3f}",
        "description": f"{metric.title}: Actual value {metric.value:0.3f} {side} "
        f"{limit.value:0.3f}",
        "metric_config": _config(metric),
        "test_config": condition,
        "status": "SUCCESS" if metric.keeps else past,
        "bound_test": bound,
    }


def _test_widgets(tests: Sequence[dict[str, Any]]) -> list[Widget]:
    """Return what a page shows of tests: how many have each status, and each of them."""
    if not tests:
        return []
    statuses = [test["status"] for test in tests]
    counters = [{"value": str(statuses.count(one)), "label": one} for one in STATUSES]
    listed = [
        {
            "title": test["name"],
            "description": test["description"],
            "state": test["status"].lower(),
            "groups": [],
        }
        for test in tests
    ]
    whole = {"title": "", "size": 2}
    return [
        {**whole, "type": "counter", "params": {"counters": counters, "v2_test": True}},
        {**whole, "type": "test_suite", "params": {"v2_test": True, "tests": listed}},
    ]
