"""The files of a run's report: drift and stability, as HTML for people and JSON for machines."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from dashboards.measures.drift import ColumnDrift, Pairs
from dashboards.measures.stability import Stability
from dashboards.pages.stability_page import stability_page
from dashboards.run import RunRef
from fusion.errors import DataError

log = logging.getLogger(__name__)

VERDICT_COLUMNS = ("row", "kind", "ndcg", "chosen")


@dataclass(frozen=True)
class ReportFiles:
    """Paths of a report's files; `snapshot` is Evidently's object, for the workspace."""

    drift_html: Path
    drift_json: Path
    stability_html: Path
    stability_json: Path
    snapshot: Any


def write_report(
    folder: Path,
    run: RunRef,
    subjects: Pairs,
    drift: Sequence[ColumnDrift],
    stability: Stability | None,
    verdict: pl.DataFrame | None,
) -> ReportFiles:
    """Write `drift.html`, `drift.json`, `stability.html` and `stability.json`.

    Args:
        folder: where; made when it is not there.
        run: the run that is reported.
        subjects: the frames that were compared.
        drift: of the columns of `subjects`.
        stability: of the lists; None on a placement's first run, and the page says so.
        verdict: a row for each judged method: `row` (its name), `kind` (ranker, blend, source or
            control), `ndcg` (NDCG at 10), `chosen`, and `low`, `high` where known.

    Returns:
        The files, and the snapshot that `dashboards.evidently.workspace.record` takes.

    Raises:
        DataError: the verdict lacks one of the first four columns.
    """
    check_verdict(verdict)
    folder.mkdir(parents=True, exist_ok=True)
    snapshot = _snapshot(run, subjects, drift)
    files = ReportFiles(
        drift_html=folder / "drift.html",
        drift_json=folder / "drift.json",
        stability_html=folder / "stability.html",
        stability_json=folder / "stability.json",
        snapshot=snapshot,
    )
    # HTML and JSON of one subject are made of the same figures: neither is read back.
    snapshot.save_html(str(files.drift_html))
    _write(files.drift_json, _drift(run, drift, snapshot))
    files.stability_html.write_text(stability_page(run, stability, verdict), encoding="utf-8")
    _write(files.stability_json, _stability(run, stability, verdict))
    log.info("report written folder=%s columns=%d", folder, len(drift))
    return files


def check_verdict(verdict: pl.DataFrame | None) -> None:
    """See that a verdict frame has the columns that pages need.

    Args:
        verdict: as `write_report` takes it.

    Raises:
        DataError: a column is missing.
    """
    if verdict is None:
        return
    missing = [name for name in VERDICT_COLUMNS if name not in verdict.columns]
    if missing:
        needed = list(VERDICT_COLUMNS)
        raise DataError(f"the verdict lacks the columns {missing}; it needs {needed}")


def _snapshot(run: RunRef, subjects: Pairs, drift: Sequence[ColumnDrift]) -> Any:
    # Evidently takes seconds to import: only who writes a report waits for it.
    from dashboards.evidently.drift_page import drift_snapshot  # noqa: PLC0415

    return drift_snapshot(run, subjects, drift)


def _drift(run: RunRef, drift: Sequence[ColumnDrift], snapshot: Any) -> dict[str, Any]:
    columns = [asdict(one) for one in drift]
    # Evidently's own JSON beside ours: distributions for whoever wants to draw them again.
    evidently = json.loads(snapshot.json())
    return {**_about(run), "note": run.note, "columns": columns, "evidently": evidently}


def _stability(
    run: RunRef, stability: Stability | None, verdict: pl.DataFrame | None
) -> dict[str, Any]:
    content: dict[str, Any] = dict(_about(run))
    content["compared"] = stability is not None
    content["rows"] = [] if stability is None else stability.rows().to_dicts()
    content["verdict"] = [] if verdict is None else verdict.to_dicts()
    return content


def _about(run: RunRef) -> dict[str, str]:
    as_of = run.time.isoformat() + "Z"
    return {"run_id": run.run_id, "placement": run.placement, "as_of": as_of}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
