"""Verbs that move a slot: publish, approve, reject, roll back, unfreeze.

Verbs import what they need when they run, so that light ones answer at once.
"""

from typing import Annotated

import typer

from flows.cli.app import FILE, By, Config, Json, Run, open_session, prefect_flows, verb
from flows.cli.console import emit, out
from flows.cli.options.times import parse_span

Older = Annotated[
    bool,
    typer.Option("--allow-older", help="also where the run knows less of the data than live"),
]


@verb
def publish(
    run: Run,
    from_folder: Annotated[
        bool,
        typer.Option("--from-folder", help="load a run that the database lost from its folder"),
    ] = False,
    allow_older: Older = False,
    config: Config = FILE,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Let the live lists be those of a run that was admitted.

    Returns:
        0.
    """
    from flows.cli.screens.json_summary import publication_summary  # noqa: PLC0415
    from flows.cli.screens.outcome import describe_publication  # noqa: PLC0415
    from flows.steps.publish.publish import publish_run  # noqa: PLC0415

    flows = prefect_flows(config)
    if flows:
        published = flows.publish(str(config), run, by, from_folder, allow_older)
    else:
        session = open_session(config, by)
        published = publish_run(session, run, from_folder=from_folder, allow_older=allow_older)
    if as_json:
        emit(publication_summary(published))
    else:
        out.print(describe_publication(published), markup=False)
    return 0


@verb
def approve(
    run: Annotated[
        str, typer.Argument(help="the run you looked at; refused if another waits by now")
    ] = "challenger",
    reason: Annotated[str, typer.Option(help="why, for the history")] = "approved",
    allow_older: Older = False,
    config: Config = FILE,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Let the challenger be live.

    Returns:
        0.
    """
    from flows.cli.screens.json_summary import publication_summary  # noqa: PLC0415
    from flows.cli.screens.outcome import describe_publication  # noqa: PLC0415
    from flows.steps.publish.publish import approve_run  # noqa: PLC0415

    published = approve_run(open_session(config, by), reason, run, allow_older=allow_older)
    if as_json:
        emit(publication_summary(published))
    else:
        out.print(describe_publication(published), markup=False)
    return 0


@verb
def reject(
    why: Annotated[str, typer.Option("--why", help="why, for the history")],
    config: Config = FILE,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Let the challenger go; what is live stays.

    Returns:
        0.
    """
    from flows.cli.screens.json_summary import move_summary  # noqa: PLC0415
    from storage.slots.challenger import reject as reject_challenger  # noqa: PLC0415

    session = open_session(config, by)
    move = reject_challenger(session.engine, session.placement, by=session.by, reason=why)
    if as_json:
        emit(move_summary(move))
    else:
        out.print(f"Rejected run {move.from_run_id}; live is unchanged.", markup=False)
    return 0


@verb
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
    """Move the live pointer back, and hold it there if asked.

    Returns:
        0.
    """
    from flows.cli.screens.json_summary import move_summary  # noqa: PLC0415
    from storage.slots.publish import rollback as move_back  # noqa: PLC0415

    session = open_session(config, by)
    # Read before the slot moves: a misspelt length must not leave a rollback without its freeze.
    span = parse_span(freeze, "--freeze")
    move = move_back(session.engine, session.placement, to, span, by=session.by, reason=reason)
    if as_json:
        emit(move_summary(move))
        return 0
    frozen = f", frozen for {freeze}" if freeze else ""
    sentence = f"Live: run {move.to_run_id} again, instead of {move.from_run_id}{frozen}."
    out.print(sentence, markup=False)
    return 0


@verb
def unfreeze(config: Config = FILE, by: By = None, as_json: Json = False) -> int:
    """End a freeze, so that runs may be published again.

    Returns:
        0, also where nothing was frozen.
    """
    from flows.cli.screens.json_summary import move_summary  # noqa: PLC0415
    from storage.slots.publish import unfreeze as end_freeze  # noqa: PLC0415

    session = open_session(config, by)
    # None where nothing was frozen, which is no error: a script may call it to be sure.
    move = end_freeze(session.engine, session.placement, session.by)
    if as_json:
        emit(move_summary(move) if move else None)
    else:
        out.print("Unfrozen." if move else "It was not frozen.", markup=False)
    return 0
