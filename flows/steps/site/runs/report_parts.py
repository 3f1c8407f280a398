"""What the report of a run's monitoring holds, as the pages show it."""

import json
import logging
from pathlib import Path
from typing import Any

from dashboards.evidently.report import DriftReport, ReportFiles, read_drift
from dashboards.measures.churn_excess import Churn, excess_limit
from dashboards.measures.feature_curves import FeatureCurve
from dashboards.measures.stability import ALL, SUBJECT
from dashboards.pages.runs.figures import Estimate, ListChanges
from flows.steps.alerts.circumstances import days_between
from flows.steps.watch.monitor_frames import report_folder
from fusion.errors import DataError
from fusion.runs.run_folder import RunFolder, folder_of
from storage.reading.of_runs.run_figures import Figure
from storage.schema.row_objects import RunRow

log = logging.getLogger(__name__)


def folder_of_report(runs: Path, run_id: str) -> Path:
    """Return the folder of a run's report, whether it is there or not.

    Args:
        runs: folder of runs.
        run_id: of the run.

    Raises:
        DataError: as in `folder_of`.
    """
    return report_folder(RunFolder(folder_of(runs, run_id)))


def drift_of(folder: Path) -> DriftReport | None:
    """Return the drift that a report holds.

    Args:
        folder: of the report.

    Returns:
        None where nobody monitored the run, or the report cannot be read.
    """
    if not ReportFiles(folder).drift_json.exists():
        return None
    try:
        return read_drift(folder)
    except DataError as error:
        # The rest of the page stands without it, and says how to make it anew.
        log.warning("%s", error)
        return None


def curves_of(folder: Path) -> list[FeatureCurve]:
    """Return what features add to scores, as a report holds it.

    Args:
        folder: of the report.

    Returns:
        Curves, the most important feature first; none where there are none.
    """
    file = ReportFiles(folder).features_json
    try:
        return [FeatureCurve(**one) for one in _object(file).get("curves", [])]
    except TypeError as error:
        log.warning("%s cannot be read: %s", file, error)
        return []


def list_changes(
    folder: Path, figures: list[Figure], run: RunRow, before: RunRow, usual: dict[str, float]
) -> ListChanges | None:
    """Return how lists changed.

    Args:
        folder: of the report; what it lacks is left out.
        figures: of the run, as `metric` holds them.
        run: the run.
        before: that it is compared with.
        usual: figures of the lists of `before`, by name.

    Returns:
        None where nobody monitored the run.
    """
    of_lists = [one for one in figures if (one.subject, one.segment) == (SUBJECT, ALL)]
    values = {one.name: one.value for one in of_lists}
    if not values:
        return None
    stored = _object(ReportFiles(folder).stability_json)
    has_other_method = run.method != before.method
    limit = excess_limit(days_between(before, run), Churn.of_figures(usual))
    return ListChanges(
        churn=Churn.of_figures(values),
        limit=None if has_other_method else limit,
        figures=values,
        intervals={
            one.name: Estimate(one.value, one.low, one.high)
            for one in of_lists
            if one.low is not None
        },
        histograms=stored.get("histograms", {}),
        groups=stored.get("groups", []),
        items={name: stored[name] for name in ("gained", "lost", "moved") if name in stored},
    )


def _object(file: Path) -> dict[str, Any]:
    """Return the object that a file holds; an empty one where it is gone, or cannot be read."""
    if not file.exists():  # as after a pruning, which is nothing to warn of
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read: %s", file, error)
        return {}
    return content if isinstance(content, dict) else {}
