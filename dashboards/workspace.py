"""The dashboards over runs: an Evidently workspace with one project for each placement, and its server."""

import logging
import os
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import polars as pl

from dashboards.drift import ColumnDrift
from dashboards.report import check_verdict
from dashboards.run import RunRef
from dashboards.stability import Stability
from fusion.errors import ConfigError

log = logging.getLogger(__name__)


def record(
    workspace: Path,
    run: RunRef,
    drift: Sequence[ColumnDrift],
    stability: Stability | None,
    verdict: pl.DataFrame | None,
    snapshot: Any,
) -> None:
    """Add a run to the placement's project in `workspace`; both are made when missing.

    The run stands there twice: its figures, which the panels draw at the time `run.as_of`, and
    `snapshot`, the drift report of `write_report`. Recording the same run again replaces it.
    `verdict` is as in `write_report`. A file appears whole or not at all: a half-written one would
    keep Evidently from reading the workspace.
    """
    from dashboards.panels import figures  # noqa: PLC0415 - imports Evidently

    check_verdict(verdict)
    workspace.mkdir(parents=True, exist_ok=True)
    _project(workspace, run.placement)
    contents = (_figures(run, figures(drift, stability, verdict)), snapshot)
    for file, content in zip(
        snapshots(workspace, run.placement, run.run_id), contents, strict=True
    ):
        _put(file, content.dumps())
    log.info("run recorded run=%s workspace=%s", run.run_id, workspace)


def snapshots(workspace: Path, placement: str, run_id: str) -> tuple[Path, Path]:
    """Give the two files that `record` makes of a run: its figures and its drift report. They need not be there."""
    folder = workspace / str(_key(placement)) / "snapshots"
    figured, drifted = (
        folder / f"{_key(placement, run_id, part)}.json" for part in ("figures", "drift")
    )
    return figured, drifted


def serve(workspace: Path, port: int, host: str = "127.0.0.1") -> None:
    """Show `workspace` in Evidently's user interface until SIGINT or SIGTERM, then return. Main thread only.

    Raises ConfigError when the folder holds no dashboards or the port is taken. Anyone who reaches
    the port can read and delete reports: leave `host` alone unless something in front of it asks
    who they are.
    """
    if not list(workspace.glob("*/metadata.json")):
        raise ConfigError(
            f"no dashboards in {workspace}: `fusion run` fills it; if they are elsewhere, name the folder as "
            f"`workspace` in [monitor]"
        )
    with _bind(host, port) as listening:
        from evidently.ui.service.app import create_app, get_config  # noqa: PLC0415 - takes seconds to import
        from uvicorn import Config, Server  # noqa: PLC0415

        app = create_app(get_config(host=host, port=port, workspace=str(workspace)))
        server = Server(Config(app, log_level="warning"))
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            log.info("dashboards closed")
        finally:
            signal.signal(signal.SIGTERM, before)


def _bind(host: str, port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"cannot listen on {host}:{port} ({error.strerror}): choose another with --port"
        ) from error
    return listening


def _key(*parts: str) -> UUID:
    """Give the same key for the same parts, so that recording again replaces instead of adding."""
    return uuid5(NAMESPACE_URL, "fusion:" + "/".join(parts))


def _project(workspace: Path, placement: str) -> None:
    """See that the placement's project is there; a new one is made aside and moved in as a whole."""
    from evidently.sdk.models import DashboardModel, DashboardTabModel, ProjectModel  # noqa: PLC0415
    from evidently.ui.workspace import Workspace  # noqa: PLC0415

    from dashboards.panels import panels  # noqa: PLC0415

    key = _key(placement)
    folder = workspace / str(key)
    if not folder.exists():
        description = f"Drift, stability and quality of the runs of placement {placement}."
        shown = panels(placement)
        tab = DashboardTabModel(title="Runs", panels=[panel.id for panel in shown])
        with TemporaryDirectory(dir=workspace, prefix=".new-") as aside:
            space = Workspace(aside)
            space.add_project(ProjectModel(id=key, name=placement, description=description))
            space.save_dashboard(key, DashboardModel(tabs=[tab], panels=shown))
            (Path(aside) / str(key) / "snapshots").mkdir()
            (Path(aside) / str(key)).rename(folder)


def _put(path: Path, content: str) -> None:
    aside = path.with_suffix(".new")
    aside.write_text(content, encoding="utf-8")
    aside.replace(path)
    # a running server does not see files that are moved in, but those that change: cut to the same
    # size
    os.truncate(path, path.stat().st_size)


def _figures(run: RunRef, values: dict[str, float]) -> Any:
    """Hand figures over to Evidently: the mean of a column with one row is that row's value."""
    import pandas as pd  # noqa: PLC0415
    from evidently import DataDefinition, Dataset, Report  # noqa: PLC0415

    from dashboards.drift_page import Note  # noqa: PLC0415

    data = Dataset.from_pandas(
        pd.DataFrame([values]), DataDefinition(numerical_columns=list(values))
    )
    note = Note(
        text=f"# Figures of run {run.run_id}",
        names=["figure", "value"],
        rows=[[name.replace("_", " "), f"{value:.4g}"] for name, value in values.items()],
        means=list(values),
    )
    report = Report([note])
    return report.run(data, timestamp=run.time, metadata={"run_id": run.run_id}, name=run.run_id)
