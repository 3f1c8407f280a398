"""Drift pages that are drawn when they are first asked for."""

import json
import shutil
import time

import pytest

from dashboards.evidently.report import ReportFiles
from dashboards.evidently.workspace import snapshots
from flows.session import Session
from flows.steps.watch import pages
from flows.steps.watch.monitor import monitor_run
from flows.steps.watch.pages import draw_newest, draw_page, drawing, undrawn_runs

JUDGED = ("drifted_share", "churn", "churn_excess", "items_lost")
"""Alerts on figures of the report; those on sources and findings stand in no report."""


@pytest.fixture
def session(own_shop):
    """A copy of the shop, the second run of which is compared with the first."""
    opened = Session.open(own_shop / "fusion.toml")
    yield opened
    opened.engine.dispose()


def report_of(session, run_id: str) -> ReportFiles:
    return ReportFiles(session.runs / run_id / "report")


def pictured(session, run_id: str) -> set[str]:
    """Subjects of whose columns a run's snapshot has distributions."""
    shown, *_ = snapshots(session.workspace, "default", run_id)
    widgets = json.loads(shown.read_text(encoding="utf-8"))["widgets"]
    return {one["title"].split(":")[0] for one in widgets if one.get("additionalGraphs")}


def test_a_run_is_there_at_once_and_the_first_look_draws_the_newest(session):
    newest, oldest = undrawn_runs(session)
    assert newest > oldest
    for run_id in (newest, oldest):
        shown, *earlier = snapshots(session.workspace, "default", run_id)
        assert shown.exists()
        assert not any(file.exists() for file in earlier)
        assert pictured(session, run_id) == set()
    files = report_of(session, newest)
    figures = json.loads(files.drift_json.read_text(encoding="utf-8"))
    assert (figures["against"], figures["reference"]) == (oldest, oldest)
    draw_newest(session)
    assert files.is_drawn
    after = json.loads(files.drift_json.read_text(encoding="utf-8"))
    assert pictured(session, newest) == {"users", "items", "interactions", "features", "scores"}
    tests = after.pop("evidently")["tests"]
    assert {test["test_config"]["threshold"] for test in tests} >= {0.3, 0.5}
    assert after == figures
    assert undrawn_runs(session) == [oldest]


def test_limits_of_the_configuration_reach_the_tests_and_failures_are_the_alerts(own_shop):
    config = own_shop / "fusion.toml"
    text = "[monitor]\nchurn_limit = 0.001\nitems_limit = 0.002\ndrift_share = 0.01\n"
    config.write_text(f"{config.read_text()}\n{text}")
    session = Session.open(config)
    newest = undrawn_runs(session)[0]
    monitored = monitor_run(session, newest)
    shown, *_ = snapshots(session.workspace, "default", newest)
    results = json.loads(shown.read_text(encoding="utf-8"))["metric_results"].values()
    tests = [test for one in results for test in one["tests"]]
    limits = {test["name"].rpartition(": ")[2] for test in tests}
    assert limits >= {"Less 0.010", "Less or Equal 0.002"}
    failed = sum(test["status"] == "FAIL" for test in tests)
    drifted = sum(test["status"] == "WARNING" for test in tests)
    judged = [one for one in monitored.alerts if one.name in JUDGED]
    assert (failed, drifted) == (len(judged), sum(one.drifted for one in monitored.drift))
    session.engine.dispose()


def test_runs_of_an_earlier_release_are_put_into_the_pages_anew(session):
    oldest = undrawn_runs(session)[-1]
    shown, *earlier = snapshots(session.workspace, "default", oldest)
    shown.unlink()
    for file in earlier:
        file.write_text("{}")
    draw_newest(session)
    assert shown.exists()
    assert not any(file.exists() for file in earlier)


def test_a_first_run_is_drawn_beside_its_own_earlier_window(session):
    oldest = undrawn_runs(session)[-1]
    files = report_of(session, oldest)
    figures = json.loads(files.drift_json.read_text(encoding="utf-8"))
    assert (figures["against"], figures["reference"]) == (None, oldest)
    draw_page(session, oldest)
    page = files.drift_html.read_text(encoding="utf-8")
    assert "Drift of run" in page
    assert "are gone" not in page


def test_where_the_run_before_was_pruned_figures_stay_and_no_other_rows_are_drawn(session):
    newest, oldest = undrawn_runs(session)
    figures = json.loads(report_of(session, newest).drift_json.read_text(encoding="utf-8"))
    shutil.rmtree(session.runs / oldest)
    draw_page(session, newest)
    after = json.loads(report_of(session, newest).drift_json.read_text(encoding="utf-8"))
    after.pop("evidently")
    assert pictured(session, newest) == {"features"}
    assert after == figures
    assert "are gone" in report_of(session, newest).drift_html.read_text(encoding="utf-8")


@pytest.mark.faults
def test_open_dashboards_draw_what_comes_and_pass_over_what_cannot_be_drawn(
    session, monkeypatch, caplog
):
    newest, oldest = undrawn_runs(session)
    report_of(session, newest).drift_json.write_text("{}")
    monkeypatch.setattr(pages, "POLL_SECONDS", 0.01)
    with drawing(session):
        until = time.monotonic() + 120
        while not report_of(session, oldest).is_drawn and time.monotonic() < until:
            time.sleep(0.05)
    assert undrawn_runs(session) == [newest]
    told = [record.getMessage() for record in caplog.records if newest in record.getMessage()]
    assert len([line for line in told if "page not drawn" in line]) == 1
    assert f"`fusion monitor {newest}` writes it anew" in "".join(told)
    # The cure that the message names.
    monitor_run(session, newest)
    draw_page(session, newest)
    assert undrawn_runs(session) == []


@pytest.mark.faults
def test_a_run_that_is_pruned_while_it_is_drawn_leaves_nothing_in_the_dashboards(
    session, monkeypatch
):
    newest, _ = undrawn_runs(session)
    drawn = pages.draw_report

    def draw_then_prune(*arguments):
        drawn(*arguments)
        shutil.rmtree(session.runs / newest)

    monkeypatch.setattr(pages, "draw_report", draw_then_prune)
    draw_page(session, newest)
    assert not any(file.exists() for file in snapshots(session.workspace, "default", newest))


def test_the_dashboards_keep_the_newest_runs_and_reports_stay(own_shop):
    config = own_shop / "fusion.toml"
    config.write_text(config.read_text() + "\n[monitor]\nsnapshots = 1\n")
    session = Session.open(config)
    newest, oldest = undrawn_runs(session)
    other = snapshots(session.workspace, "mail", oldest)[0]
    other.parent.mkdir(parents=True)
    other.write_text("{}")
    # In any order of drawing: an older run that is drawn later takes no place.
    for run_id in (newest, oldest):
        draw_page(session, run_id)
        assert snapshots(session.workspace, "default", newest)[0].exists()
    assert not any(file.exists() for file in snapshots(session.workspace, "default", oldest))
    assert other.exists()
    assert report_of(session, oldest).is_drawn
    session.engine.dispose()
