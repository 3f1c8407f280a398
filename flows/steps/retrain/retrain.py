"""The retraining policy: whether a training is due, and why, written down each time it is asked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flows.session import Session
from storage.reading.live_run import live
from storage.runs.records import add_decision
from storage.runs.runs import runs
from storage.runs.sweep import sweep
from storage.schema.row_objects import LiveRun, RunRow


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
    if newest and now - newest.created_at < timedelta(hours=settings.cooldown):
        ago = _readable(now - newest.created_at)
        limit = f"the cool-down is {settings.cooldown:g} hours"
        return Due(False, "cooldown", f"run {newest.run_id} was trained {ago} ago; {limit}")
    if live_run is None:
        return Due(True, "first", f"nothing is live in placement {session.placement!r} yet")
    age = now - live_run.run.created_at
    due = age >= timedelta(days=settings.max_age)
    relation = "has passed" if due else "is within"
    limit = f"max_age of {settings.max_age:g} days"
    trained = f"live run {live_run.run.run_id} was trained {_readable(age)} ago"
    return Due(due, "age", f"{trained}, which {relation} {limit}")


def _readable(span: timedelta) -> str:
    """Write a length of time in the largest unit that says something."""
    hours = span.total_seconds() / 3600
    if hours >= 48:
        return f"{hours / 24:.1f} days"
    if hours >= 1:
        return f"{hours:.1f} hours"
    return f"{hours * 60:.0f} min"
