"""Verbs that look at runs."""

from typing import Annotated

import typer

from flows.cli.app import FILE, Config, Json, Run, app, session
from flows.cli.console import emit, out


@app.command()
def status(config: Config = FILE, as_json: Json = False) -> int:
    """Say what is live and since when, whether it is frozen, and what waits for approval."""
    from flows.cli.screens import overview as screens  # noqa: PLC0415
    from flows.steps import lookup as look  # noqa: PLC0415
    from storage.reading.read import live  # noqa: PLC0415

    opened = session(config)
    shown, waiting = (
        live(opened.engine, opened.placement, slot) for slot in ("live", "challenger")
    )
    if as_json:
        emit({"live": look.slot_summary(shown), "challenger": look.slot_summary(waiting)})
    else:
        screens.live(out, opened.placement, shown)
        screens.challenger(out, waiting)
    return 0


@app.command()
def runs(
    config: Config = FILE,
    limit: Annotated[int, typer.Option(min=1, help="how many")] = 20,
    as_json: Json = False,
) -> int:
    """List runs, newest first."""
    from flows.cli.screens import overview as screens  # noqa: PLC0415
    from flows.steps import lookup as look  # noqa: PLC0415
    from storage.reading.read import live  # noqa: PLC0415
    from storage.runs.runs import runs as newest  # noqa: PLC0415

    opened = session(config)
    found = newest(opened.engine, opened.placement, limit)
    shown = live(opened.engine, opened.placement)
    if as_json:
        emit([look.run_summary(one) for one in found])
    else:
        screens.run_list(out, found, shown.run.run_no if shown else None)
    return 0


@app.command()
def diff(old: Run, new: Run, config: Config = FILE, as_json: Json = False) -> int:
    """Show what would change, or changed, from one run's lists to another's."""
    from flows.cli.screens.comparison import comparison  # noqa: PLC0415
    from flows.steps.watch.compare import compare  # noqa: PLC0415

    found = compare(session(config), old, new)
    if as_json:
        emit(found.as_dict())
    else:
        comparison(out, found, waits=new == "challenger")
    return 0
