"""States of flow runs by how a turn of the loop ended: what is refused must not look green."""

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from prefect.states import Completed, Failed

from dashboards.alerts import Alert
from flows.steps.arrivals.watch import WatchOutcome
from flows.steps.keep.prune import Pruned
from flows.steps.retrain.loop import Outcome
from flows.steps.train.train import TrainedRun
from flows.steps.watch.monitor import Monitored
from fusion.errors import DataError, Refused
from storage.watches.alert_rows import AlertRow

Ended = TypeVar("Ended", Outcome, TrainedRun)
P = ParamSpec("P")
REFUSED = "Refused"
ALERTED = "Alerted"
HELD = "Held"
LEFT = "Left"
NOT_DUE = "Not due"
PUBLISHED = "Published"
SKIPPED = "Skipped"
"""Names of states; Prefect's pages show and filter by them as by its own.

A flow returns a state, and who calls the flow gets the result in it: hence `Any` below.
"""


class RefusedTurn(Refused):
    """A turn that was refused, with all that it did.

    Prefect raises it where a flow is called, since only an exception makes a failed state.

    Args:
        reasons: a sentence for each check that did not hold.
        ended: the result of the turn.
    """

    def __init__(self, reasons: tuple[str, ...], ended: Outcome | TrainedRun) -> None:
        super().__init__("; ".join(reasons), reasons)
        self.ended = ended


def state_of_training(trained: TrainedRun) -> Any:
    """Return the state of a flow run that trained and published nothing.

    Args:
        trained: the run.

    Returns:
        Failed, named `Refused`, for a run that may not be published; else completed.
    """
    if trained.refusals:
        return _refused(trained.refusals, trained)
    return Completed(message=f"Run {trained.run_id} is ready", data=trained)


def state_of_turn(outcome: Outcome) -> Any:
    """Return the state of a flow run that went through the loop.

    Args:
        outcome: of the turn.

    Returns:
        Failed, named `Refused`, where nothing was published for a reason; else completed, by a name
        that says what came of it.
    """
    if outcome.refusals:
        return _refused(outcome.refusals, outcome)
    name, message = _success(outcome)
    return Completed(name=name, message=message, data=outcome)


def state_of_monitoring(monitored: Monitored) -> Any:
    """Return the state of a flow run that monitored a run.

    Args:
        monitored: its results.

    Returns:
        Completed, named `Alerted` where an alert was raised.
    """
    if not monitored.alerts:
        return Completed(data=monitored)
    return Completed(name=ALERTED, message=_sentences(monitored.alerts), data=monitored)


def state_of_watch(outcome: WatchOutcome) -> Any:
    """Return the state of a flow run that watched the data.

    Args:
        outcome: of the watch.

    Returns:
        Completed, named `Alerted` while an alarm is open.
    """
    if not outcome.exit_code:
        return Completed(data=outcome)
    is_open = [alert for alert in outcome.alerts if alert.state == "open"]
    return Completed(name=ALERTED, message=_sentences(is_open), data=outcome)


def state_of_pruning(pruned: Pruned) -> Any:
    """Return the state of a flow run that pruned.

    Args:
        pruned: what was removed, and what could not go.

    Returns:
        Failed where a damaged file keeps something, named `Left` where something could not go yet.
    """
    if pruned.damaged:
        return Failed(message=" ".join(pruned.damaged), data=DataError(" ".join(pruned.damaged)))
    if pruned.left:
        return Completed(name=LEFT, message=" ".join(pruned.left), data=pruned)
    return Completed(data=pruned)


def state_of_skipping(reason: str) -> Any:
    """Return the state of a flow run with nothing left to do.

    Args:
        reason: a sentence that names who did it.

    Returns:
        Completed, named `Skipped`.
    """
    return Completed(name=SKIPPED, message=reason)


def state_of_refusal(refused: Refused) -> Any:
    """Return the state of a flow run that was refused.

    Args:
        refused: raised again where the flow is called.

    Returns:
        Failed, named `Refused`.
    """
    return Failed(name=REFUSED, message=str(refused), data=refused)


def _refused(reasons: tuple[str, ...], ended: Outcome | TrainedRun) -> Any:
    return state_of_refusal(RefusedTurn(reasons, ended))


def _success(outcome: Outcome) -> tuple[str, str]:
    """Name of the state of a turn that was not refused, and a sentence about it."""
    if outcome.published is None:
        if outcome.due is None:
            return NOT_DUE, ""
        return ALERTED if outcome.due.exit_code else NOT_DUE, outcome.due.reason
    run_id = outcome.published.run_id
    # An alert is what a person must see first, whether the run is shown or held.
    if outcome.monitor_error:
        return ALERTED, f"run {run_id} is not monitored: {outcome.monitor_error}"
    alerts = outcome.monitored.alerts if outcome.monitored else ()
    if alerts:
        return ALERTED, _sentences(alerts)
    if outcome.published.is_challenger:
        return HELD, f"run {run_id} waits for approval"
    return PUBLISHED, f"run {run_id} is live"


def _sentences(alerts: Sequence[Alert | AlertRow]) -> str:
    return " ".join(alert.message for alert in alerts)


def ended_turn(flow: Callable[P, Ended], *args: P.args, **kwargs: P.kwargs) -> Ended:
    """Run a flow of the loop and return how it ended, refused or not.

    Args:
        flow: `run`, `retrain` or `train`.
        *args: of the flow.
        **kwargs: of the flow.

    Returns:
        The result of the turn.
    """
    try:
        return flow(*args, **kwargs)
    except RefusedTurn as refused:
        return refused.ended  # type: ignore[return-value]  # what this very flow returned
