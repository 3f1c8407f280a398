"""Verbs that do the work: from files to published lists, by hand or on a schedule.

Verbs import what they need when they run, so that light ones answer at once.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from flows.app import FILE, AsOf, By, Config, Json, Run, app, moment, session
from flows.console import Watch, emit, err, out
from fusion.errors import ConfigError


def orchestrated() -> Any:
    """The verbs as Prefect flows when a Prefect API is configured, else None."""
    from flows.prefect_api import configured  # noqa: PLC0415

    if not configured():
        return None
    from flows import orchestrated as flows  # noqa: PLC0415

    return flows


@app.command()
def demo(folder: Annotated[Path, typer.Option(help="where it is made")] = Path("demo"), as_json: Json = False) -> int:
    """Run the whole loop on real MovieLens ratings: three runs as of three dates."""
    from flows.demo import run_demo  # noqa: PLC0415

    return run_demo(folder, as_json)


@app.command()
def init(
    interactions: Annotated[str, typer.Argument(help="CSV or Parquet file, folder or glob")],
    items: Annotated[str | None, typer.Option(help="file that describes items")] = None,
    users: Annotated[str | None, typer.Option(help="file that describes users")] = None,
    config: Config = FILE,
    force: Annotated[bool, typer.Option("--force", help="overwrite the configuration")] = False,
    as_json: Json = False,
) -> int:
    """Write a commented configuration for your files; columns are guessed, and said."""
    from flows.init import write  # noqa: PLC0415

    sentences = write(config, interactions, items, users, force)
    if as_json:
        emit({"config": config, "guessed": sentences})
        return 0
    for sentence in sentences:
        out.print(f"  {sentence}", markup=False)
    out.print(f"Wrote {config}. Next: fusion check, then fusion run.", markup=False)
    return 0


@app.command()
def check(
    config: Config = FILE,
    strict: Annotated[bool, typer.Option("--strict", help="treat warnings as errors")] = False,
    as_json: Json = False,
) -> int:
    """Name every problem of the configuration and the data, with counts, examples and cures."""
    from flows import screens  # noqa: PLC0415
    from flows.checking import check_all  # noqa: PLC0415

    found = check_all(session(config))
    bad = any(one.severity == "error" or strict for one in found)
    emit({"findings": found, "ok": not bad}) if as_json else screens.findings(out, found)
    return ConfigError.exit_code if bad else 0


@app.command()
def run(
    config: Config = FILE,
    as_of: AsOf = None,
    hold: Annotated[bool, typer.Option("--hold", help="leave the run as the challenger, to be approved")] = False,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Train, choose, admit, publish and monitor."""
    from flows.loop import run_loop  # noqa: PLC0415

    flows = orchestrated()
    if flows:
        return _tell(flows.run(str(config), moment(as_of), by, hold), as_json)
    with Watch() as watch:
        done = run_loop(session(config, by, watch), moment(as_of), hold=hold)
    return _tell(done, as_json)


@app.command()
def retrain(
    config: Config = FILE,
    force: Annotated[bool, typer.Option("--force", help="train whatever the policy says")] = False,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Ask the policy whether a training is due; if so, do what `run` does."""
    from flows.loop import retrain_loop  # noqa: PLC0415

    flows = orchestrated()
    if flows:
        return _tell(flows.retrain(str(config), force, by), as_json)
    with Watch() as watch:
        done = retrain_loop(session(config, by, watch), force)
    return _tell(done, as_json)


def _tell(done: Any, as_json: bool) -> int:
    """Show what a turn of the loop did and give its exit code."""
    from flows import screens  # noqa: PLC0415

    if as_json:
        emit(screens.summary(done))
    else:
        screens.outcome(out, done)
    return int(done.exit_code)


@app.command()
def train(config: Config = FILE, as_of: AsOf = None, as_json: Json = False) -> int:
    """Train a run and store it, without publishing it."""
    from flows.loop import Outcome  # noqa: PLC0415
    from flows.train import train_run  # noqa: PLC0415

    flows = orchestrated()
    if flows:
        trained = flows.train(str(config), moment(as_of))
    else:
        with Watch() as watch:
            trained = train_run(session(config, watch=watch), moment(as_of))
    code = _tell(Outcome(trained=trained, refusals=trained.refusals), as_json)
    if not code and not as_json:
        out.print(f"Run {trained.run_id} is ready. Next: fusion publish {trained.run_id}", markup=False)
    return code


@app.command()
def publish(run: Run, config: Config = FILE, by: By = None, as_json: Json = False) -> int:
    """Let the live lists be those of a run that was admitted."""
    from flows import screens  # noqa: PLC0415
    from flows.publish import publish_run  # noqa: PLC0415

    flows = orchestrated()
    done = flows.publish(str(config), run, by) if flows else publish_run(session(config, by), run)
    emit(done) if as_json else out.print(screens.moved(done), markup=False)
    return 0


@app.command()
def monitor(run: Run = "live", config: Config = FILE, as_json: Json = False) -> int:
    """Report drift and stability of a run against the one that was live before it."""
    from flows import screens  # noqa: PLC0415
    from flows.loop import ALERTED  # noqa: PLC0415
    from flows.monitor import monitor_run  # noqa: PLC0415

    flows = orchestrated()
    seen = flows.monitor(str(config), run) if flows else monitor_run(session(config), run)
    emit(screens.watched(seen)) if as_json else screens.monitored(out, seen)
    return ALERTED if seen.alerts else 0


@app.command()
def schedule(config: Config = FILE) -> int:
    """Serve the deployments: the policy is asked by cron, and trains when it says so."""
    from flows.schedules import serve_schedule  # noqa: PLC0415

    serve_schedule(config)
    return 0


@app.command()
def ui(
    config: Config = FILE, port: Annotated[int, typer.Option(min=1, max=65535, help="port on this machine")] = 8000
) -> int:
    """Show the dashboards over runs in a browser."""
    from dashboards.workspace import serve  # noqa: PLC0415

    opened = session(config)
    err.print(f"Dashboards at http://127.0.0.1:{port} (Ctrl+C ends it)", markup=False)
    serve(opened.workspace, port)
    return 0
