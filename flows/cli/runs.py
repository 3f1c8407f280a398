"""Verbs that look at runs: which is live, which there are, how they differ and drift, in pages.

Verbs import what they need when they run, so that light ones answer at once.
"""

from typing import Annotated

import typer

from flows.cli.app import (
    FILE,
    Config,
    Json,
    Run,
    open_session,
    parse_span,
    prefect_flows,
    verb,
)
from flows.cli.console import emit, err, out
from fusion.errors import Refused


@verb
def status(config: Config = FILE, as_json: Json = False) -> int:
    """Say what is live and since when, whether it is frozen, what waits, and which alerts stand.

    Returns:
        0.
    """
    from flows.cli.screens.alarms.alerts import print_count  # noqa: PLC0415
    from flows.cli.screens.slots import print_challenger, print_live  # noqa: PLC0415
    from flows.steps.run_summaries import (  # noqa: PLC0415
        alert_summary,
        alerts_shown,
        slot_summary,
        slots_shown,
    )

    session = open_session(config, read_only=True)
    live_run, challenger = slots_shown(session)
    alerts = alerts_shown(session)
    if as_json:
        shown = {"live": slot_summary(live_run), "challenger": slot_summary(challenger)}
        emit({**shown, "alerts": [alert_summary(one) for one in alerts]})
    else:
        print_live(out, session.placement, live_run)
        print_challenger(out, challenger)
        print_count(out, alerts)
    return 0


@verb
def health(
    max_age: Annotated[
        str | None,
        typer.Option("--max-age", help="how long ago the live run may be trained: 90m, 36h, 2d"),
    ] = None,
    config: Config = FILE,
    as_json: Json = False,
) -> int:
    """Say whether lists are served, and are not too old, for probes.

    Returns:
        0, or 1 when nothing is live or the live run is too old.
    """
    from flows.steps.watch.health import read_health  # noqa: PLC0415

    limit = parse_span(max_age, "--max-age")
    state = read_health(open_session(config, read_only=True), limit)
    if as_json:
        emit(state)
    else:
        out.print(state.message, markup=False)
    return 0 if state.healthy else Refused.exit_code


@verb
def runs(
    config: Config = FILE,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="how many")] = 20,
    as_json: Json = False,
) -> int:
    """List runs, newest first.

    Returns:
        0.
    """
    from flows.cli.screens.runs import print_runs  # noqa: PLC0415
    from flows.steps.run_summaries import newest_runs, run_summary, slots_shown  # noqa: PLC0415

    session = open_session(config, read_only=True)
    newest = newest_runs(session, limit)
    live_run, _ = slots_shown(session)
    if as_json:
        emit([run_summary(run) for run in newest])
    else:
        print_runs(out, newest, live_run.run.run_no if live_run else None)
    return 0


@verb
def diff(old: Run, new: Run, config: Config = FILE, as_json: Json = False) -> int:
    """Show what would change, or changed, from one run's lists to another's.

    Returns:
        0.
    """
    from flows.cli.screens.comparison import print_comparison  # noqa: PLC0415
    from flows.steps.watch.compare import compare  # noqa: PLC0415

    comparison = compare(open_session(config, read_only=True), old, new)
    if as_json:
        emit(comparison.as_dict())
    else:
        print_comparison(out, comparison, awaits_approval=new == "challenger")
    return 0


@verb
def monitor(run: Run = "live", config: Config = FILE, as_json: Json = False) -> int:
    """Report drift and stability of a run against the one that was live before it.

    Returns:
        0, or 4 with an alert.
    """
    from flows.cli.screens.json_summary import monitoring_summary  # noqa: PLC0415
    from flows.cli.screens.monitoring import print_monitoring  # noqa: PLC0415
    from flows.steps.retrain.loop import ALERTED  # noqa: PLC0415
    from flows.steps.watch.monitor import monitor_run  # noqa: PLC0415
    from flows.steps.watch.pages import draw_page  # noqa: PLC0415

    flows = prefect_flows(config)
    if flows:
        monitored = flows.monitor(str(config), run)
    else:
        session = open_session(config)
        monitored = monitor_run(session, run)
        draw_page(session, monitored.run_id)
    if as_json:
        emit(monitoring_summary(monitored))
    else:
        print_monitoring(out, monitored)
    return ALERTED if monitored.alerts else 0


@verb
def ui(
    config: Config = FILE,
    port: Annotated[int, typer.Option(min=1, max=65535, help="port on this machine")] = 8000,
) -> int:
    """Show the dashboards over runs in a browser.

    Returns:
        0, when it is ended by Ctrl+C.
    """
    from dashboards.evidently.workspace import serve  # noqa: PLC0415
    from flows.steps.watch.pages import draw_newest, drawing  # noqa: PLC0415

    session = open_session(config)
    err.print(f"Dashboards at http://127.0.0.1:{port} (Ctrl+C ends it)", markup=False)
    with drawing(session):
        serve(session.workspace, port, draw=lambda: draw_newest(session))
    return 0
