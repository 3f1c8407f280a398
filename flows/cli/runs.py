"""Verbs that look at runs: which is live, which there are, how they differ; metrics and pages.

Verbs import what they need when they run, so that light ones answer at once.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import FILE, UI_PORT, Config, Json, Run, open_session, prefect_flows, verb
from flows.cli.console import ALERTS_OF_RUNS, ProgressBars, emit, err, leave_to_the_screen, out
from flows.cli.options.times import parse_span
from fusion.errors import Refused


@verb
def status(config: Config = FILE, as_json: Json = False) -> int:
    """Say what is live and since when, whether it is frozen, what waits, and which alerts stand.

    Returns:
        0.
    """
    from flows.cli.screens.alarms.alerts import print_count  # noqa: PLC0415
    from flows.cli.screens.alarms.realised import print_realised  # noqa: PLC0415
    from flows.cli.screens.slots import print_challenger, print_live  # noqa: PLC0415
    from flows.steps.realised.outcomes import realised_of_live  # noqa: PLC0415
    from flows.steps.run_summaries import (  # noqa: PLC0415
        alert_summary,
        alerts_shown,
        slot_summary,
        slots_shown,
    )

    session = open_session(config, read_only=True)
    live_run, challenger = slots_shown(session)
    alerts = alerts_shown(session)
    became = realised_of_live(session, live_run)
    if as_json:
        shown = {"live": slot_summary(live_run), "challenger": slot_summary(challenger)}
        listed = [alert_summary(one) for one in alerts]
        emit({**shown, "alerts": listed, "realised": became})
    else:
        print_live(out, session.placement, live_run)
        print_realised(out, became)
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
def monitor(
    run: Run = "live",
    config: Config = FILE,
    draw: Annotated[
        bool, typer.Option("--draw", help="draw Evidently's page of the run at once, for seconds")
    ] = False,
    as_json: Json = False,
) -> int:
    """Report drift and stability of a run against the one that was live before it.

    Returns:
        0, or 4 with an alert.
    """
    from flows.cli.screens.json_summary import monitoring_summary  # noqa: PLC0415
    from flows.cli.screens.monitoring import print_monitoring  # noqa: PLC0415
    from flows.steps.retrain.answer import ALERTED  # noqa: PLC0415
    from flows.steps.watch.monitor import monitor_run  # noqa: PLC0415
    from flows.steps.watch.pages import draw_page  # noqa: PLC0415

    flows = prefect_flows(config)
    if flows:
        monitored = flows.monitor(str(config), run, draw)
    else:
        with ProgressBars() as bars:
            session = open_session(config, bars=bars)
            leave_to_the_screen(ALERTS_OF_RUNS)
            monitored = session.timer("monitor", lambda: monitor_run(session, run))
            if draw:
                session.timer("page", lambda: draw_page(session, monitored.run_id))
    if as_json:
        emit(monitoring_summary(monitored))
    else:
        print_monitoring(out, monitored)
    return ALERTED if monitored.alerts else 0


@verb
def metrics(
    config: Config = FILE,
    to: Annotated[
        Path | None, typer.Option("--out", help="write them to this file; default: to stdout")
    ] = None,
) -> int:
    """Write the state of the placement as metrics of Prometheus.

    Returns:
        0.
    """
    from flows.steps.metrics.state import metrics_text  # noqa: PLC0415
    from flows.steps.metrics.textfile import write_metrics  # noqa: PLC0415

    session = open_session(config, read_only=True)
    if to is None:
        sys.stdout.write(metrics_text(session))
    else:
        write_metrics(session, to)
    return 0


@verb
def report(
    to: Annotated[Path, typer.Option("--out", help="the file: HTML that needs no network")],
    run: Run = "live",
    config: Config = FILE,
) -> int:
    """Write the page of a run to one file, for mail and archives.

    Returns:
        0.
    """
    from flows.cli.advice import as_typed  # noqa: PLC0415
    from flows.cli.options.language import SPOKEN, say  # noqa: PLC0415
    from flows.steps.site.report_file import write_report_file  # noqa: PLC0415

    run_id = write_report_file(
        open_session(config, read_only=True), run, to, as_typed, SPOKEN.get()
    )
    out.print(say("Run %(run)s is in %(file)s.", run=run_id, file=to), markup=False)
    return 0


@verb
def ui(
    config: Config = FILE,
    port: Annotated[int, typer.Option(min=1, max=65535, help="port on this machine")] = UI_PORT,
    host: Annotated[
        str | None, typer.Option(help="address to listen on; default: that of [ui]")
    ] = None,
) -> int:
    """Show the dashboards over runs in a browser.

    Returns:
        0, when it is ended by Ctrl+C.
    """
    from dashboards.web.server import serve  # noqa: PLC0415
    from flows.cli.advice import as_typed  # noqa: PLC0415
    from flows.cli.options.times import parse_moment  # noqa: PLC0415
    from flows.steps.site.site import guarded_dashboards, require_answerable  # noqa: PLC0415
    from flows.steps.site.writes import Times, writes_of  # noqa: PLC0415
    from flows.steps.watch.pages import drawing  # noqa: PLC0415

    session = open_session(config, read_only=True)
    settings = session.config.ui
    address = settings.host if host is None else host
    require_answerable(settings, address)
    times = Times(parse_moment, parse_span)
    writes = writes_of(session, config, times) if settings.write else None
    shown = guarded_dashboards(session, address, as_typed, writes)
    place = f"[{address}]" if ":" in address else address
    sentence = f"Dashboards at http://{place}:{port} (Ctrl+C ends it)"
    with drawing(session):
        serve(shown, port, address, lambda: err.print(sentence, markup=False))
    return 0
