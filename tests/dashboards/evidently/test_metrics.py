"""Figures as metrics of the real Evidently: the outcomes of its tests are ours."""

import ast
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from evidently.core.metric_types import SingleValueMetric

import dashboards
from dashboards.alerts import Circumstances
from dashboards.evidently.drift_page import drift_snapshot
from dashboards.evidently.metrics import CLASSES, as_evidently
from dashboards.evidently.page_widgets import count_of
from dashboards.evidently.report_metrics import (
    OF_FIGURES,
    TITLES,
    ReportMetric,
    outcome_of,
    report_metrics,
    safe,
)
from dashboards.measures.limits import Limit
from dashboards.settings import MonitorSettings
from tests.dashboards.evidently.planted import planted, subjects


def outcomes(snapshot) -> dict[tuple[str, ...], str]:
    """Status of each test by class and labels of its metric."""
    found = {}
    for test in snapshot.tests_results:
        params = test.metric_config.params
        labels = [value for name, value in params.items() if name in ("subject", "column")]
        found[params["type"].rpartition(":")[2], *labels] = test.status.value
    return found


def counters(snapshot) -> dict[str, int]:
    """What the page says of tests: how many have which status."""
    widget = snapshot.to_snapshot_model().tests_widgets[0]
    return {one["label"]: int(one["value"]) for one in widget.params["counters"]}


@pytest.mark.parametrize(
    ("share", "floor", "lost", "limit"),
    [*product((0.2, 0.25, 0.26), (0.1, 0.9), (0.001, 0.5), (0.2,)), (0.3, 0.6, 0.5, 5.0)],
)
def test_statuses_and_counts_are_ours_whatever_the_limits(tmp_path, share, floor, lost, limit):
    settings = MonitorSettings(
        drift_share=share, churn_limit=floor, items_limit=lost, drift_limit=limit
    )
    report, raised = planted(tmp_path, settings)
    snapshot = drift_snapshot(report, subjects())
    theirs = outcomes(snapshot)

    for column in report.columns:
        status = theirs.pop(("ColumnDistance", column.subject, safe(column.column)), None)
        expected = {True: "WARNING", False: "SUCCESS"}[column.drifted]
        assert status == (None if column.moves else expected), column
    names = {"churn_excess": "ListChurn", "churn": "ListChurn", "items_lost": "ItemsLost"}
    alarmed = set()
    for alert in raised:
        is_list = alert.subject == "lists"
        alarmed.add((names[alert.name],) if is_list else ("DriftedShare", alert.subject))
    assert {name for name, status in theirs.items() if status == "FAIL"} == alarmed
    assert {status for name, status in theirs.items() if name not in alarmed} <= {"SUCCESS"}

    drifted = sum(column.drifted for column in report.columns)
    ours = outcome_of(report_metrics(report))
    assert (ours.drifted, ours.alarmed) == (drifted, len(raised))
    shown = counters(snapshot)
    assert shown == {
        "SUCCESS": ours.kept,
        "WARNING": drifted,
        "FAIL": len(raised),
        "ERROR": 0,
    }
    first = snapshot.to_snapshot_model().widgets[0].params["text"]
    assert f"columns that drifted: {drifted}; alerts: {len(raised)}." in " ".join(first.split())


def test_each_limit_decides_somewhere(tmp_path):
    """So that the table above is no list of tests that all pass, or all fail."""
    kept = MonitorSettings(drift_share=1, churn_limit=1, items_limit=1, drift_limit=10)
    assert planted(tmp_path, kept)[1] == []
    tight = MonitorSettings(drift_share=0.1, churn_limit=0.1, items_limit=0.001)
    raised = planted(tmp_path, tight, Circumstances(days=0.0))[1]
    assert {alert.name for alert in raised} >= {"drifted_share", "items_lost"}


def test_the_counts_of_subjects_stand_once_and_leave_out_what_moves_by_itself(tmp_path):
    report, _ = planted(tmp_path, MonitorSettings())
    snapshot = drift_snapshot(report, subjects())
    titles = [widget.title for widget in snapshot.to_snapshot_model().widgets]
    # Of four features one ages: three are judged.
    assert [title for title in titles if "drifted" in title] == [
        "users: 1 of 4 columns drifted",
        "features: 2 of 3 columns drifted, 1 moves by itself",
    ]
    assert "out of" not in snapshot.dumps()


def test_where_all_columns_move_none_is_said_to_be_judged(tmp_path):
    report, _ = planted(tmp_path, MonitorSettings())
    moving = [replace(column, moves=True) for column in report.columns[:4]]
    assert count_of("scores", moving) == "scores: 4 move by themselves"


def test_lists_of_another_method_are_not_judged(tmp_path):
    other = Circumstances(days=7.0, has_other_method=True)
    tight = MonitorSettings(churn_limit=0.01)
    report, _ = planted(tmp_path, tight, other)
    assert ("ListChurn",) not in outcomes(drift_snapshot(report, subjects()))


@pytest.mark.parametrize(
    ("limit", "status"), [(Limit(0.3), "SUCCESS"), (Limit(0.3, includes=False), "FAIL")]
)
def test_a_figure_at_its_limit(tmp_path, limit, status):
    metric = ReportMetric("ListChurn", {}, 0.3, limit)
    assert metric.keeps == (status == "SUCCESS")
    (bound,) = as_evidently(metric).get_bound_tests(None)
    assert bound.test.check(metric.value, bound.test.threshold) == metric.keeps


def test_every_figure_has_a_class_of_its_own_kind():
    kinds = {kind for kind, _ in OF_FIGURES.values()} | {"DriftedShare", "ColumnDistance"}
    assert set(CLASSES) == kinds == set(TITLES)
    assert all(issubclass(metric, SingleValueMetric) for metric in CLASSES.values())


def test_nothing_old_of_evidently_is_imported():
    """Its newest interface serves for all; `evidently.legacy` is what it leaves behind."""
    old = []
    for file in Path(dashboards.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            old += [name for name in names if name.startswith("evidently.legacy")]
            old += [name for name in names if name == "evidently.metrics.MeanValue"]
    assert old == []
