"""The saved page: its size, what it says before its script has run, and what that draws."""

import numpy as np
import polars as pl
import pytest

from dashboards.evidently import saved_html as module
from dashboards.evidently.drawing import draw_report
from dashboards.evidently.drift_page import drift_snapshot
from dashboards.evidently.report import read_drift, write_report
from dashboards.evidently.saved_html import saved_html
from dashboards.measures.drift import drift
from dashboards.settings import MonitorSettings
from tests.browser import CHROMIUM
from tests.dashboards.evidently.planted import planted, subjects
from tests.dashboards.samples import RUN

MOST = 2_000_000
SETTINGS = MonitorSettings(drift_share=0.2)
COLUMNS = 150
"""More than twice the features of a run with twenty sources."""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "report"
    planted(folder, SETTINGS)
    draw_report(folder, folder.parent / "space", subjects())
    return folder / "drift.html"


def test_it_is_small_with_many_columns(tmp_path):
    rng = np.random.default_rng(0)
    sides = [
        pl.DataFrame({f"feature_{number}": rng.normal(size=2_000) for number in range(COLUMNS)})
        for _ in range(2)
    ]
    pairs = {"features": (sides[0], sides[1])}
    write_report(tmp_path / "report", RUN, drift(pairs, SETTINGS), None, None)
    draw_report(tmp_path / "report", tmp_path / "space", pairs)
    assert (tmp_path / "report" / "drift.html").stat().st_size < MOST
    (snapshot,) = (tmp_path / "space").glob("*/snapshots/*.json")
    assert snapshot.stat().st_size < MOST / 2


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_the_conclusion_needs_no_script_and_the_script_draws_the_rest(page):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        plain = browser.new_context(java_script_enabled=False).new_page()
        plain.goto(page.as_uri())
        told = lines_of(plain.inner_text("main"))
        assert "users: 1 of 4 columns drifted" in told
        assert "features: 2 of 3 columns drifted, 1 moves by itself" in told
        assert any(line.startswith("users: share of columns that drifted: 0.25") for line in told)

        wrong = []
        opened = browser.new_page()
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("console", lambda said: said.type == "error" and wrong.append(said.text))
        opened.on("request", lambda asked: wrong.append(asked.url))
        opened.goto(page.as_uri())
        opened.get_by_text("Figures of the run").wait_for()
        drawn = lines_of(opened.inner_text("body"))
        assert told[1] in drawn  # the same sentence, before and after
        assert opened.locator("main").count() == 0
        opened.locator("tbody tr button").first.click()
        opened.locator(".js-plotly-plot .barlayer").first.wait_for()
        opened.get_by_role("tab", name="Tests").click()
        opened.get_by_text("SUCCESS").wait_for()
        counted = lines_of(opened.inner_text("body"))
        shown = {label: counted[counted.index(label) - 1] for label in ("WARNING", "FAIL")}
        assert shown == {"WARNING": "3", "FAIL": "2"}
        browser.close()
    assert [one for one in wrong if not one.startswith(("file:", "data:", "blob:"))] == []


def test_a_page_of_another_form_is_left_as_evidently_makes_it(tmp_path, monkeypatch):
    planted(tmp_path / "report", SETTINGS)
    report = read_drift(tmp_path / "report")
    snapshot = drift_snapshot(report, subjects())
    other = tmp_path / "other.js"
    other.write_text("another script")
    monkeypatch.setattr(module, "LIBRARY", other)
    left = saved_html(snapshot, report)
    assert "DecompressionStream" not in left
    assert len(left) > MOST


def test_names_of_data_are_no_markup(page):
    text = page.read_text()
    assert "<script>alert" not in text
    assert text.count("alert(1)") > 2  # before the script, in its data
