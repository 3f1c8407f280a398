"""Verbs that train: a run, the whole loop, the loop when the policy or the schedule says so.

Verbs import what they need when they run, so that light ones answer at once.
"""

from typing import Annotated, Any

import typer

from flows.cli.app import FILE, AsOf, By, Config, Json, open_session, prefect_flows, verb
from flows.cli.console import ALERTS_OF_RUNS, ProgressBars, emit, leave_to_the_screen, out
from flows.cli.options.times import parse_moment
from fusion.errors import ConfigError

Profiled = Annotated[
    bool, typer.Option("--profile", help="show the ten dearest steps: seconds, memory")
]


@verb
def run(
    config: Config = FILE,
    as_of: AsOf = None,
    hold: Annotated[
        bool, typer.Option("--hold", help="leave the run as the challenger, to be approved")
    ] = False,
    profile: Profiled = False,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Train, choose, admit, publish and monitor.

    Returns:
        0 published or held, 1 refused, 4 published or held with an alert, or unmonitored.
    """
    from flows.steps.retrain.loop import run_loop  # noqa: PLC0415

    flows = prefect_flows(config)
    if flows:
        from flows.prefect_flows.run_states import ended_turn  # noqa: PLC0415

        # Prefect shows the steps; bars would only mix with its logs.
        outcome = ended_turn(flows.run, str(config), parse_moment(as_of), by, hold)
    else:
        with ProgressBars() as bars:
            session = open_session(config, by, bars)
            leave_to_the_screen(ALERTS_OF_RUNS)
            outcome = run_loop(session, parse_moment(as_of), hold=hold)
    return _show(outcome, as_json, profile)


@verb
def retrain(
    config: Config = FILE,
    force: Annotated[bool, typer.Option("--force", help="train whatever the policy says")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="show the answer and all facts; train nothing")
    ] = False,
    profile: Profiled = False,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Ask the policy whether a training is due; if so, do what `run` does.

    Returns:
        As `run`; 0 when nothing is due, 4 when the data is broken and nothing was trained.
    """
    if explain:
        return _explain(config, force, as_json)
    from flows.steps.retrain.loop import retrain_loop  # noqa: PLC0415

    flows = prefect_flows(config)
    if flows:
        from flows.prefect_flows.run_states import ended_turn  # noqa: PLC0415

        outcome = ended_turn(flows.retrain, str(config), force, by)
    else:
        with ProgressBars() as bars:
            session = open_session(config, by, bars)
            leave_to_the_screen(ALERTS_OF_RUNS)
            outcome = retrain_loop(session, force)
    return _show(outcome, as_json, profile)


def _explain(config: Config, force: bool, as_json: bool) -> int:
    """Show what the policy would answer, and act not."""
    from flows.cli.screens.alarms.policy import print_policy  # noqa: PLC0415
    from flows.steps.retrain.retrain import explain_due  # noqa: PLC0415

    if force:
        raise ConfigError("--explain trains nothing, and --force always trains: give one of them")
    due = explain_due(open_session(config, read_only=True))
    if as_json:
        emit(due)
    else:
        print_policy(out, due)
    return due.exit_code


@verb
def train(config: Config = FILE, as_of: AsOf = None, as_json: Json = False) -> int:
    """Train a run and store it, without publishing it.

    Returns:
        0 when the run may be published, 1 when its checks refuse it.
    """
    from flows.steps.retrain.loop import Outcome  # noqa: PLC0415
    from flows.steps.train.train import train_run  # noqa: PLC0415

    flows = prefect_flows(config)
    if flows:
        from flows.prefect_flows.run_states import ended_turn  # noqa: PLC0415

        trained = ended_turn(flows.train, str(config), parse_moment(as_of))
    else:
        with ProgressBars() as bars:
            trained = train_run(open_session(config, bars=bars), parse_moment(as_of))
    # A turn that ends after its first step, so that one screen serves all three verbs.
    code = _show(Outcome(trained=trained, refusals=trained.refusals), as_json)
    if code == 0 and not as_json:
        run_id = trained.run_id
        sentence = f"Run {run_id} is ready. Next: `fusion publish {run_id}`"
        out.print(sentence, markup=False)
    return code


def _show(outcome: Any, as_json: bool, profile: bool = False) -> int:
    """Show the outcome of a turn of the loop and return its exit code."""
    from flows.cli.screens.json_summary import outcome_summary  # noqa: PLC0415
    from flows.cli.screens.outcome import print_outcome  # noqa: PLC0415
    from flows.cli.screens.profile import print_profile  # noqa: PLC0415

    if as_json:
        emit(outcome_summary(outcome))
    else:
        print_outcome(out, outcome)
        if profile and outcome.profile:
            print_profile(out, outcome.profile)
    return int(outcome.exit_code)


@verb
def schedule(
    config: Config = FILE,
    metrics_port: Annotated[
        int | None,
        typer.Option("--metrics-port", min=1, max=65535, help="serve metrics of Prometheus here"),
    ] = None,
    metrics_host: Annotated[
        str, typer.Option("--metrics-host", help="address on which they are served")
    ] = "127.0.0.1",
) -> int:
    """Serve the deployments: watches by cron, after each of which the policy is asked.

    Returns:
        0, when it is ended by a signal.
    """
    # Where a server is configured, it alone keeps what is served.
    prefect_flows(config, needed=True)
    from flows.prefect_flows.deployments import serve_schedule  # noqa: PLC0415
    from flows.steps.metrics.endpoint import serving_metrics  # noqa: PLC0415

    with serving_metrics(config, metrics_port, metrics_host):
        serve_schedule(config)
    return 0


@verb
def deploy(
    config: Config = FILE,
    pool: Annotated[
        str, typer.Option("--pool", help="the work pool; made where it is not there")
    ] = "fusion",
    pool_type: Annotated[
        str | None, typer.Option("--type", help="of the pool that is made; default: process")
    ] = None,
    as_json: Json = False,
) -> int:
    """Register the deployments in a work pool of a Prefect server, for its workers to run.

    Returns:
        0.
    """
    from flows.cli.screens.deployed import print_deployed  # noqa: PLC0415
    from flows.prefect_flows.api import api_url  # noqa: PLC0415

    if not api_url():
        raise ConfigError(
            "deployments are kept by a Prefect server: name it in PREFECT_API_URL, as "
            "http://127.0.0.1:4200/api for one of `prefect server start`; without one, "
            "`fusion schedule` serves the same by itself"
        )
    prefect_flows(config, needed=True)
    from flows.prefect_flows.work_pool import deploy as register  # noqa: PLC0415

    deployed = register(config, pool, pool_type)
    if as_json:
        emit(deployed)
    else:
        print_deployed(out, deployed)
    return 0
