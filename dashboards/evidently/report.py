"""The files of a run's report: figures as JSON.

The drift page is drawn from them when it is first asked for: see `drawing`.
"""

import fcntl
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from dashboards.evidently.figures import check_verdict, figures
from dashboards.measures.drift import ColumnDrift
from dashboards.measures.feature_curves import FeatureCurve
from dashboards.measures.limits import Limit
from dashboards.measures.stability import Stability
from dashboards.run import RunRef
from fusion.core.durable import replaced_by
from fusion.errors import DataError

log = logging.getLogger(__name__)

DRIFT_JSON = "drift.json"


@dataclass(frozen=True)
class ReportFiles:
    """Paths of a report's files.

    Attributes:
        folder: in which they stand.
    """

    folder: Path

    @property
    def drift_html(self) -> Path:
        """The drift page; missing until it is drawn."""
        return self.folder / "drift.html"

    @property
    def drift_json(self) -> Path:
        """Drift of every column, and all that the drift page is drawn by but its rows."""
        return self.folder / DRIFT_JSON

    @property
    def stability_json(self) -> Path:
        """Figures of stability, and the verdict."""
        return self.folder / "stability.json"

    @property
    def features_json(self) -> Path:
        """What features add to scores; missing where no ranker makes the lists."""
        return self.folder / "features.json"

    @property
    def is_drawn(self) -> bool:
        """Tell whether the drift page was drawn, in the dashboards too."""
        return self.drift_html.exists()


@dataclass(frozen=True)
class DriftReport:
    """The content of `drift.json`.

    Attributes:
        run: the run that is reported.
        columns: drift of every column that was compared.
        figures: of the dashboard over runs, by name.
        limits: of those that were judged, by the same names; of columns, `columns` holds them.
    """

    run: RunRef
    columns: tuple[ColumnDrift, ...]
    figures: dict[str, float]
    limits: dict[str, Limit]


@dataclass(frozen=True)
class Details:
    """What a report says besides its figures.

    Attributes:
        changed: further content of `stability.json`: groups of users and items.
        limits: of figures, from `figure_limits`; without them nothing but columns is judged.
    """

    changed: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)


def write_report(
    folder: Path,
    run: RunRef,
    drift: Sequence[ColumnDrift],
    stability: Stability | None,
    verdict: pl.DataFrame | None,
    details: Details | None = None,
) -> ReportFiles:
    """Write `drift.json` and `stability.json`; a drift page of before goes.

    Args:
        folder: where; made when it is not there.
        run: the run that is reported.
        drift: of the columns that were compared.
        stability: of the lists; None on a placement's first run.
        verdict: a row for each judged method: `row` (its name), `kind` (ranker, blend, source or
            control), `ndcg` (NDCG at 10), `chosen`, and `low`, `high` where known.
        details: what it says besides.

    Returns:
        The files.

    Raises:
        DataError: the verdict lacks one of the first four columns.
    """
    check_verdict(verdict)
    folder.mkdir(parents=True, exist_ok=True)
    files = ReportFiles(folder)
    values = figures(drift, stability, verdict)
    details = details or Details()
    with locked(folder):
        _write(files.stability_json, {**_stability(run, stability, verdict), **details.changed})
        # Figures without their page are what is still to draw.
        files.drift_html.unlink(missing_ok=True)
        _write(files.drift_json, _drift(run, drift, values, details.limits))
    log.info("report written folder=%s columns=%d", folder, len(drift))
    return files


def write_curves(folder: Path, run: RunRef, curves: Sequence[FeatureCurve]) -> None:
    """Write `features.json`; without curves, one of before goes.

    Args:
        folder: of the report.
        run: the run that is reported.
        curves: of its most important features, the most important first.
    """
    file = ReportFiles(folder).features_json
    if curves:
        _write(file, {**_about(run), "curves": [asdict(one) for one in curves]})
    else:
        file.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a report, so that it is not written and drawn at once, by this process or another.

    Args:
        folder: of the report.

    Yields:
        Nothing, once nobody else holds it.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        # Some network shares have no locks: there, two who draw at once would do it twice.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def read_drift(folder: Path) -> DriftReport:
    """Read the `drift.json` of a report.

    Args:
        folder: of the report.

    Raises:
        DataError: it cannot be read, or a release wrote it that drew pages at once.
    """
    file = ReportFiles(folder).drift_json
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        run = RunRef(
            run_id=content["run_id"],
            placement=content["placement"],
            as_of=datetime.fromisoformat(content["as_of"]),
            note=content["note"],
            against=content["against"],
            reference=content["reference"],
        )
        columns = tuple(ColumnDrift(**column) for column in content["columns"])
        # Earlier releases kept no limits: their figures are shown, and not judged anew.
        limits = {name: Limit(**limit) for name, limit in content.get("limits", {}).items()}
        return DriftReport(run, columns, content["figures"], limits)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{file} cannot be drawn ({type(error).__name__}: {error}); "
            f"`fusion monitor {folder.parent.name}` writes it anew"
        ) from error


def add_evidently(folder: Path, content: Any) -> None:
    """Add Evidently's own JSON to `drift.json`: its metrics and the outcomes of its tests.

    Args:
        folder: of the report.
        content: Evidently's JSON as an object.
    """
    file = ReportFiles(folder).drift_json
    ours = json.loads(file.read_text(encoding="utf-8"))
    _write(file, {**ours, "evidently": content})


def _drift(
    run: RunRef,
    drift: Sequence[ColumnDrift],
    values: dict[str, float],
    limits: Mapping[str, Limit],
) -> dict[str, Any]:
    judged = {name: asdict(limit) for name, limit in limits.items()}
    columns = [asdict(one) for one in drift]
    compared = {"note": run.note, "against": run.against, "reference": run.reference}
    return {**_about(run), **compared, "figures": values, "limits": judged, "columns": columns}


def _stability(
    run: RunRef, stability: Stability | None, verdict: pl.DataFrame | None
) -> dict[str, Any]:
    content: dict[str, Any] = dict(_about(run))
    content["compared"] = stability is not None
    content["rows"] = [] if stability is None else stability.rows().to_dicts()
    content["histograms"] = {} if stability is None else stability.histograms()
    content["verdict"] = [] if verdict is None else verdict.to_dicts()
    return content


def _about(run: RunRef) -> dict[str, str]:
    as_of = run.time.isoformat() + "Z"
    return {"run_id": run.run_id, "placement": run.placement, "as_of": as_of}


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write a file so that it appears whole: it may be read meanwhile."""
    aside = path.with_suffix(".new")
    with replaced_by(aside, path):
        aside.write_text(json.dumps(content, indent=1), encoding="utf-8")
