"""The loop in plain functions: train, publish, monitor; and retrain, which asks the policy first."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from flows.failures import describe_failure
from flows.session import Session
from flows.steps.keep.prune import Pruned, prune
from flows.steps.publish.publish import Published, publish_run
from flows.steps.retrain.retrain import Due, decide
from flows.steps.train.train import TrainedRun, train_run
from flows.steps.watch.monitor import Monitored, monitor_run
from fusion.errors import FusionError, Refused

PUBLISHED, REFUSED, ALERTED = 0, 1, 4
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What a turn of the loop did; what it did not reach is None. `exit_code` is the command line's.

    `published` is held when the run waits in the challenger's slot. `monitor_error` says why
    monitoring failed, while the run is shown all the same.
    """

    due: Due | None = None
    trained: TrainedRun | None = None
    published: Published | None = None
    monitored: Monitored | None = None
    monitor_error: str | None = None
    refusals: tuple[str, ...] = ()
    pruned: Pruned | None = None

    @property
    def exit_code(self) -> int:
        """0 published, held or nothing due, 1 refused, 4 published or held, with an alert or unmonitored."""
        if self.refusals:
            return REFUSED
        alerted = self.monitor_error or (self.monitored and self.monitored.alerts)
        return ALERTED if alerted else PUBLISHED


def run_loop(
    session: Session, as_of: datetime | None = None, due: Due | None = None, *, hold: bool = False
) -> Outcome:
    """Train a run and, if it is admitted, publish and monitor it; then prune what [retention] does not keep.

    A refused run leaves what is live untouched. With `hold` the run is left in the challenger's
    slot, for a person to approve or reject.
    """
    return replace(_turn(session, as_of, due, hold), pruned=_tidy(session))


def _turn(session: Session, as_of: datetime | None, due: Due | None, hold: bool) -> Outcome:
    """Everything but pruning."""
    trained = train_run(session, as_of)
    if trained.refusals:
        return Outcome(due, trained, refusals=trained.refusals)
    try:
        published = session.step("publish", lambda: publish_run(session, trained.run_id, hold=hold))
    except Refused as refused:
        return Outcome(due, trained, refusals=(str(refused),))
    return _watch(session, Outcome(due, trained, published), trained.run_id)


def _watch(session: Session, done: Outcome, run_id: str) -> Outcome:
    """Monitor a run that is shown by now: nothing that goes wrong here, Ctrl+C too, may hide that it is."""
    try:
        return replace(
            done, monitored=session.step("monitor", lambda: monitor_run(session, run_id))
        )
    except (Exception, KeyboardInterrupt) as failure:
        code, why = describe_failure(failure)
        log.warning(
            "monitoring failed run_id=%s: %s", run_id, why, exc_info=code == FusionError.exit_code
        )
        return replace(done, monitor_error=why)


def _tidy(session: Session) -> Pruned | None:
    """Prune if asked to. Nothing that goes wrong here may make a run look failed whose lists are live."""
    if not session.config.retention.prune:
        return None
    try:
        return session.step("prune", lambda: prune(session))
    except (Exception, KeyboardInterrupt) as failure:
        log.warning(
            "prune failed, `fusion prune` goes on with it: %s: %s", type(failure).__name__, failure
        )
        return None


def retrain_loop(session: Session, force: bool = False) -> Outcome:
    """Ask the policy; train, publish and monitor when it says so."""
    due = session.step("policy", lambda: decide(session, force))
    return run_loop(session, due=due) if due.due else Outcome(due)
