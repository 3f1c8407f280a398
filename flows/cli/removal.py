"""Verbs that remove: old runs, and people who ask to be forgotten.

Verbs import what they need when they run, so that light ones answer at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import FILE, Config, Json, open_session, verb
from flows.cli.console import emit, out
from fusion.errors import DataError, Temporary


@verb
def prune(
    config: Config = FILE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would go, and remove nothing")
    ] = False,
    as_json: Json = False,
) -> int:
    """Remove old runs with their rows, folders, reports and stages, as the configuration says.

    Returns:
        0; 2 when a damaged file keeps something; 75 when something could not go yet and another
        call removes it.
    """
    from flows.cli.screens.removal import print_pruned  # noqa: PLC0415
    from flows.steps.keep.prune import prune as prune_runs  # noqa: PLC0415

    pruned = prune_runs(open_session(config, read_only=dry_run), dry_run)
    if as_json:
        emit({**vars(pruned), "bytes": pruned.bytes})
    else:
        print_pruned(out, pruned)
    if pruned.damaged:
        return DataError.exit_code
    # A reader or a training was in the way: cron may try again.
    return Temporary.exit_code if pruned.left else 0


@verb
def forget(
    user: Annotated[str | None, typer.Argument(help="a user's id")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="a text file of ids, one a line")
    ] = None,
    config: Config = FILE,
    as_json: Json = False,
) -> int:
    """Remove a person from SQL, runs and the store, and leave them out of later trainings.

    Returns:
        0, or 2 when no run knows one of the ids.
    """
    from flows.cli.screens.removal import print_forgotten  # noqa: PLC0415
    from flows.steps.keep.erase import forget as erase_people  # noqa: PLC0415
    from flows.steps.keep.erase import read_people  # noqa: PLC0415

    session = open_session(config)
    forgot = erase_people(session, read_people(user, file))
    if as_json:
        emit(forgot)
    else:
        print_forgotten(out, forgot)
    # An unknown id may be misspelt: nobody may believe that the person is forgotten.
    return DataError.exit_code if forgot.unknown else 0
