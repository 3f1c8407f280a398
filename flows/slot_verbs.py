"""Verbs that decide about the challenger: approve it, or reject it.

Verbs import what they need when they run, so that light ones answer at once.
"""

from typing import Annotated

import typer

from flows.app import FILE, By, Config, Json, app, session
from flows.console import emit, out


@app.command()
def approve(
    run: Annotated[str, typer.Argument(help="the run you looked at; refused if another waits by now")] = "challenger",
    reason: Annotated[str, typer.Option(help="why, for the history")] = "approved",
    config: Config = FILE,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Let the challenger be live."""
    from flows import screens  # noqa: PLC0415
    from flows.publish import approve_run  # noqa: PLC0415

    done = approve_run(session(config, by), reason, run)
    emit(done) if as_json else out.print(screens.moved(done), markup=False)
    return 0


@app.command()
def reject(
    why: Annotated[str, typer.Option("--why", help="why, for the history")],
    config: Config = FILE,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Let the challenger go; what is live stays."""
    from storage.challenger import reject as let_go  # noqa: PLC0415

    opened = session(config, by)
    move = let_go(opened.engine, opened.placement, by=opened.by, reason=why)
    emit(move) if as_json else out.print(f"Rejected run {move.from_run_id}; live is unchanged.", markup=False)
    return 0
