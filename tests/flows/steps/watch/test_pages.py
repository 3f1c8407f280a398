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


@pytest.fixture
def session(own_shop):
    """A copy of the shop, the second run of which is compared with the first."""
    opened = Session.open(own_shop / "fusion.toml")
    yield opened
    opened.engine.dispose()


def report_of(session, run_id: str) -> ReportFiles:
    return ReportFiles(session.runs / run_id / "report")


def test_a_run_leaves_figures_and_the_first_look_draws_the_newest(session):
    newest, oldest = undrawn_runs(session)
    assert newest > oldest
    files = report_of(session, newest)
    figures = json.loads(files.drift_json.read_text(encoding="utf-8"))
    assert (figures["against"], figures["reference"]) == (oldest, oldest)
    draw_newest(session)
    assert files.is_drawn
    assert all(file.exists() for file in snapshots(session.workspace, "default", newest))
    after = json.loads(files.drift_json.read_text(encoding="utf-8"))
    pictured = [one["config"].get("column") for one in after.pop("evidently")["metrics"]]
    for subject in ("users", "items", "interactions", "features", "scores"):
        assert any(name and name.startswith(subject) for name in pictured), subject
    assert after == figures
    assert undrawn_runs(session) == [oldest]


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
    pictured = {one["config"].get("column") for one in after.pop("evidently")["metrics"]}
    subjects = {name.split(" ")[0] for name in pictured if name and "_" not in name.split(" ")[0]}
    assert "features" in subjects
    assert subjects.isdisjoint({"users", "items", "interactions", "scores"})
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
        assert all(file.exists() for file in snapshots(session.workspace, "default", newest))
    assert not any(file.exists() for file in snapshots(session.workspace, "default", oldest))
    assert other.exists()
    assert report_of(session, oldest).is_drawn
    session.engine.dispose()
