"""A report with planted drift, judged by settings that differ from the defaults."""

from pathlib import Path

import polars as pl

from dashboards.alerts import Alert, Circumstances, alerts
from dashboards.evidently.report import Details, DriftReport, read_drift, write_report
from dashboards.measures.drift import Pairs, drift
from dashboards.measures.limits import figure_limits
from dashboards.measures.stability import stability
from dashboards.settings import MonitorSettings
from tests.dashboards.samples import RUN, lists, users, verdict

BAD = "</script><script>alert(1)</script>"


def subjects() -> Pairs:
    """Users of whom one column of four moved, features of which one ages, and one column is new."""
    features = pl.DataFrame({"x": [1.0, 2.0] * 200, "age_days": range(400), BAD: [1.0] * 400})
    later = pl.DataFrame(
        {"x": [1.0, 2.0] * 200, "age_days": range(300, 700), BAD: [5.0] * 400, "new": [1.0] * 400}
    )
    return {"users": (users(800, 1), users(600, 2, shift=8)), "features": (features, later)}


def planted(
    folder: Path, settings: MonitorSettings, around: Circumstances | None = None
) -> tuple[DriftReport, list[Alert]]:
    """Write a report as monitoring does; returns it and the alerts that monitoring raises.

    Args:
        folder: of the report.
        settings: whose limits hold.
        around: of the two runs.
    """
    around = around or Circumstances(days=7.0)
    columns = drift(subjects(), settings, {"features": ["age_days"]})
    change = stability(
        lists(60, 1, 0.1), lists(60, 2, 3.0), twin=lists(60, 3, 3.0), catalogue=100, k=10
    )
    limits = figure_limits(columns, change, settings, around.lists_before)
    write_report(folder, RUN, columns, change, verdict(), Details(limits=limits))
    return read_drift(folder), alerts(columns, change, settings, around)
