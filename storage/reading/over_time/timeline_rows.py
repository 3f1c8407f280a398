"""Each table's part of the timeline: the newest rows of a placement before a moment."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from storage.reading.over_time.documents import list_text, read_list
from storage.reading.over_time.troubles import broken_checks
from storage.runs.past.kinds import BACKFILL
from storage.schema.tables import run, slot_move
from storage.schema.watch_tables import alert, decision, watch

LOOKED_AT = 50
"""Newest runs whose manifests are asked for refusals, which follow a training within its turn."""


@dataclass(frozen=True)
class Asked:
    """What is asked of each table.

    Attributes:
        placement: where the lists are shown.
        before: aware time; None for the newest of all.
        limit: rows at most.
    """

    placement: str
    before: datetime | None
    limit: int

    def when(self, at: ColumnElement[datetime]) -> list[ColumnElement[bool]]:
        """Return the condition that something happened before the moment.

        Args:
            at: when it happened.
        """
        return [] if self.before is None else [at < self.before]


@dataclass(frozen=True)
class Happening:
    """Something that happened.

    Attributes:
        at: when.
        kind: key of `storage.reading.over_time.timeline.READERS`.
        what: status of a training, action of a move, "hold", "refused", "due", "not_due",
            "watched", "raised", "acknowledged" or "resolved", "block" or "end".
        by: who; None where nobody did it by hand.
        why: the stored sentence; None for none.
        run_id: the run concerned; None for none.
        other: the run whose place it took; None for none.
        number: of the watch or alert; None for neither.
        item: the item that was blocked; None for none.
    """

    at: datetime
    kind: str
    what: str
    by: str | None = None
    why: str | None = None
    run_id: str | None = None
    other: str | None = None
    number: int | None = None
    item: str | None = None


def trainings(connection: Connection, asked: Asked) -> list[Happening]:
    """Return trainings by their end, one that goes on by its beginning; not those refused.

    Args:
        connection: to our database.
        asked: which.
    """
    at = func.coalesce(run.c.finished_at, run.c.created_at, type_=run.c.created_at.type)
    columns = (run.c.run_no, run.c.run_id, run.c.status, run.c.kind)
    wanted = select(at.label("at"), *columns).where(
        run.c.placement == asked.placement, run.c.status != "rejected", *asked.when(at)
    )
    rows = connection.execute(wanted.order_by(at.desc()).limit(asked.limit)).all()
    # Only now, of the few that failed: manifests are long, and whoever sorts reads them all.
    error = run.c.manifest["error"].as_string().label("error")
    failed = [row.run_no for row in rows if row.status == "failed"]
    of_failed = connection.execute(select(run.c.run_no, error).where(run.c.run_no.in_(failed)))
    errors = {row.run_no: row.error for row in of_failed}
    happened = []
    for row in rows:
        is_past = row.kind == BACKFILL and row.status == "ready"
        what = BACKFILL if is_past else row.status
        why = errors.get(row.run_no)
        happened.append(Happening(row.at, "training", what, None, why, row.run_id))
    return happened


def publishes(connection: Connection, asked: Asked) -> list[Happening]:
    """Return runs that were published, or held for approval.

    Args:
        connection: to our database.
        asked: which.
    """
    # A slot that was emptied is told by what filled the other one.
    is_filled = slot_move.c.to_run_no.is_not(None)
    rows = _moves(connection, asked, (slot_move.c.action == "publish") & is_filled)
    happened = []
    for row in rows:
        what = "publish" if row.name == "live" else "hold"
        runs = (row.to_run_id, row.from_run_id)
        happened.append(Happening(row.at, "publish", what, row.by, row.reason, *runs))
    return happened


def approvals(connection: Connection, asked: Asked) -> list[Happening]:
    """Return runs that somebody approved or rejected.

    Args:
        connection: to our database.
        asked: which.
    """
    is_approved = (slot_move.c.action == "approve") & (slot_move.c.name == "live")
    happened = []
    for row in _moves(connection, asked, is_approved | (slot_move.c.action == "reject")):
        # What is rejected leaves its slot, which shows no run since.
        is_rejected = row.action == "reject"
        runs = (row.from_run_id, None) if is_rejected else (row.to_run_id, row.from_run_id)
        happened.append(Happening(row.at, "approval", row.action, row.by, row.reason, *runs))
    return happened


def rollbacks(connection: Connection, asked: Asked) -> list[Happening]:
    """Return rollbacks, and ends of the freeze that follows one.

    Args:
        connection: to our database.
        asked: which.
    """
    happened = []
    for row in _moves(connection, asked, slot_move.c.action.in_(("rollback", "unfreeze"))):
        runs = (row.to_run_id, row.from_run_id)
        happened.append(Happening(row.at, "rollback", row.action, row.by, row.reason, *runs))
    return happened


def refusals(connection: Connection, asked: Asked) -> list[Happening]:
    """Return refusals of a run after its training, and to publish one, of the newest runs.

    Args:
        connection: to our database.
        asked: which.
    """
    of_placement = select(run.c.run_no).where(
        run.c.placement == asked.placement, *asked.when(run.c.created_at)
    )
    newest = of_placement.order_by(run.c.created_at.desc()).limit(LOOKED_AT)
    run_nos = connection.execute(newest).scalars().all()
    columns = (run.c.run_id, run.c.status, run.c.finished_at)
    lists = (list_text(run.c.manifest, "refusals"), list_text(run.c.manifest, "checks"))
    happened = []
    for row in connection.execute(select(*columns, *lists).where(run.c.run_no.in_(run_nos))):
        if row.status == "rejected" and row.finished_at is not None:
            why = broken_checks(read_list(row.checks))
            refusal = Happening(row.finished_at, "refusal", "refused", None, why, row.run_id)
            happened.append(refusal)
        for one in read_list(row.refusals):
            at = datetime.fromisoformat(one["at"]).astimezone(UTC)
            why = broken_checks(one["checks"])
            happened.append(Happening(at, "refusal", "refused", one["by"], why, row.run_id))
    earlier = [one for one in happened if asked.before is None or one.at < asked.before]
    return sorted(earlier, key=lambda one: one.at, reverse=True)[: asked.limit]


def decisions(connection: Connection, asked: Asked) -> list[Happening]:
    """Return answers of the retraining policy.

    Args:
        connection: to our database.
        asked: which.
    """
    wanted = select(decision.c.at, decision.c.due, decision.c.reason).where(
        decision.c.placement == asked.placement, *asked.when(decision.c.at)
    )
    happened = []
    for row in connection.execute(wanted.order_by(decision.c.at.desc()).limit(asked.limit)):
        what = "due" if row.due else "not_due"
        happened.append(Happening(row.at, "decision", what, why=row.reason))
    return happened


def watches(connection: Connection, asked: Asked) -> list[Happening]:
    """Return watches.

    Args:
        connection: to our database.
        asked: which.
    """
    columns = (watch.c.at, watch.c.watch_no, run.c.run_id)
    joined = select(*columns).outerjoin(run, run.c.run_no == watch.c.run_no)
    wanted = joined.where(watch.c.placement == asked.placement, *asked.when(watch.c.at))
    happened = []
    for row in connection.execute(wanted.order_by(watch.c.at.desc()).limit(asked.limit)):
        own = {"run_id": row.run_id, "number": row.watch_no}
        happened.append(Happening(row.at, "watch", "watched", **own))
    return happened


def alerts(connection: Connection, asked: Asked) -> list[Happening]:
    """Return alerts as they were raised, acknowledged and resolved.

    Args:
        connection: to our database.
        asked: which; its limit counts for each of the three.
    """
    sides = {
        "raised": (alert.c.at, alert.c.message),
        "acknowledged": (alert.c.acknowledged_at, alert.c.acknowledged_why),
        "resolved": (alert.c.resolved_at, alert.c.resolved_why),
    }
    happened = []
    for what, (at, why) in sides.items():
        columns = (at.label("at"), why.label("why"), alert.c.id, alert.c.acknowledged_by)
        of_placement = alert.c.placement == asked.placement
        wanted = select(*columns).where(of_placement, at.is_not(None), *asked.when(at))
        for row in connection.execute(wanted.order_by(at.desc()).limit(asked.limit)):
            by = row.acknowledged_by if what == "acknowledged" else None
            happened.append(Happening(row.at, "alert", what, by, row.why, number=row.id))
    return happened


def _moves(
    connection: Connection, asked: Asked, is_wanted: ColumnElement[bool]
) -> Collection[Row[Any]]:
    """Rows of `slot_move` with the outside names of their runs, newest first."""
    source, target = run.alias("source"), run.alias("target")
    runs = (source.c.run_id.label("from_run_id"), target.c.run_id.label("to_run_id"))
    joined = (
        select(slot_move, *runs)
        .outerjoin(source, source.c.run_no == slot_move.c.from_run_no)
        .outerjoin(target, target.c.run_no == slot_move.c.to_run_no)
    )
    of_placement = slot_move.c.placement == asked.placement
    wanted = joined.where(of_placement, is_wanted, *asked.when(slot_move.c.at))
    newest = wanted.order_by(slot_move.c.at.desc(), slot_move.c.id.desc()).limit(asked.limit)
    return connection.execute(newest).all()
