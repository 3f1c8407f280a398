"""One turn of a replay: a policy is asked at a past date, and what it says is done."""

import logging
from datetime import datetime

from flows.session import Session
from flows.steps.past.policies import ReplayedPolicy
from flows.steps.past.replay_folder import Turn
from flows.steps.past.training import train_as_of
from flows.steps.publish.publish import publish_run
from flows.steps.retrain.retrain import decide
from fusion.core.clocks import clock_at
from fusion.errors import DataError, Refused
from storage.reading.live_run import live
from storage.runs.past.turns import decision_at, remove_unfinished, run_as_of

log = logging.getLogger(__name__)
NEVER = ("never", "it trains once")
"""Trigger and reason of a policy that keeps its first run."""


def take_turn(session: Session, policy: ReplayedPolicy, now: datetime) -> Turn:
    """Let a policy decide at a past date, and train and publish where it says so.

    The same code decides, trains, checks and publishes as in life; only the clock is another. What
    a killed turn has trained whole is taken, what it left half is removed first.

    Args:
        session: of the replay, with the policy's own placement.
        policy: that decides.
        now: the date, an aware time.

    Returns:
        The turn, not judged yet.

    Raises:
        ConfigError: the configuration cannot be used.
        DataError: what was known at the date cannot be trained on, and nothing is live yet.
        Temporary: the machine is out of room, or a stage took too long.
    """
    session.make_database()
    with clock_at(now):
        if run_as_of(session.engine, session.placement, now) is None:
            remove_unfinished(session.engine, session.placement, now)
            is_due, trigger, reason = _ask(session, policy, now)
        else:
            # It was trained at this date, before a kill: the answer has been given.
            is_due, trigger, reason = decision_at(session.engine, session.placement, now)
        run_id, status = _train_and_publish(session, now) if is_due else (None, None)
        shown = live(session.engine, session.placement)
    return Turn(
        policy=policy.name,
        at=now,
        due=is_due,
        trigger=trigger,
        reason=reason,
        run_id=run_id,
        status=status,
        served=shown.run.run_id if shown else None,
        served_as_of=shown.run.as_of if shown else None,
    )


def _ask(session: Session, policy: ReplayedPolicy, now: datetime) -> tuple[bool, str, str]:
    """Return whether a training is due, the rule that decided, and why."""
    if policy.rule == "never" and live(session.engine, session.placement):
        return False, *NEVER
    answer = decide(session, force=policy.rule != "asked", now=now)
    return answer.due, answer.trigger, answer.reason


def _train_and_publish(session: Session, now: datetime) -> tuple[str | None, str]:
    """Train a run as of now and show it; returns its id and what became of it."""
    try:
        run = train_as_of(session, now).run
    except DataError as wrong:
        if live(session.engine, session.placement) is None:
            raise
        # As in life: what is live stays live until the data can be trained on again.
        log.warning("no run as_of=%s policy=%s: %s", now.isoformat(), session.placement, wrong)
        return None, "failed"
    if run.status != "ready":
        return run.run_id, run.status
    try:
        publish_run(session, run.run_id, f"as of {now:%Y-%m-%d %H:%M}")
    except Refused as refusal:
        log.warning("run not shown run_id=%s: %s", run.run_id, refusal)
        return run.run_id, "refused"
    return run.run_id, "ready"
