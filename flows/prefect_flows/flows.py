"""The loop as Prefect flows: the same plain functions, every step a task that Prefect shows."""

from datetime import datetime

from prefect import flow

from flows.prefect_flows.flow_runs import name_of, show_result, try_again
from flows.prefect_flows.results.placement_events import send_events
from flows.prefect_flows.results.tables import turn_tables, watch_rows
from flows.prefect_flows.results.turn_report import training_report, turn_report
from flows.prefect_flows.results.watch_report import watch_report
from flows.prefect_flows.run_states import (
    state_of_monitoring,
    state_of_pruning,
    state_of_refusal,
    state_of_skipping,
    state_of_training,
    state_of_turn,
    state_of_watch,
)
from flows.prefect_flows.superseded import reason_to_skip
from flows.prefect_flows.tasks import session_of
from flows.session import Session
from flows.steps.arrivals.watch import WatchOutcome, watch_placement
from flows.steps.keep.prune import Pruned
from flows.steps.keep.prune import prune as prune_runs
from flows.steps.notify.telling import told
from flows.steps.publish.publish import Published, publish_run
from flows.steps.retrain.loop import Outcome, retrain_loop, run_loop
from flows.steps.train.train import TrainedRun, train_run
from flows.steps.watch.monitor import Monitored, monitor_run
from flows.steps.watch.pages import draw_page
from fusion.errors import Refused


@flow(name="fusion run", flow_run_name=name_of("run"), persist_result=False)
@told
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
    session = session_of(config, by)
    outcome = try_again(lambda: run_loop(session, as_of, hold=hold))
    return _end_turn("run", session, outcome)


@flow(name="fusion retrain", flow_run_name=name_of("retrain"), persist_result=False)
@told
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
    superseded = reason_to_skip(is_backstop=True)
    if superseded:
        return state_of_skipping(superseded)
    session = session_of(config, by)
    outcome = try_again(lambda: retrain_loop(session, force))
    return _end_turn("retrain", session, outcome)


def _end_turn(verb: str, session: Session, outcome: Outcome) -> Outcome:
    """Show how a turn ended, and return its state, which gives callers the outcome."""
    run_id = outcome.trained.run_id if outcome.trained else None
    show_result(verb, session.placement, run_id, turn_report(outcome), turn_tables(outcome))
    return state_of_turn(outcome)


@flow(name="fusion train", flow_run_name=name_of("train"), persist_result=False)
@told
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
    session = session_of(config)
    trained = train_run(session, as_of)
    show_result("train", session.placement, trained.run_id, training_report(trained))
    return state_of_training(trained)


@flow(name="fusion publish", flow_run_name=name_of("publish"), persist_result=False)
@told
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
    session = session_of(config, by)
    try:
        return session.step(
            "publish",
            lambda: publish_run(session, run_id, from_folder=from_folder, allow_older=allow_older),
        )
    except Refused as refused:
        return state_of_refusal(refused)


@flow(name="fusion monitor", flow_run_name=name_of("monitor"), persist_result=False)
@told
def monitor(config: str, run_id: str = "live", draw: bool = False) -> Monitored:
    """Monitor a run against the one that was live before it.

    Args:
        config: path of the configuration file, as text: Prefect stores it as a parameter.
        run_id: of the run, or the name of a slot.
        draw: also draw Evidently's page of the run, which the dashboards do else when opened.

    Returns:
        Drift, stability and alerts.
    """
    session = session_of(config)
    monitored = session.step("monitor", lambda: monitor_run(session, run_id))
    if draw:
        session.step("draw", lambda: draw_page(session, monitored.run_id))
    return state_of_monitoring(monitored)


@flow(name="fusion watch", flow_run_name=name_of("watch"), persist_result=False)
@told
def watch(config: str, as_of: datetime | None = None) -> WatchOutcome:
    """Look at what has arrived since the last watch.

    Args:
        config: path of the configuration file, as text: Prefect stores it as a parameter.
        as_of: look at the data as at this moment; None is now.

    Returns:
        Facts and alerts.
    """
    superseded = reason_to_skip()
    if superseded:
        return state_of_skipping(superseded)
    session = session_of(config)
    outcome = try_again(lambda: session.step("watch", lambda: watch_placement(session, as_of)))
    tables = {"watch figures": watch_rows(outcome)}
    show_result("watch", session.placement, None, watch_report(outcome), tables)
    send_events(session.placement, outcome)
    return state_of_watch(outcome)


@flow(name="fusion prune", flow_run_name=name_of("prune"), persist_result=False)
def prune(config: str) -> Pruned:
    """Remove what `[retention]` does not keep.

    Args:
        config: path of the configuration file, as text: Prefect stores it as a parameter.

    Returns:
        What went, and why the rest stays.
    """
    session = session_of(config)
    return state_of_pruning(try_again(lambda: session.step("prune", lambda: prune_runs(session))))
