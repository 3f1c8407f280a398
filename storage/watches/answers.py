"""Answers to alerts: who trained on what they show has answered them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Engine, select, update

from storage.database.engine import writing
from storage.schema.types import utc_now
from storage.schema.watch_tables import alert

ANSWERED_BY = "answered_by"
"""Key of `alert.parameters` that names the run."""


def answer_alerts(
    engine: Engine, ids: Collection[int], run_id: str, at: datetime | None = None
) -> None:
    """Resolve alerts as answered by a run.

    Args:
        engine: from `connect`.
        ids: of the alerts; those that are resolved already stay as they are.
        run_id: outside name of the run.
        at: aware time; now when None.
    """
    if not ids:
        return
    change = {
        "state": "resolved",
        "resolved_at": at or utc_now(),
        "resolved_why": f"answered by run {run_id}",
    }
    is_one = alert.c.id.in_(list(ids)) & (alert.c.state != "resolved")
    with writing(engine) as connection:
        standing = select(alert.c.id, alert.c.parameters).where(is_one).with_for_update()
        for row in connection.execute(standing).all():
            said = {**(row.parameters or {}), ANSWERED_BY: run_id}
            this = update(alert).where(alert.c.id == row.id)
            connection.execute(this.values(parameters=said, **change))
