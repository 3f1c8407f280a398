"""The hook at the end of a run: it is tracked where that is set, and nothing of it changes."""

import logging
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Any

from flows.session import Session
from flows.steps.tracking.experiment import Experiment, Tool, experiment_of
from flows.steps.tracking.mlflow_tool import MlflowTool
from flows.steps.tracking.tensorboard_tool import TensorboardTool
from flows.tracking_settings import TrackingSettings
from fusion.core.extras import require_extras
from fusion.masking import mask_secrets
from fusion.runs.run_folder import RunFolder, folder_of

log = logging.getLogger(__name__)


def track(
    session: Session, run_id: str, run_no: int, status: str, manifest: Mapping[str, Any]
) -> None:
    """Track a run that is stored; whatever goes wrong is a line of the log.

    Args:
        session: the configuration.
        run_id: outside id of the run.
        run_no: its number.
        status: what became of it.
        manifest: of the run, as JSON.
    """
    settings = session.config.tracking
    if settings.to is None:
        return
    try:
        tool = _tool(settings, session.base)
        folder = RunFolder(folder_of(session.runs, run_id))
        experiment = experiment_of(run_id, run_no, status, manifest, folder)
    # The edge of a run that is published, or refused: it must end as such.
    except Exception as failure:
        _warn(run_id, settings, f"{type(failure).__name__}: {failure}")
        return
    # A daemon: a server that never answers keeps no process from ending.
    thread = Thread(target=lambda: _write(tool, experiment, settings), daemon=True)
    thread.start()
    thread.join(settings.seconds)
    if thread.is_alive():
        _warn(run_id, settings, f"it took longer than {settings.seconds:g} s, [tracking] seconds")


def _write(tool: Tool, experiment: Experiment, settings: TrackingSettings) -> None:
    try:
        tool.write(experiment)
    # The edge of a thread.
    except Exception as failure:
        _warn(experiment.run_id, settings, f"{type(failure).__name__}: {failure}")
        return
    log.info("tracked run_id=%s to=%s", experiment.run_id, settings.to)


def _warn(run_id: str, settings: TrackingSettings, why: str) -> None:
    log.warning("not tracked run_id=%s to=%s: %s", run_id, settings.to, mask_secrets(why))


def _tool(settings: TrackingSettings, base: Path) -> Tool:
    name = str(settings.to)
    require_extras(f"[tracking] to = {name!r}", name)
    if name == "mlflow":
        return MlflowTool(settings.uri)
    return TensorboardTool(base / (settings.uri or "tensorboard"))
