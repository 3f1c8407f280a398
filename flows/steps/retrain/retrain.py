"""Retrain: the policy that says whether a training is due, and why, each time it is asked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flows.session import Session
from storage.reading.read import live
from storage.runs.records import add_decision
from storage.runs.runs import runs
from storage.runs.sweep import sweep
from storage.schema.row_objects import LiveRun, RunRow


@dataclass(frozen=True)
class Due:
    """Whether a training is due; `trigger` names the rule that decided, `reason` says it to a person."""

    due: bool
    trigger: str
    reason: str


def decide(session: Session, force: bool = False, now: datetime | None = None) -> Due:
    """Ask the policy and write its answer down. A training that was killed is swept first: it holds no cool-down."""
    sweep(session.engine, session.placement)
    shown = live(session.engine, session.placement)
    newest = runs(session.engine, session.placement, limit=1, failed=False)
    found = policy(session, shown, newest[0] if newest else None, force, now or datetime.now(UTC))
    run_no = shown.run.run_no if shown else None
    add_decision(
        session.engine,
        session.placement,
        found.due,
        reason=found.reason,
        trigger=found.trigger,
        run_no=run_no,
    )
    return found


def policy(
    session: Session, shown: LiveRun | None, newest: RunRow | None, force: bool, now: datetime
) -> Due:
    """Decide by force, then by the cool-down, then by whether anything is live, then by age.

    `newest` is the newest run that did not fail.
    """
    settings = session.config.retrain
    if force:
        return Due(True, "force", f"{session.by} asked for it with --force")
    if newest and now - newest.created_at < timedelta(hours=settings.cooldown):
        return Due(
            False,
            "cooldown",
            f"run {newest.run_id} was trained {_ago(now - newest.created_at)} ago; "
            f"the cool-down is {settings.cooldown:g} hours",
        )
    if shown is None:
        return Due(True, "first", f"nothing is live in placement {session.placement!r} yet")
    age = now - shown.run.created_at
    due = age >= timedelta(days=settings.max_age)
    word = "has passed" if due else "is within"
    limit = f"max_age of {settings.max_age:g} days"
    reason = f"live run {shown.run.run_id} was trained {_ago(age)} ago, which {word} {limit}"
    return Due(due, "age", reason)


def _ago(span: timedelta) -> str:
    """A span in the largest unit that says something."""
    hours = span.total_seconds() / 3600
    return (
        f"{hours / 24:.1f} days"
        if hours >= 48
        else f"{hours:.1f} hours"
        if hours >= 1
        else f"{hours * 60:.0f} minutes"
    )
