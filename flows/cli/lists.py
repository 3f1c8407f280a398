"""The verb that shows a user's list."""

from typing import Annotated

import typer

from flows.cli.app import FILE, Config, Json, open_session, verb
from flows.cli.console import emit, out


@verb
def show(
    user: Annotated[str, typer.Argument(help="a user's id")],
    why: Annotated[bool, typer.Option("--why", help="every reason, the strongest first")] = False,
    config: Config = FILE,
    as_json: Json = False,
) -> int:
    """Show a user's live list and why each item is in it.

    Returns:
        0.
    """
    from flows.cli.screens.lists import print_user_list  # noqa: PLC0415
    from flows.cli.screens.reasons import print_reasons  # noqa: PLC0415
    from flows.steps.user_lists import is_fallback, reasons_of, user_list  # noqa: PLC0415

    session = open_session(config)
    rows = user_list(session, user)
    # A fallback has no reasons to show; machines get the same keys for every user all the same.
    with_reasons = why and (as_json or not is_fallback(rows))
    if not with_reasons:
        if as_json:
            emit(rows)
        else:
            print_user_list(out, user, rows)
        return 0
    reasons, missing = reasons_of(session, user, rows)
    if as_json:
        emit({"list": rows, "reasons": reasons, "missing": missing})
    else:
        print_reasons(out, user, rows, reasons, missing)
    return 0
