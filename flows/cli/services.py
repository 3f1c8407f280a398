"""Verbs that keep running: the schedule and the dashboards."""

from typing import Annotated

import typer

from flows.cli.app import FILE, Config, open_session, verb
from flows.cli.console import err


@verb
def schedule(config: Config = FILE) -> int:
    """Serve the deployments: the policy is asked by cron, and trains when it says so.

    Returns:
        0, when it is ended by a signal.
    """
    from flows.prefect_flows.deployments import serve_schedule  # noqa: PLC0415

    serve_schedule(config)
    return 0


@verb
def ui(
    config: Config = FILE,
    port: Annotated[int, typer.Option(min=1, max=65535, help="port on this machine")] = 8000,
) -> int:
    """Show the dashboards over runs in a browser.

    Returns:
        0, when it is ended by Ctrl+C.
    """
    from dashboards.evidently.workspace import serve  # noqa: PLC0415
    from flows.steps.watch.pages import draw_newest, drawing  # noqa: PLC0415

    session = open_session(config)
    err.print(f"Dashboards at http://127.0.0.1:{port} (Ctrl+C ends it)", markup=False)
    with drawing(session):
        serve(session.workspace, port, draw=lambda: draw_newest(session))
    return 0
