"""Verbs about what is kept.

Verbs import what they need when they run, so that light ones answer at once.
"""

from typing import Annotated

import typer

from flows.app import FILE, Config, Json, app, session
from flows.console import emit, out
from fusion.errors import Temporary


@app.command()
def prune(
    config: Config = FILE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would go, and touch nothing")] = False,
    as_json: Json = False,
) -> int:
    """Remove runs that [retention] does not keep, with their rows, folders, reports and stages."""
    from flows import keep_screens  # noqa: PLC0415
    from flows.prune import prune as remove  # noqa: PLC0415

    done = remove(session(config), dry_run)
    emit({**vars(done), "bytes": done.bytes}) if as_json else keep_screens.pruned(out, done)
    return Temporary.exit_code if done.left else 0
