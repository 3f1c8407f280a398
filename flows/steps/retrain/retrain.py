"""The retraining policy: whether a training is due, and why, written down each time it is asked."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flows.session import Session
from fusion.core.clocks import ahead_sentence, is_ahead
from storage.reading.live_run import live
from storage.runs.records import add_decision
from storage.runs.runs import runs
from storage.runs.sweep import sweep
from storage.schema.row_objects import LiveRun, RunRow

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Due:
    """The policy's answer.

    Attributes:
        due: whether a training is due.
        trigger: the rule that decided: force, cooldown, first or age.
        reason: a sentence for a person.
    """

    due: bool
    trigger: str
    reason: str


def decide(session: Session, force: bool = False, now: datetime | None = None) -> Due:
    """Ask the policy and write its answer down.

    A training that was killed is swept first: it holds no cool-down.

    Args:
        session: the configuration and the database.
        force: a training is due whatever the policy says.
        now: an aware time; None is this moment.

    Returns:
        The answer, a row of `decision` by now.
    """
    session.make_database()
    sweep(session.engine, session.placement)
    live_run = live(session.engine, session.placement)
    # A failed training holds no cool-down: cron may try again at once.
    newest = runs(session.engine, session.placement, limit=1, failed=False)
    answer = policy(
        session, live_run, newest[0] if newest else None, force, now or datetime.now(UTC)
    )
    add_decision(
        session.engine,
        session.placement,
        answer.due,
        reason=answer.reason,
        trigger=answer.trigger,
        run_no=live_run.run.run_no if live_run else None,
    )
    return answer


def policy(
    session: Session, live_run: LiveRun | None, newest: RunRow | None, force: bool, now: datetime
) -> Due:
    """Decide by force, then by the cool-down, then by whether anything is live, then by age.

    Args:
        session: the configuration.
        live_run: what is live; None where nothing is.
        newest: the newest run that did not fail; None where there is none.
        force: a training is due whatever follows.
        now: an aware time.

    Returns:
        The answer.
    """
    settings = session.config.retrain
    if force:
        return Due(True, "force", f"{session.by} asked for it with --force")
    # Before `first`: where every run is refused, cron must not train without a pause.
    if newest and _is_cooling(newest, settings.cooldown, now):
        ago = _readable(now - newest.created_at)
        limit = f"the cool-down is {settings.cooldown:g} hours"
        return Due(False, "cooldown", f"run {newest.run_id} was trained {ago} ago; {limit}")
    if live_run is None:
        return Due(True, "first", f"nothing is live in placement {session.placement!r} yet")
    trained_at = live_run.run.created_at
    if is_ahead(trained_at, now):
        trained = ahead_sentence(f"live run {live_run.run.run_id} was trained", trained_at, now)
        return Due(True, "age", f"{trained}. It counts as too old")
    age = now - trained_at
    due = age >= timedelta(days=settings.max_age)
    relation = "has passed" if due else "is within"
    limit = f"max_age of {settings.max_age:g} days"
    trained = f"live run {live_run.run.run_id} was trained {_readable(age)} ago"
    return Due(due, "age", f"{trained}, which {relation} {limit}")


def _is_cooling(newest: RunRow, hours: float, now: datetime) -> bool:
    """Return whether a run was trained less than so many hours ago.

    One whose time lies in the future was not: else a clock that was ahead would end all training
    until that time has come.
    """
    if is_ahead(newest.created_at, now):
        trained = ahead_sentence(f"run {newest.run_id} was trained", newest.created_at, now)
        log.warning("%s. It holds no cool-down", trained)
        return False
    return now - newest.created_at < timedelta(hours=hours)


def _readable(span: timedelta) -> str:
    """Write a length of time in the largest unit that says something."""
    # Clocks of two hosts differ by seconds.
    hours = max(0.0, span.total_seconds() / 3600)
    if hours >= 48:
        return f"{hours / 24:.1f} days"
    if hours >= 1:
        return f"{hours:.1f} hours"
    return f"{hours * 60:.0f} min"
