"""The dashboards over runs: an Evidently workspace with one project a placement, and its server."""

import logging
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from dashboards.evidently.home import import_nltk
from dashboards.run import RunRef
from fusion.core.durable import rename_folder, replaced_by
from fusion.errors import ConfigError

log = logging.getLogger(__name__)
SERIES_QUERY = r"/api/v2/snapshots/[0-9a-f-]{36}/data_series_batch"
"""The one path that the pages ask by POST, though it reads: the lines of all panels."""


def record(
    workspace: Path,
    run: RunRef,
    values: dict[str, float],
    snapshot: Any,
) -> None:
    """Add a run to the placement's project; both are made when missing.

    The run stands there twice: its figures, which the panels draw at the time `run.as_of`, and its
    drift report. Recording the same run again replaces it. A file appears whole or not at all: a
    half-written one would keep Evidently from reading the workspace.

    Args:
        workspace: folder of the dashboards.
        run: the run.
        values: its figures by name.
        snapshot: of its drift report, from `drift_snapshot`.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    _project(workspace, run.placement)
    figures_file, drift_file = snapshots(workspace, run.placement, run.run_id)
    _put(figures_file, _figures(run, values).dumps())
    _put(drift_file, snapshot.dumps())
    log.info("run recorded run=%s workspace=%s", run.run_id, workspace)


def snapshots(workspace: Path, placement: str, run_id: str) -> tuple[Path, Path]:
    """Return the two files that `record` makes of a run: its figures and its drift report.

    Args:
        workspace: folder of the dashboards.
        placement: where the run's lists are shown.
        run_id: the run.

    Returns:
        Paths, whether the files are there or not.
    """
    folder = workspace / str(_key(placement)) / "snapshots"
    figures_file = folder / f"{_key(placement, run_id, 'figures')}.json"
    drift_file = folder / f"{_key(placement, run_id, 'drift')}.json"
    return figures_file, drift_file


def report_path(workspace: Path, placement: str, run_id: str) -> str:
    """Return the address at which Evidently's application shows a run's drift report.

    Args:
        workspace: folder of the dashboards.
        placement: where the run's lists are shown.
        run_id: the run.

    Returns:
        A path; that of all the placement's runs where the report is not drawn yet, and "" where
        none is.
    """
    _, drift_file = snapshots(workspace, placement, run_id)
    if drift_file.exists():
        return f"/projects/{_key(placement)}/reports/{drift_file.stem}"
    return f"/projects/{_key(placement)}" if drift_file.parent.is_dir() else ""


def application(workspace: Path) -> Any:
    """Return Evidently's user interface over the dashboards, as an ASGI application.

    It lets whoever reaches it make and delete projects: nobody may reach it but through
    `dashboards.web.guard`.

    Args:
        workspace: folder of the dashboards.

    Raises:
        ConfigError: the folder holds no dashboards.
    """
    if not list(workspace.glob("*/metadata.json")):
        raise ConfigError(
            f"no dashboards in {workspace}: `fusion run` fills it; if they are elsewhere, name the "
            f"folder as `workspace` in [monitor]"
        )
    import_nltk()
    # Takes seconds to import.
    from evidently.ui.service.app import create_app, get_config  # noqa: PLC0415

    return create_app(get_config(workspace=str(workspace)))


def _key(*parts: str) -> UUID:
    """Return the same key for the same parts, so that recording again replaces."""
    return uuid5(NAMESPACE_URL, "fusion:" + "/".join(parts))


def _project(workspace: Path, placement: str) -> None:
    """See that the placement's project is there.

    A new one is made aside and moved in as a whole: a server that reads it meanwhile sees no half.
    """
    from evidently.sdk.models import (  # noqa: PLC0415
        DashboardModel,
        DashboardTabModel,
        ProjectModel,
    )
    from evidently.ui.workspace import Workspace  # noqa: PLC0415

    from dashboards.evidently.panels import panels  # noqa: PLC0415

    key = _key(placement)
    folder = workspace / str(key)
    if folder.exists():
        return
    description = f"Drift, stability and quality of the runs of placement {placement}."
    plots = panels(placement)
    tab = DashboardTabModel(title="Runs", panels=[panel.id for panel in plots])
    with TemporaryDirectory(dir=workspace, prefix=".new-") as aside:
        space = Workspace(aside)
        space.add_project(ProjectModel(id=key, name=placement, description=description))
        space.save_dashboard(key, DashboardModel(tabs=[tab], panels=plots))
        project = Path(aside) / str(key)
        (project / "snapshots").mkdir()
        rename_folder(project, folder)


def _put(path: Path, content: str) -> None:
    """Write a file so that it appears whole."""
    aside = path.with_suffix(".new")
    with replaced_by(aside, path):
        aside.write_text(content, encoding="utf-8")
    # A running server does not see files that are moved in, but those that change: cut to the
    # same size.
    os.truncate(path, path.stat().st_size)


def _figures(run: RunRef, values: dict[str, float]) -> Any:
    """Hand figures over to Evidently: the mean of a column with one row is that row's value."""
    import pandas as pd  # noqa: PLC0415
    from evidently import DataDefinition, Dataset, Report  # noqa: PLC0415

    from dashboards.evidently.drift_page import Note  # noqa: PLC0415

    definition = DataDefinition(numerical_columns=list(values))
    data = Dataset.from_pandas(pd.DataFrame([values]), definition)
    rows = [[name.replace("_", " "), f"{value:.4g}"] for name, value in values.items()]
    text = f"# Figures of run {run.run_id}"
    note = Note(text=text, names=["figure", "value"], rows=rows, means=list(values))
    report = Report([note])
    return report.run(data, timestamp=run.time, metadata={"run_id": run.run_id}, name=run.run_id)
