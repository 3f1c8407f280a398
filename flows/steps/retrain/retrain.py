"""Ask the retraining policy whether a training is due, and write its answer down."""

import logging
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from flows.failures import describe_failure
from flows.session import Session
from flows.steps.arrivals.answered import answer_changes
from flows.steps.retrain.answer import Due
from flows.steps.retrain.facts import gather
from flows.steps.retrain.policy import policy
from flows.steps.retrain.policy_facts import Facts
from flows.steps.retrain.triggers import fresh_readings
from fusion.core.clocks import utc_now
from fusion.errors import FusionError
from storage.database.errors import NoDatabase
from storage.reading.live_run import live
from storage.runs.records import add_decision
from storage.runs.sweep import sweep

log = logging.getLogger(__name__)
OF_NO_DATA = ("frozen", "challenger", "cooldown", "backoff", "quiet", "first")
"""Triggers that decide whatever the data is like, so that it need not be read."""


def decide(session: Session, force: bool = False, now: datetime | None = None) -> Due:
    """Ask the policy and write its answer down.

    A training that was killed is swept first: it holds no cool-down. Where the newest watch is too
    old to decide by, the data is watched first, so that no answer rests on old facts.

    Args:
        session: the configuration and the database.
        force: a training is due whatever the policy says.
        now: an aware time; None is this moment.

    Returns:
        The answer, a row of `decision` by now.
    """
    session.make_database()
    sweep(session.engine, session.placement)
    moment = now or utc_now()
    live_run = live(session.engine, session.placement)
    if live_run is not None:
        answer_changes(session, live_run.run)
    forced_by = session.by if force else None
    facts = gather(session, moment)
    due = policy(session.config.retrain, facts, moment, forced_by)
    if not force and needs_watch(session, facts, due, moment):
        note = _watch(session, now)
        facts = replace(gather(session, moment), note=note)
        due = policy(session.config.retrain, facts, moment, forced_by)
    add_decision(
        session.engine,
        session.placement,
        due.due,
        reason=due.reason,
        trigger=due.trigger,
        run_no=live_run.run.run_no if live_run else None,
        code=due.code,
        parameters=due.parameters,
        facts=_stored(facts, due),
    )
    return due


def explain_due(session: Session, now: datetime | None = None) -> Due:
    """Ask the policy by what is stored, and write nothing.

    Args:
        session: the configuration and the database, which is only read.
        now: an aware time; None is this moment.

    Returns:
        What `decide` would answer; where it would watch first, the reason says so.
    """
    moment = now or utc_now()
    try:
        facts = gather(session, moment)
    except NoDatabase:
        facts = Facts(session.placement)
    due = policy(session.config.retrain, facts, moment)
    if not needs_watch(session, facts, due, moment):
        return due
    note = "No watch is recent enough to decide by: `fusion retrain` watches first"
    return policy(session.config.retrain, replace(facts, note=note), moment)


def needs_watch(session: Session, facts: Facts, due: Due, now: datetime) -> bool:
    """Return whether the data must be looked at before the answer counts.

    Args:
        session: the configuration.
        facts: as of `now`.
        due: the answer by these facts.
        now: aware time.
    """
    # Data without times cannot be watched.
    if due.trigger in OF_NO_DATA or session.config.data.columns.time is None:
        return False
    return not fresh_readings(session.config.retrain, facts, now)


def _watch(session: Session, as_of: datetime | None) -> str:
    """Watch the data; return why it could not be watched, or "".

    Nothing that goes wrong here may keep the policy from answering.
    """
    # Only now: it reads data, which most answers need not.
    from flows.steps.arrivals.watch import watch_placement  # noqa: PLC0415

    try:
        watch_placement(session, as_of)
    except Exception as failure:
        code, reason = describe_failure(failure)
        is_unexpected = code == FusionError.exit_code
        log.warning("the data could not be watched: %s", reason, exc_info=is_unexpected)
        return f"The data could not be watched: {reason}"
    return ""


def _stored(facts: Facts, due: Due) -> dict[str, Any]:
    """Facts as the table `decision` keeps them."""
    watched_at = facts.readings[0].as_of if facts.readings else None
    return {
        "live": facts.live.run_id if facts.live else None,
        "as_of": _iso(facts.live.as_of if facts.live else None),
        "watched_at": _iso(watched_at),
        "alerts": [one.id for one in (*facts.faults, *facts.changes)],
        "note": facts.note,
        "rows": [asdict(row) for row in due.rows],
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
