"""The report with the real Evidently; its page is read as text here, and was looked at by eye."""

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from dashboards.evidently import page_widgets
from dashboards.evidently.drawing import draw_report
from dashboards.evidently.report import ReportFiles, read_drift, write_report
from dashboards.evidently.report_metrics import safe
from dashboards.measures import registry
from dashboards.measures.drift import drift
from dashboards.measures.jensen_shannon import JENSEN_SHANNON
from dashboards.measures.measure import DriftMeasure
from dashboards.measures.psi import PSI
from dashboards.measures.stability import stability
from dashboards.run import RunRef
from dashboards.settings import MonitorSettings
from fusion.errors import DataError
from fusion.metrics.divergence import category_codes, counts
from tests.dashboards.samples import RUN, lists, users, verdict

SETTINGS = MonitorSettings()
SUBJECTS = {
    "users": (users(800, 1), users(600, 2, shift=8)),
    "features": (
        pl.DataFrame({"x": [1.0, None] * 50}),
        pl.DataFrame({"x": [None] * 30, "new": [1.0] * 30}),
    ),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    previous, current = lists(60, 1, 0.5), lists(60, 2, 0.5)
    segments = pl.DataFrame({"user_id": ["u1", "u2"], "segment": ["<script>", "warm"]})
    found = stability(previous, current, segments=segments, twin=lists(20, 3, 0.5), catalogue=100)
    folder = tmp_path_factory.mktemp("report")
    return drawn(folder / "run", SUBJECTS, found, verdict())


def drawn(folder, subjects=None, change=None, judged=None) -> ReportFiles:
    """Write a report and draw its page."""
    subjects = subjects or {}
    files = write_report(folder, RUN, drift(subjects, SETTINGS), change, judged)
    draw_report(folder, folder.parent / "space", subjects)
    return files


class Outside(HTMLParser):
    """Collects what a browser would fetch."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag in {"script", "link", "img", "iframe"}:
            self.found += [value for name, value in attrs if name in {"src", "href"}]


def test_importing_dashboards_is_quick_and_evidently_imports_with_the_pinned_set():
    modules = "dashboards.evidently.drawing, dashboards.evidently.workspace, dashboards.alerts"
    late = f"import sys, {modules}; assert not {{'evidently', 'pandas'}} & set(sys.modules)"
    now = (
        "import dashboards, evidently, os; "
        "assert os.environ['DO_NOT_TRACK']; print(evidently.__version__)"
    )
    for code in (late, now):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0.7.")


def test_evidently_shows_our_figures(files):
    data = json.loads(files.drift_json.read_text())
    assert data["run_id"] == "run-1"
    assert data["as_of"] == "2026-11-20T03:00:00Z"
    ours = {(one["subject"], one["column"]): one["value"] for one in data["columns"]}
    drawn = {
        (one["config"]["subject"], one["config"]["column"]): one["value"]
        for one in data["evidently"]["metrics"]
        if one["config"]["type"].endswith(":ColumnDistance")
    }
    # Those of columns that one side lacks altogether, too.
    assert ("features", "new") in drawn
    assert {(subject, safe(name)): value for (subject, name), value in ours.items()} == drawn


def test_a_measure_of_ones_own_reaches_page_and_metrics(tmp_path, monkeypatch):
    total_variation = DriftMeasure(
        name="total_variation",
        label="Total variation",
        meaning="Stars: total variation.",
        kind="number",
        applies=lambda column: column.dtype.is_numeric() and column.n_unique() <= 5,
        to_codes=category_codes,
        distance=lambda p, q: float(np.abs(p / p.sum() - q / q.sum()).sum() / 2),
        limit=lambda _: 0.1,
    )
    for module in (registry, page_widgets):
        monkeypatch.setattr(module, "MEASURES", (total_variation, PSI, JENSEN_SHANNON))
    before = pl.DataFrame({"stars": [1, 2, 3, 4] * 400, "age": range(1600)})
    now = pl.DataFrame({"stars": [1, 1, 3, 4] * 400, "age": range(1600)})
    columns = drift({"items": (before, now)}, SETTINGS)
    assert {one.column: one.method for one in columns} == {"stars": "total_variation", "age": "psi"}
    report = drawn(tmp_path / "run", {"items": (before, now)})
    shown = json.loads(report.drift_json.read_text())["evidently"]["metrics"]
    tested = {
        one["config"]["column"]: (one["config"]["measure"], one["config"]["tests"][0]["threshold"])
        for one in shown
        if one["config"]["type"].endswith(":ColumnDistance")
    }
    assert tested == {"stars": ("Total variation", 0.1), "age": ("PSI, deciles", 0.2)}
    assert "Stars: total variation." in report.drift_html.read_text()


def test_figures_are_final_before_the_page_is_drawn_and_stay(tmp_path):
    columns = drift(SUBJECTS, SETTINGS)
    files = write_report(tmp_path / "run", RUN, columns, None, verdict())
    before = json.loads(files.drift_json.read_text())
    assert not files.is_drawn
    assert not (tmp_path / "space").exists()
    assert read_drift(files.folder).columns == tuple(columns)
    assert before["figures"]["drifted_users"] == 0.25
    draw_report(files.folder, tmp_path / "space", SUBJECTS)
    assert files.is_drawn
    after = json.loads(files.drift_json.read_text())
    assert after.pop("evidently")["metrics"]
    assert after == before


def test_a_page_without_the_rows_of_a_run_that_went_has_its_figures_and_says_so(tmp_path):
    columns = drift(SUBJECTS, SETTINGS)
    files = write_report(tmp_path / "run", RUN, columns, None, None)
    draw_report(files.folder, tmp_path / "space", {"features": SUBJECTS["features"]})
    text = files.drift_html.read_text()
    assert "users: 1 of 4 columns drifted" in text
    assert "the rows of the run that it was compared with are gone" in text
    assert list(files.folder.glob("*.new")) == []


def test_a_report_is_drawn_once_until_it_is_written_anew(tmp_path):
    files = drawn(tmp_path / "run")
    first = files.drift_html.stat().st_mtime_ns
    draw_report(files.folder, tmp_path / "space", {})
    assert files.drift_html.stat().st_mtime_ns == first
    write_report(files.folder, RUN, [], None, None)
    assert not files.is_drawn


def test_a_report_of_before_pages_were_drawn_later_is_refused_with_the_cure(tmp_path):
    files = write_report(tmp_path / "run-1" / "report", RUN, [], None, None)
    old = json.loads(files.drift_json.read_text())
    del old["figures"]
    files.drift_json.write_text(json.dumps(old))
    with pytest.raises(DataError, match=r"cannot be drawn .*`fusion monitor run-1` writes it anew"):
        draw_report(files.folder, tmp_path / "space", {})


def test_pages_fetch_nothing(files):
    reader = Outside()
    reader.feed(files.drift_html.read_text())
    assert [link for link in reader.found if not link.startswith("data:")] == []


def test_the_drift_page_says_what_was_found(files):
    text = files.drift_html.read_text()
    assert "users: 1 of 4 columns drifted" in text
    assert "Data up to 2026-11-20 03:00 UTC, placement `home`" in text


def test_data_cannot_smuggle_a_script_into_the_drift_page(tmp_path):
    bad = "</script><script>alert(1)</script>"
    frame = pl.DataFrame({"c": [bad, "x"] * 20, bad: [1.0, 2.0] * 20})
    subjects = {"users": (frame, frame)}
    files = drawn(tmp_path / "run", subjects)
    text = files.drift_html.read_text()
    assert "<script>alert" not in text
    assert "‹/script>‹script>alert(1)" in text or "\\u2039/script>" in text


def test_stability_json_holds_the_rows(files):
    data = json.loads(files.stability_json.read_text())
    assert data["compared"]
    assert {row["name"] for row in data["rows"]} >= {"jaccard", "rbo_chance", "coverage_previous"}
    assert data["verdict"][0]["row"] == "ranker"
    assert set(data["histograms"]) == {"jaccard", "jaccard_chance", "rbo", "rbo_chance"}
    assert all(sum(shares) == pytest.approx(1) for shares in data["histograms"].values())


def test_a_first_run_says_so(tmp_path):
    first = drawn(tmp_path / "run")
    assert "Nothing to compare with yet" in first.drift_html.read_text()
    assert json.loads(first.stability_json.read_text())["compared"] is False


def test_runs_without_common_users_have_figures(tmp_path):
    strangers = lists(5, 1, 1).with_columns(pl.col("user_id") + "-new")
    files = write_report(tmp_path, RUN, [], stability(lists(5, 1, 1), strangers), None)
    figures = json.loads(files.stability_json.read_text())
    assert sum(figures["histograms"]["jaccard"]) == 0
    assert "churn" not in {row["name"] for row in figures["rows"]}


def test_a_verdict_without_its_columns_is_refused(tmp_path):
    with pytest.raises(DataError, match="lacks the columns"):
        write_report(tmp_path, RUN, [], None, verdict().drop("chosen"))


def test_times_are_kept_in_utc():
    east = timezone(timedelta(hours=8))
    assert RunRef("r", "p", datetime(2026, 1, 1, 8, tzinfo=east)).time == datetime(2026, 1, 1)
    assert RunRef("r", "p", datetime(2026, 1, 1)).time == datetime(2026, 1, 1)


def evidently_value(reference, current, kind, method):
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift

    definition = DataDefinition(**{f"{kind}_columns": ["x"]})
    sides = [
        Dataset.from_pandas(pd.DataFrame({"x": side}), definition) for side in (current, reference)
    ]
    report = Report([ValueDrift(column="x", method=method, threshold=0.2)]).run(*sides)
    return report.dict()["metrics"][0]["value"]


def our_value(measure, reference, current):
    codes = measure.to_codes(pl.Series("x", reference), pl.Series("x", current))
    return measure.distance(*counts(*codes))


def test_our_jensenshannon_is_evidentlys():
    rng = np.random.default_rng(0)
    reference, current = rng.choice(list("abc"), 900), rng.choice(list("bcd"), 700)
    theirs = evidently_value(reference, current, "categorical", "jensenshannon")
    assert our_value(JENSEN_SHANNON, reference, current) == pytest.approx(theirs, abs=1e-9)


def test_our_psi_is_evidentlys_where_the_bins_are_the_same():
    # at most 20 values: Evidently compares value by value, and ours are ties that fill a bin each
    rng = np.random.default_rng(0)
    reference, current = (
        rng.choice(5, 1000, p=p).astype(float) for p in ([0.2] * 5, [0.1, 0.1, 0.2, 0.3, 0.3])
    )
    theirs = evidently_value(reference, current, "numerical", "psi")
    assert our_value(PSI, reference, current) == pytest.approx(theirs, rel=1e-9)


def test_our_psi_is_near_evidentlys_on_a_smooth_number():
    # Evidently bins by equal widths (Sturges) over both sides, we by deciles of the reference: for
    # a normal distribution moved by half its deviation both come near the integral, 0.25; the tails
    # differ
    rng = np.random.default_rng(0)
    reference, current = rng.normal(0, 1, 20_000), rng.normal(0.5, 1, 20_000)
    theirs = evidently_value(reference, current, "numerical", "psi")
    assert our_value(PSI, reference, current) == pytest.approx(theirs, rel=0.15)
    assert our_value(PSI, reference, current) == pytest.approx(0.25, rel=0.15)
