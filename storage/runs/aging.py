"""Rows that age out before the run they belong to, as [retention] says by table."""

from datetime import datetime

from sqlalchemy import ColumnElement, Engine, Table, delete, func, select

from storage.database.engine import writing
from storage.schema.tables import explained_user, slot
from storage.schema.watch_tables import alert, decision, realised, watch
from storage.slots.history import moves, rollback_path


def shown_runs(engine: Engine, placement: str) -> set[int]:
    """Return the runs that a slot shows, or that one rollback would show.

    Args:
        engine: from `connect`.
        placement: whose slots.

    Returns:
        Run numbers.
    """
    pointing = select(slot.c.run_no).where(slot.c.placement == placement)
    with engine.connect() as connection:
        numbers = connection.execute(pointing).scalars().all()
        before = rollback_path(moves(connection, placement))[-2:-1]
    return {number for number in (*numbers, *before) if number is not None}


def age_explanations(engine: Engine, run_no: int, dry_run: bool = False) -> int:
    """Delete the explanations of a run.

    Args:
        engine: from `connect`.
        run_no: that nothing shows.
        dry_run: count them, and delete nothing.

    Returns:
        The number of rows.
    """
    return _age(engine, explained_user, explained_user.c.run_no == run_no, dry_run)


def age_alerts(engine: Engine, placement: str, before: datetime, dry_run: bool = False) -> int:
    """Delete old alerts of a placement that are resolved.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        before: aware time; alerts that were resolved from then on stay.
        dry_run: count them, and delete nothing.

    Returns:
        The number of rows.
    """
    old = (alert.c.resolved_at < before) & (alert.c.placement == placement)
    return _age(engine, alert, old, dry_run)


def age_decisions(engine: Engine, placement: str, before: datetime, dry_run: bool = False) -> int:
    """Delete old decisions of the retraining policy.

    Args:
        engine: from `connect`.
        placement: for which it decided.
        before: aware time; decisions from then on stay.
        dry_run: count them, and delete nothing.

    Returns:
        The number of rows.
    """
    old = (decision.c.at < before) & (decision.c.placement == placement)
    return _age(engine, decision, old, dry_run)


def age_realised(engine: Engine, placement: str, before: datetime, dry_run: bool = False) -> int:
    """Delete old figures of what became of published lists.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        before: aware time; figures that were measured from then on stay.
        dry_run: count them, and delete nothing.

    Returns:
        The number of rows.
    """
    watches = select(watch.c.watch_no).where(watch.c.placement == placement, watch.c.at < before)
    return _age(engine, realised, realised.c.watch_no.in_(watches), dry_run)


def _age(engine: Engine, table: Table, old: ColumnElement[bool], dry_run: bool) -> int:
    count = select(func.count()).select_from(table).where(old)
    with engine.connect() as connection:
        n_rows = int(connection.execute(count).scalar_one())
    # Nothing is locked where there is nothing to do, as on most nights.
    if dry_run or not n_rows:
        return n_rows
    with writing(engine) as connection:
        return int(connection.execute(delete(table).where(old)).rowcount)
