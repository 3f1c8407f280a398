"""Verbs that do the work: from files to published lists, by hand or on a schedule.

Verbs import what they need when they run, so that light ones answer at once.
"""

from typing import Annotated, Any

import typer

from flows.cli.app import FILE, AsOf, By, Config, Json, Run, app, moment, session
from flows.cli.console import Watch, emit, out


def orchestrated() -> Any:
    """The verbs as Prefect flows when a Prefect API is configured, else None."""
    from flows.prefect_flows.api import configured  # noqa: PLC0415

    if not configured():
        return None
    from flows.prefect_flows import flows  # noqa: PLC0415

    return flows


@app.command()
def run(
    config: Config = FILE,
    as_of: AsOf = None,
    hold: Annotated[
        bool, typer.Option("--hold", help="leave the run as the challenger, to be approved")
    ] = False,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Train, choose, admit, publish and monitor."""
    from flows.steps.retrain.loop import run_loop  # noqa: PLC0415

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
    from flows.steps.retrain.loop import retrain_loop  # noqa: PLC0415

    flows = orchestrated()
    if flows:
        return _tell(flows.retrain(str(config), force, by), as_json)
    with Watch() as watch:
        done = retrain_loop(session(config, by, watch), force)
    return _tell(done, as_json)


def _tell(done: Any, as_json: bool) -> int:
    """Show what a turn of the loop did and give its exit code."""
    from flows.cli.screens import overview as screens  # noqa: PLC0415

    if as_json:
        emit(screens.summary(done))
    else:
        screens.outcome(out, done)
    return int(done.exit_code)


@app.command()
def train(config: Config = FILE, as_of: AsOf = None, as_json: Json = False) -> int:
    """Train a run and store it, without publishing it."""
    from flows.steps.retrain.loop import Outcome  # noqa: PLC0415
    from flows.steps.train.train import train_run  # noqa: PLC0415

    flows = orchestrated()
    if flows:
        trained = flows.train(str(config), moment(as_of))
    else:
        with Watch() as watch:
            trained = train_run(session(config, watch=watch), moment(as_of))
    code = _tell(Outcome(trained=trained, refusals=trained.refusals), as_json)
    if not code and not as_json:
        out.print(
            f"Run {trained.run_id} is ready. Next: fusion publish {trained.run_id}", markup=False
        )
    return code


@app.command()
def publish(run: Run, config: Config = FILE, by: By = None, as_json: Json = False) -> int:
    """Let the live lists be those of a run that was admitted."""
    from flows.cli.screens import overview as screens  # noqa: PLC0415
    from flows.steps.publish.publish import publish_run  # noqa: PLC0415

    flows = orchestrated()
    done = flows.publish(str(config), run, by) if flows else publish_run(session(config, by), run)
    emit(done) if as_json else out.print(screens.moved(done), markup=False)
    return 0


@app.command()
def monitor(run: Run = "live", config: Config = FILE, as_json: Json = False) -> int:
    """Report drift and stability of a run against the one that was live before it."""
    from flows.cli.screens import overview as screens  # noqa: PLC0415
    from flows.steps.retrain.loop import ALERTED  # noqa: PLC0415
    from flows.steps.watch.monitor import monitor_run  # noqa: PLC0415

    flows = orchestrated()
    seen = flows.monitor(str(config), run) if flows else monitor_run(session(config), run)
    emit(screens.watched(seen)) if as_json else screens.monitored(out, seen)
    return ALERTED if seen.alerts else 0
