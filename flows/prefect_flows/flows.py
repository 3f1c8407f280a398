"""The loop as Prefect flows: the same plain functions, every step a task that Prefect shows."""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import deployment

from flows.prefect_flows.flow_runs import name_of, show_result, try_again
from flows.prefect_flows.run_states import (
    state_of_monitoring,
    state_of_refusal,
    state_of_training,
    state_of_turn,
    state_of_watch,
)
from flows.prefect_flows.turn_report import training_report, turn_report
from flows.session import Session
from flows.steps.arrivals.watch import WatchOutcome, watch_placement
from flows.steps.publish.publish import Published, publish_run
from flows.steps.retrain.loop import Outcome, retrain_loop, run_loop
from flows.steps.train.train import TrainedRun, train_run
from flows.steps.watch.monitor import Monitored, monitor_run
from flows.steps.watch.pages import draw_page
from fusion.errors import FusionError, Refused

T = TypeVar("T")


def without_traceback(record: logging.LogRecord) -> bool:
    """Reduce the record of a foreseen failure to its sentence; others keep their traceback.

    Args:
        record: a record of Prefect's engine; its traceback is taken off in place.

    Returns:
        True: the record is logged.
    """
    if record.exc_info and isinstance(record.exc_info[1], FusionError):
        record.exc_info = None
    return True


for _engine in (
    "prefect.flow_runs",
    "prefect.task_runs",
    "prefect.flow_engine",
    "prefect.task_engine",
):
    logging.getLogger(_engine).addFilter(without_traceback)


def as_task(name: str, work: Callable[[], T], /) -> T:
    """Run a step as a Prefect task.

    Stages on disk make it idempotent, so Prefect need not cache anything.

    Args:
        name: of the step and of the task.
        work: the step.

    Returns:
        What the step returns.
    """
    named = task(name=name, task_run_name=name, cache_policy=NO_CACHE, persist_result=False)(work)
    return named()


def _session(config: str, by: str | None = None) -> Session:
    options: dict[str, Any] = {"by": by} if by else {}
    # Whoever started the schedule at a terminal does not watch its nights.
    if deployment.id:
        options["attended"] = False
    return Session.open(Path(config), step=as_task, **options)


@flow(name="fusion run", flow_run_name=name_of("run"), persist_result=False)
def run(
    config: str, as_of: datetime | None = None, by: str | None = None, hold: bool = False
) -> Outcome:
    """Train, publish and monitor.

    Args:
        config: path of the configuration file, as text: Prefect stores it as a parameter.
        as_of: use only what was known before this time; None is everything.
        by: a name for the history of slots; None is the OS user.
        hold: leave the run as the challenger, to be approved.

    Returns:
        The outcome of the turn.

    Raises:
        RefusedTurn: nothing was published; it has the outcome.
    """
    session = _session(config, by)
    outcome = try_again(lambda: run_loop(session, as_of, hold=hold))
    return _end_turn("run", session, outcome)


@flow(name="fusion retrain", flow_run_name=name_of("retrain"), persist_result=False)
def retrain(config: str, force: bool = False, by: str | None = None) -> Outcome:
    """Ask the policy; train, publish and monitor when it says so.

    Args:
        config: path of the configuration file, as text: Prefect stores it as a parameter.
        force: train whatever the policy says.
        by: a name for the history of slots; None is the OS user.

    Returns:
        The outcome of the turn.

    Raises:
        RefusedTurn: nothing was published; it has the outcome.
    """
    session = _session(config, by)
    outcome = try_again(lambda: retrain_loop(session, force))
    return _end_turn("retrain", session, outcome)


def _end_turn(verb: str, session: Session, outcome: Outcome) -> Outcome:
    """Show how a turn ended, and return its state, which gives callers the outcome."""
    run_id = outcome.trained.run_id if outcome.trained else None
    show_result(verb, session.placement, run_id, turn_report(outcome))
    return state_of_turn(outcome)


@flow(name="fusion train", flow_run_name=name_of("train"), persist_result=False)
def train(config: str, as_of: datetime | None = None) -> TrainedRun:
    """Train a run without publishing it.

    Args:
        config: path of the configuration file, as text: Prefect stores it as a parameter.
        as_of: use only what was known before this time; None is everything.

    Returns:
        The run, which may be published.

    Raises:
        RefusedTurn: the run was rejected; it has the run.
    """
    session = _session(config)
    trained = train_run(session, as_of)
    show_result("train", session.placement, trained.run_id, training_report(trained))
    return state_of_training(trained)


@flow(name="fusion publish", flow_run_name=name_of("publish"), persist_result=False)
def publish(
    config: str,
    run_id: str,
    by: str | None = None,
    from_folder: bool = False,
    allow_older: bool = False,
) -> Published:
    """Publish a run that was admitted.

    Args:
        config: path of the configuration file, as text: Prefect stores it as a parameter.
        run_id: of the run.
        by: a name for the history of slots; None is the OS user.
        from_folder: load a run that the database lost from its folder.
        allow_older: also where the run knows less of the data than what is live.

    Returns:
        The run and the move that showed it.

    Raises:
        Refused: the run may not be shown.
    """
    # One step and no loop of its own: the flow makes it a task, so that Prefect shows its time.
    session = _session(config, by)
    try:
        return session.step(
            "publish",
            lambda: publish_run(session, run_id, from_folder=from_folder, allow_older=allow_older),
        )
    except Refused as refused:
        return state_of_refusal(refused)


@flow(name="fusion monitor", flow_run_name=name_of("monitor"), persist_result=False)
def monitor(config: str, run_id: str = "live") -> Monitored:
    """Monitor a run against the one that was live before it.

    Args:
        config: path of the configuration file, as text: Prefect stores it as a parameter.
        run_id: of the run, or the name of a slot.

    Returns:
        Drift, stability and alerts.
    """
    session = _session(config)
    monitored = session.step("monitor", lambda: monitor_run(session, run_id))
    session.step("draw", lambda: draw_page(session, monitored.run_id))
    return state_of_monitoring(monitored)


@flow(name="fusion watch", flow_run_name=name_of("watch"), persist_result=False)
def watch(config: str, as_of: datetime | None = None) -> WatchOutcome:
    """Look at what has arrived since the last watch.

    Args:
        config: path of the configuration file, as text: Prefect stores it as a parameter.
        as_of: look at the data as at this moment; None is now.

    Returns:
        Facts and alerts.
    """
    session = _session(config)
    outcome = session.step("watch", lambda: watch_placement(session, as_of))
    return state_of_watch(outcome)
