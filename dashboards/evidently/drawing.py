"""Show a run in Evidently: its figures and their tests at once, its pictures when asked for.

Drawing takes seconds, and all figures are final before.
"""

import json
import logging
from pathlib import Path

from dashboards.evidently.home import import_nltk
from dashboards.evidently.quick_snapshot import quick_snapshot
from dashboards.evidently.report import ReportFiles, add_evidently, locked, read_drift
from dashboards.evidently.workspace import record
from dashboards.measures.drift import Pairs
from fusion.core.durable import replaced_by

log = logging.getLogger(__name__)


def show_report(folder: Path, workspace: Path) -> None:
    """Put a report into the dashboards without pictures, in milliseconds.

    Args:
        folder: of the report, as `write_report` left it.
        workspace: folder of the dashboards.

    Raises:
        DataError: the report cannot be read.
    """
    with locked(folder):
        report = read_drift(folder)
        record(workspace, report.run, quick_snapshot(report))


def draw_report(folder: Path, workspace: Path, subjects: Pairs) -> None:
    """Draw the drift page of a report, and its run in the dashboards with pictures.

    Nothing is done for one that is drawn. Killed in between, it is drawn anew: the page appears
    last.

    Args:
        folder: of the report, as `write_report` left it.
        workspace: folder of the dashboards.
        subjects: the frames that were compared; of one whose rows are gone there are no pictures.

    Raises:
        DataError: the report cannot be read.
    """
    with locked(folder):
        if not ReportFiles(folder).is_drawn:
            _draw(folder, workspace, subjects)


def _draw(folder: Path, workspace: Path, subjects: Pairs) -> None:
    # Evidently takes seconds to import: only who draws a page waits for it.
    import_nltk()
    from dashboards.evidently.drift_page import drift_snapshot  # noqa: PLC0415
    from dashboards.evidently.saved_html import saved_html  # noqa: PLC0415

    report, files = read_drift(folder), ReportFiles(folder)
    snapshot = drift_snapshot(report, subjects)
    record(workspace, report.run, snapshot.dumps())
    add_evidently(folder, json.loads(snapshot.json()))
    draft = files.drift_html.with_suffix(".new")
    with replaced_by(draft, files.drift_html):
        draft.write_text(saved_html(snapshot, report), encoding="utf-8")
    log.info("drift page drawn folder=%s columns=%d", folder, len(report.columns))
