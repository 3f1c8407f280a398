"""Verbs that train: a run, the whole loop, the loop when the policy or the schedule says so.

Verbs import what they need when they run, so that light ones answer at once.
"""

from typing import Annotated, Any

import typer

from flows.cli.app import (
    FILE,
    AsOf,
    By,
    Config,
    Json,
    open_session,
    parse_moment,
    prefect_flows,
    verb,
)
from flows.cli.console import ProgressBars, emit, out

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
            outcome = run_loop(session, parse_moment(as_of), hold=hold)
    return _show(outcome, as_json, profile)


@verb
def retrain(
    config: Config = FILE,
    force: Annotated[bool, typer.Option("--force", help="train whatever the policy says")] = False,
    profile: Profiled = False,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Ask the policy whether a training is due; if so, do what `run` does.

    Returns:
        As `run`; 0 when nothing is due.
    """
    from flows.steps.retrain.loop import retrain_loop  # noqa: PLC0415

    flows = prefect_flows(config)
    if flows:
        from flows.prefect_flows.run_states import ended_turn  # noqa: PLC0415

        outcome = ended_turn(flows.retrain, str(config), force, by)
    else:
        with ProgressBars() as bars:
            outcome = retrain_loop(open_session(config, by, bars), force)
    return _show(outcome, as_json, profile)


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
def schedule(config: Config = FILE) -> int:
    """Serve the deployments: the policy is asked by cron, and trains when it says so.

    Returns:
        0, when it is ended by a signal.
    """
    from flows.prefect_flows.deployments import serve_schedule  # noqa: PLC0415

    serve_schedule(config)
    return 0
