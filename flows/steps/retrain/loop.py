"""The loop in plain functions: train, publish, monitor, prune; and retrain, which asks first."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from flows.failures import describe_failure
from flows.session import Session
from flows.step_timer import Profile
from flows.steps.keep.prune import Pruned, prune
from flows.steps.publish.publish import Published, publish_run
from flows.steps.retrain.answer import ALERTED, Due
from flows.steps.retrain.retrain import decide
from flows.steps.time_limits import limited
from flows.steps.tracking.tracking import track
from flows.steps.train.train import TrainedRun, train_alone, train_run, training_lock
from flows.steps.watch.monitor import Monitored, monitor_run
from fusion.errors import FusionError, Refused

log = logging.getLogger(__name__)
PUBLISHED = 0
REFUSED = 1
"""Exit codes of a turn beside `ALERTED`, as docs/cli.md lists them; failures have their own."""
MonitorStatus = Literal["done", "failed", "not_run"]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a turn of the loop; a step that was not reached is None.

    Attributes:
        due: the policy's answer, where it was asked.
        trained: the run.
        published: the run's move; held when it waits in the challenger's slot.
        monitored: drift, stability and alerts.
        monitor_error: why monitoring failed; the run is shown, or refused, all the same.
        refusals: why the run is not shown, a sentence for each check that did not hold.
        pruned: what was removed in the end.
        profile: what the steps cost.
    """

    due: Due | None = None
    trained: TrainedRun | None = None
    published: Published | None = None
    monitored: Monitored | None = None
    monitor_error: str | None = None
    refusals: tuple[str, ...] = ()
    pruned: Pruned | None = None
    profile: Profile | None = None

    @property
    def exit_code(self) -> int:
        """The code with which the command line ends.

        0 published, held, or nothing due; 1 refused; 4 published or held, with an alert or
        unmonitored, or nothing trained since the data is broken.
        """
        if self.refusals:
            return REFUSED
        if self.due is not None and not self.due.due:
            return self.due.exit_code
        alerted = self.monitored is not None and bool(self.monitored.alerts)
        return ALERTED if self.monitor_error or alerted else PUBLISHED

    @property
    def monitor_status(self) -> MonitorStatus:
        """State of monitoring: done, failed, or not to be done, where no run was trained."""
        if self.monitored is not None:
            return "done"
        return "failed" if self.monitor_error else "not_run"


def run_loop(session: Session, as_of: datetime | None = None, *, hold: bool = False) -> Outcome:
    """Train a run and, if it is admitted, publish and monitor it; then prune.

    A refused run leaves what is live untouched; it is monitored too, as its report says why.

    Args:
        session: the configuration and the database.
        as_of: use only what was known before this time; None is everything.
        hold: leave the run in the challenger's slot, for a person to approve or reject.

    Returns:
        The outcome of the turn.
    """
    return _after_training(session, train_run(session, as_of), hold=hold)


def _after_training(
    session: Session, trained: TrainedRun, due: Due | None = None, hold: bool = False
) -> Outcome:
    with limited(session):
        # Pruning comes last, and also after a refusal: refused runs take room as well.
        outcome = _publish_and_monitor(session, trained, due, hold)
        pruned = _prune(session)
    status = "refused" if outcome.refusals else "published"
    track(session, trained.run_id, trained.run_no, status, trained.manifest)
    return replace(outcome, pruned=pruned, profile=session.timer.profile())


def _publish_and_monitor(
    session: Session, trained: TrainedRun, due: Due | None, hold: bool
) -> Outcome:
    if trained.refusals:
        refused = Outcome(due, trained, refusals=trained.refusals)
        return _monitor(session, refused, trained.run_id)
    try:
        published = session.timer(
            "publish", lambda: publish_run(session, trained.run_id, hold=hold)
        )
    except Refused as refusal:
        refused = Outcome(due, trained, refusals=refusal.reasons)
        return _monitor(session, refused, trained.run_id)
    # A held run is monitored too: a person decides by its report.
    return _monitor(session, Outcome(due, trained, published), trained.run_id)


def _monitor(session: Session, outcome: Outcome, run_id: str) -> Outcome:
    """Monitor a run that is shown by now, or refused.

    Nothing that goes wrong here, Ctrl+C too, may hide that it is shown, or why it is not.
    """
    try:
        monitored = session.timer("monitor", lambda: monitor_run(session, run_id))
    except (Exception, KeyboardInterrupt) as failure:
        code, reason = describe_failure(failure)
        is_unexpected = code == FusionError.exit_code
        log.warning("monitoring failed run_id=%s: %s", run_id, reason, exc_info=is_unexpected)
        return replace(outcome, monitor_error=reason)
    return replace(outcome, monitored=monitored)


def _prune(session: Session) -> Pruned | None:
    """Prune if the configuration asks for it.

    Nothing that goes wrong here may make a run look failed whose lists are live.
    """
    if not session.config.retention.prune:
        return None
    try:
        return session.timer("prune", lambda: prune(session))
    except (Exception, KeyboardInterrupt) as failure:
        kind = type(failure).__name__
        log.warning("prune failed, `fusion prune` goes on with it: %s: %s", kind, failure)
        return None


def retrain_loop(session: Session, force: bool = False) -> Outcome:
    """Ask the policy; train, publish and monitor when it says so.

    Args:
        session: the configuration and the database.
        force: train whatever the policy says.

    Returns:
        The outcome of the turn, with the policy's answer.
    """
    due = session.timer("policy", lambda: decide(session, force))
    if not due.due:
        return Outcome(due)
    with training_lock(session) as lock:
        # Whoever was waited for may have trained what was due.
        if lock.waited:
            due = session.timer("policy", lambda: decide(session, force))
        if not due.due:
            return Outcome(due)
        trained = train_alone(session, lock)
    return _after_training(session, trained, due)
