"""The dashboards over runs: an Evidently workspace with one project a placement, and its server."""

import json
import logging
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from dashboards.evidently.home import import_nltk
from dashboards.evidently.panels import dashboard
from dashboards.run import RunRef
from fusion.core.durable import rename_folder, replaced_by
from fusion.errors import ConfigError

log = logging.getLogger(__name__)
DASHBOARD = "dashboard.json"
SERIES_QUERY = r"/api/v2/snapshots/[0-9a-f-]{36}/data_series_batch"
"""The one path that the pages ask by POST, though it reads: the lines of all panels."""


def record(workspace: Path, run: RunRef, content: str) -> None:
    """Put a run's snapshot into the placement's project; both are made when missing.

    Recording the same run again replaces it. A file appears whole or not at all: a half-written one
    would keep Evidently from reading the workspace.

    Args:
        workspace: folder of the dashboards.
        run: the run.
        content: its snapshot as JSON: from `quick_snapshot`, or with pictures from Evidently.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    _project(workspace, run.placement)
    file, *earlier = snapshots(workspace, run.placement, run.run_id)
    _put(file, content)
    for old in earlier:
        old.unlink(missing_ok=True)
    log.info("run recorded run=%s workspace=%s", run.run_id, workspace)


def snapshots(workspace: Path, placement: str, run_id: str) -> tuple[Path, ...]:
    """Return the files that a run may have in the dashboards.

    Args:
        workspace: folder of the dashboards.
        placement: where the run's lists are shown.
        run_id: the run.

    Returns:
        Paths, whether the files are there or not: that of its snapshot, and the two that earlier
        releases made instead.
    """
    folder = workspace / str(_key(placement)) / "snapshots"
    keys = (_key(placement, run_id, part) for part in ("run", "figures", "drift"))
    return tuple(folder / f"{key}.json" for key in keys)


def report_path(workspace: Path, placement: str, run_id: str) -> str:
    """Return the address at which Evidently's application shows a run.

    Args:
        workspace: folder of the dashboards.
        placement: where the run's lists are shown.
        run_id: the run.

    Returns:
        A path; that of all the placement's runs where this one is not shown, and "" where none is.
    """
    file, *_ = snapshots(workspace, placement, run_id)
    if file.exists():
        return f"/projects/{_key(placement)}/reports/{file.stem}"
    return f"/projects/{_key(placement)}" if file.parent.is_dir() else ""


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
    # Takes seconds to import, and who only monitors has neither.
    from evidently.ui.service.app import create_app, get_config  # noqa: PLC0415
    from starlette.middleware.gzip import GZipMiddleware  # noqa: PLC0415

    # Its scripts have 4.4 MB, and less than a third of that on the way.
    return GZipMiddleware(create_app(get_config(workspace=str(workspace))), compresslevel=6)


def _key(*parts: str) -> UUID:
    """Return the same key for the same parts, so that recording again replaces."""
    return uuid5(NAMESPACE_URL, "fusion:" + "/".join(parts))


def _project(workspace: Path, placement: str) -> None:
    """See that the placement's project is there, with the panels of this release.

    A new one is made aside and moved in as a whole: a server that reads it meanwhile sees no half.
    """
    key = _key(placement)
    folder = workspace / str(key)
    panels = json.dumps(dashboard(placement))
    if folder.exists():
        file = folder / DASHBOARD
        if not file.exists() or file.read_text(encoding="utf-8") != panels:
            _put(file, panels)
        return
    description = f"Drift, stability and quality of the runs of placement {placement}."
    about = {"id": str(key), "name": placement, "description": description, "version": "2"}
    with TemporaryDirectory(dir=workspace, prefix=".new-") as aside:
        project = Path(aside) / str(key)
        (project / "snapshots").mkdir(parents=True)
        (project / "metadata.json").write_text(json.dumps(about), encoding="utf-8")
        (project / DASHBOARD).write_text(panels, encoding="utf-8")
        rename_folder(project, folder)


def _put(path: Path, content: str) -> None:
    """Write a file so that it appears whole."""
    aside = path.with_suffix(".new")
    with replaced_by(aside, path):
        aside.write_text(content, encoding="utf-8")
    # A running server does not see files that are moved in, but those that change: cut to the
    # same size.
    os.truncate(path, path.stat().st_size)
