"""Verbs about what is kept: old runs go, and people who ask to be forgotten.

Verbs import what they need when they run, so that light ones answer at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import FILE, Config, Json, app, session
from flows.cli.console import emit, out
from fusion.errors import DataError, Temporary


@app.command()
def prune(
    config: Config = FILE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="say what would go, and remove nothing")
    ] = False,
    as_json: Json = False,
) -> int:
    """Remove runs that [retention] does not keep, with their rows, folders, reports and stages."""
    from flows.cli.screens import keeping as keep_screens  # noqa: PLC0415
    from flows.steps.keep.prune import prune as remove  # noqa: PLC0415

    done = remove(session(config), dry_run)
    emit({**vars(done), "bytes": done.bytes}) if as_json else keep_screens.pruned(out, done)
    return Temporary.exit_code if done.left else 0


@app.command()
def forget(
    user: Annotated[str | None, typer.Argument(help="a user's id")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="a text file of ids, one a line")
    ] = None,
    config: Config = FILE,
    as_json: Json = False,
) -> int:
    """Remove a person from SQL, runs and the store, and leave them out of later trainings."""
    from flows.cli.screens import keeping as keep_screens  # noqa: PLC0415
    from flows.steps.keep.erase import forget as remove  # noqa: PLC0415
    from flows.steps.keep.erase import people_of  # noqa: PLC0415

    done = remove(session(config), people_of(user, file))
    emit(done) if as_json else keep_screens.forgot(out, done)
    return DataError.exit_code if done.unknown else 0
