"""Verbs that decide about the challenger: approve it, or reject it.

Verbs import what they need when they run, so that light ones answer at once.
"""

from typing import Annotated

import typer

from flows.cli.app import FILE, By, Config, Json, app, session, span
from flows.cli.console import emit, out


@app.command()
def approve(
    run: Annotated[
        str, typer.Argument(help="the run you looked at; refused if another waits by now")
    ] = "challenger",
    reason: Annotated[str, typer.Option(help="why, for the history")] = "approved",
    config: Config = FILE,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Let the challenger be live."""
    from flows.cli.screens import overview as screens  # noqa: PLC0415
    from flows.steps.publish.publish import approve_run  # noqa: PLC0415

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
    from storage.slots.challenger import reject as let_go  # noqa: PLC0415

    opened = session(config, by)
    move = let_go(opened.engine, opened.placement, by=opened.by, reason=why)
    emit(move) if as_json else out.print(
        f"Rejected run {move.from_run_id}; live is unchanged.", markup=False
    )
    return 0


@app.command()
def rollback(
    to: Annotated[
        str | None, typer.Option(help="a run that was live; default: the one before")
    ] = None,
    freeze: Annotated[
        str | None, typer.Option(help="let no publish move it for so long: 24h, 2d")
    ] = None,
    reason: Annotated[str, typer.Option(help="why, for the history")] = "rolled back by hand",
    config: Config = FILE,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Move the live pointer back, and hold it there if asked."""
    from storage.slots.publish import rollback as move_back  # noqa: PLC0415

    opened = session(config, by)
    move = move_back(opened.engine, opened.placement, to, span(freeze), by=opened.by, reason=reason)
    if as_json:
        emit(move)
    else:
        held = f", frozen for {freeze}" if freeze else ""
        out.print(
            f"Live: run {move.to_run_id} again, instead of {move.from_run_id}{held}.", markup=False
        )
    return 0


@app.command()
def unfreeze(config: Config = FILE, by: By = None, as_json: Json = False) -> int:
    """End a freeze, so that runs may be published again."""
    from storage.slots.publish import unfreeze as thaw  # noqa: PLC0415

    opened = session(config, by)
    move = thaw(opened.engine, opened.placement, opened.by)
    emit(move) if as_json else out.print(
        "Unfrozen." if move else "It was not frozen.", markup=False
    )
    return 0
