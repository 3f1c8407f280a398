"""The snapshot that is written without Evidently, beside what Evidently itself writes."""

import json
from copy import deepcopy

import pytest
from evidently.core.report import Snapshot
from evidently.sdk.models import DashboardModel
from evidently.sdk.panels import line_plot_panel, text_panel
from evidently.ui.workspace import Workspace

from dashboards.evidently.drawing import show_report
from dashboards.evidently.drift_page import drift_snapshot
from dashboards.evidently.panels import PANELS, dashboard
from dashboards.evidently.quick_snapshot import quick_snapshot
from dashboards.evidently.workspace import report_path, snapshots
from dashboards.settings import MonitorSettings
from tests.dashboards.evidently.planted import planted
from tests.dashboards.samples import RUN

TIGHT = MonitorSettings(drift_share=0.2, churn_limit=0.1, items_limit=0.001)


def comparable(content: dict) -> dict:
    """Leave out what differs by design: ids, and the sentence about pictures that are missing."""
    found = deepcopy(content)
    results = list(found["metric_results"].values())
    assert found["top_level_metrics"] == list(found["metric_results"])
    for result in results:
        result["metric_value_location"]["metric"].pop("metric_id")
        for test in result["tests"]:
            test["metric_config"].pop("metric_id")
            test["bound_test"].pop("metric_fingerprint")
    for widget in [*found["widgets"], *found["tests_widgets"]]:
        widget.pop("id")
    found["widgets"] = [one for one in found["widgets"] if one["type"] != "text"]
    return {**found, "metric_results": results, "top_level_metrics": len(results)}


@pytest.mark.parametrize("settings", [MonitorSettings(), TIGHT])
def test_it_is_what_evidently_writes_but_for_pictures(tmp_path, settings):
    report, _ = planted(tmp_path, settings)
    ours = json.loads(Snapshot.loads(quick_snapshot(report)).dumps())
    theirs = json.loads(drift_snapshot(report, {}).dumps())
    assert comparable(ours) == comparable(theirs)


def test_it_is_there_at_once_for_evidently_itself(tmp_path):
    report, _ = planted(tmp_path / "report", TIGHT)
    show_report(tmp_path / "report", tmp_path / "space")
    space = Workspace(str(tmp_path / "space"))
    (project,) = space.list_projects()
    (key,) = space.list_runs(project.id)
    run = space.get_run(project.id, key)
    values = {one.display_name: one.value for one in run.metric_results.values()}
    assert values["Churn: share of a list that changed"] == report.figures["churn"]
    tests = [test for one in run.metric_results.values() for test in one.tests]
    assert {test.status.value for test in tests} == {"SUCCESS", "WARNING", "FAIL"}
    path = report_path(tmp_path / "space", RUN.placement, RUN.run_id)
    assert path == f"/projects/{project.id}/reports/{key}"


def test_panels_are_those_that_evidently_makes():
    made = DashboardModel(**dashboard("home"))
    heading, *plots = made.panels
    explanation = "A point is a run, at the time up to which it knows data."
    same = {"id": heading.id}
    expected = text_panel("Runs of placement home", explanation).copy(update=same)
    assert heading == expected
    for plot, panel in zip(plots, PANELS, strict=True):
        theirs = line_plot_panel(panel.title, plot.values, panel.subtitle, size="half")
        assert plot == theirs.copy(update={"id": plot.id})
    assert made.tabs[0].panels == [panel.id for panel in made.panels]


def test_files_of_earlier_releases_give_way_and_their_panels_too(tmp_path):
    planted(tmp_path / "report", TIGHT)
    space = tmp_path / "space"
    show_report(tmp_path / "report", space)
    new, *earlier = snapshots(space, RUN.placement, RUN.run_id)
    for file in earlier:
        file.write_text("{}")
    panels = new.parent.parent / "dashboard.json"
    panels.write_text("{}")
    show_report(tmp_path / "report", space)
    assert [file.name for file in new.parent.iterdir()] == [new.name]
    assert json.loads(panels.read_text()) == dashboard(RUN.placement)
