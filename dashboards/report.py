"""The files of a run's report: drift and stability, each as HTML for people and JSON for machines."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from dashboards.drift import ColumnDrift, Pairs
from dashboards.run import RunRef
from dashboards.stability import Stability
from dashboards.stability_page import stability_page
from fusion.errors import DataError

log = logging.getLogger(__name__)

VERDICT_COLUMNS = ("row", "kind", "ndcg", "chosen")


@dataclass(frozen=True)
class ReportFiles:
    """Where the report lies; `snapshot` is Evidently's object, for the workspace."""

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
    """Write `drift.html`, `drift.json`, `stability.html` and `stability.json` into `folder`.

    `drift` is what `dashboards.drift.drift` found in `subjects`. `stability` is None on a
    placement's first run: the page says so. `verdict` has a row for each judged method: `row` (its
    name), `kind` (ranker, blend, source or control), `ndcg` (NDCG at 10), `chosen`, and `low`,
    `high` where known; DataError when one of the first four is missing. `files.snapshot` goes to
    `dashboards.workspace.record`.
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
    snapshot.save_html(str(files.drift_html))
    _write(files.drift_json, _drift(run, drift, snapshot))
    files.stability_html.write_text(stability_page(run, stability, verdict), encoding="utf-8")
    _write(files.stability_json, _stability(run, stability, verdict))
    log.info("report written folder=%s columns=%d", folder, len(drift))
    return files


def check_verdict(verdict: pl.DataFrame | None) -> None:
    """Raise DataError when a verdict frame lacks a column."""
    missing = (
        [] if verdict is None else [name for name in VERDICT_COLUMNS if name not in verdict.columns]
    )
    if missing:
        raise DataError(
            f"the verdict lacks the columns {missing}; it needs {list(VERDICT_COLUMNS)}"
        )


def _snapshot(run: RunRef, subjects: Pairs, drift: Sequence[ColumnDrift]) -> Any:
    from dashboards.drift_page import drift_snapshot  # noqa: PLC0415 - Evidently takes seconds to import

    return drift_snapshot(run, subjects, drift)


def _drift(run: RunRef, drift: Sequence[ColumnDrift], snapshot: Any) -> dict[str, Any]:
    columns = [asdict(one) for one in drift]
    return {**_about(run), "columns": columns, "evidently": json.loads(snapshot.json())}


def _stability(
    run: RunRef, stability: Stability | None, verdict: pl.DataFrame | None
) -> dict[str, Any]:
    return {
        **_about(run),
        "compared": stability is not None,
        "rows": [] if stability is None else stability.rows().to_dicts(),
        "verdict": [] if verdict is None else verdict.to_dicts(),
    }


def _about(run: RunRef) -> dict[str, str]:
    return {"run_id": run.run_id, "placement": run.placement, "as_of": run.time.isoformat() + "Z"}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
