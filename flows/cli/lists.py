"""Verbs that show lists."""

from typing import Annotated

import typer

from flows.cli.app import FILE, Config, Json, app, session
from flows.cli.console import emit, out


@app.command()
def show(
    user: Annotated[str, typer.Argument(help="a user's id")],
    why: Annotated[bool, typer.Option("--why", help="every reason, the strongest first")] = False,
    config: Config = FILE,
    as_json: Json = False,
) -> int:
    """Show a user's live list and why each item is in it."""
    from flows.cli.screens import overview as screens  # noqa: PLC0415
    from flows.cli.screens import reasons as why_screen  # noqa: PLC0415
    from flows.steps import lookup as look  # noqa: PLC0415

    opened = session(config)
    rows = look.list_of(opened, user)
    if not why or ("segment" in rows.columns and not as_json):
        emit(rows) if as_json else screens.user_list(out, user, rows)
        return 0
    told, missing = look.reasons_of(opened, user, rows)
    if as_json:
        emit({"list": rows, "reasons": told, "missing": missing})
    else:
        why_screen.reasons(out, user, rows, told, missing)
    return 0
