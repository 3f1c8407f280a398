"""Verbs that look at what is there, and move the live pointer back.

Verbs import what they need when they run, so that light ones answer at once.
"""

from typing import Annotated

import typer

from flows.app import FILE, By, Config, Json, Run, app, session, span
from flows.console import emit, out


@app.command()
def status(config: Config = FILE, as_json: Json = False) -> int:
    """Say what is live and since when, whether it is frozen, and what waits for approval."""
    from flows import look, screens  # noqa: PLC0415
    from storage.read import live  # noqa: PLC0415

    opened = session(config)
    shown, waiting = (live(opened.engine, opened.placement, slot) for slot in ("live", "challenger"))
    if as_json:
        emit({"live": look.slot_summary(shown), "challenger": look.slot_summary(waiting)})
    else:
        screens.live(out, opened.placement, shown)
        screens.challenger(out, waiting)
    return 0


@app.command()
def runs(
    config: Config = FILE, limit: Annotated[int, typer.Option(min=1, help="how many")] = 20, as_json: Json = False
) -> int:
    """List runs, newest first."""
    from flows import look, screens  # noqa: PLC0415
    from storage.read import live  # noqa: PLC0415
    from storage.runs import runs as newest  # noqa: PLC0415

    opened = session(config)
    found = newest(opened.engine, opened.placement, limit)
    shown = live(opened.engine, opened.placement)
    if as_json:
        emit([look.run_summary(one) for one in found])
    else:
        screens.run_list(out, found, shown.run.run_no if shown else None)
    return 0


@app.command()
def show(
    user: Annotated[str, typer.Argument(help="a user's id")],
    why: Annotated[bool, typer.Option("--why", help="every reason, the strongest first")] = False,
    config: Config = FILE,
    as_json: Json = False,
) -> int:
    """Show a user's live list and why each item is in it."""
    from flows import look, screens, why_screen  # noqa: PLC0415

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


@app.command()
def diff(old: Run, new: Run, config: Config = FILE, as_json: Json = False) -> int:
    """Show what would change, or changed, from one run's lists to another's."""
    from flows.compare import compare  # noqa: PLC0415
    from flows.compare_screen import comparison  # noqa: PLC0415

    found = compare(session(config), old, new)
    if as_json:
        emit(found.as_dict())
    else:
        comparison(out, found, waits=new == "challenger")
    return 0


@app.command()
def rollback(
    to: Annotated[str | None, typer.Option(help="a run that was live; default: the one before")] = None,
    freeze: Annotated[str | None, typer.Option(help="let no publish move it for so long: 24h, 2d")] = None,
    reason: Annotated[str, typer.Option(help="why, for the history")] = "rolled back by hand",
    config: Config = FILE,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Move the live pointer back, and hold it there if asked."""
    from storage.publish import rollback as move_back  # noqa: PLC0415

    opened = session(config, by)
    move = move_back(opened.engine, opened.placement, to, span(freeze), by=opened.by, reason=reason)
    if as_json:
        emit(move)
    else:
        held = f", frozen for {freeze}" if freeze else ""
        out.print(f"Live: run {move.to_run_id} again, instead of {move.from_run_id}{held}.", markup=False)
    return 0


@app.command()
def unfreeze(config: Config = FILE, by: By = None, as_json: Json = False) -> int:
    """End a freeze, so that runs may be published again."""
    from storage.publish import unfreeze as thaw  # noqa: PLC0415

    opened = session(config, by)
    move = thaw(opened.engine, opened.placement, opened.by)
    emit(move) if as_json else out.print("Unfrozen." if move else "It was not frozen.", markup=False)
    return 0
