"""Decide which runs stay and which may go; delete a run while its row and its metrics stay."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    String,
    Table,
    and_,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from fusion.core.clocks import settled_times
from storage.database.engine import writing
from storage.runs.partitions import partition_name, remove_lists
from storage.runs.past.kinds import BACKFILL
from storage.schema.tables import (
    explained_user,
    fallback,
    recommendation,
    run,
    served_user,
    slot,
    slot_move,
    user_history,
)
from storage.schema.types import utc_now
from storage.schema.watch_tables import diagnosis
from storage.slots.history import moves, rollback_path

BULK = (recommendation, served_user, fallback, explained_user, user_history)
"""Tables whose rows a pruned run loses; `run` and `metric` keep its history."""
ENDED = ("ready", "rejected")
"""Statuses of runs that ended well and may be deleted by retention."""
NUMBER_BYTES = 8
"""Size that a number is counted with: an upper bound for all that the bulk tables hold."""


@dataclass(frozen=True)
class RunRetention:
    """A run and why it stays.

    Attributes:
        run_no: number inside this database.
        run_id: outside name.
        status: as in `run`.
        created_at: aware UTC.
        settled_at: the same; where that lies in the future, the time of a later run that does not.
        why: in words, why it stays; None when it may go.
    """

    run_no: int
    run_id: str
    status: str
    created_at: datetime
    settled_at: datetime
    why: str | None = None


def run_retention(
    engine: Engine, placement: str, newest: int, since: datetime
) -> list[RunRetention]:
    """Return every run of a placement with the reason why it stays.

    A run stays while a slot points at it, or pointed at it at or after `since`; while one rollback
    would return to it; while it is one of the `newest` that ended ready or rejected; while it is in
    training; and, if it was backfilled and so is none of the newest, when that was after `since`.

    Args:
        engine: from `connect`.
        placement: whose runs.
        newest: how many of the newest stay in any case.
        since: aware time.

    Returns:
        The runs, oldest first.
    """
    columns = (run.c.run_no, run.c.run_id, run.c.status, run.c.created_at, run.c.kind)
    of_placement = run.c.placement == placement
    statement = select(*columns).where(of_placement).order_by(run.c.run_no)
    with engine.connect() as connection:
        rows = connection.execute(statement).all()
        reasons = _shown_reasons(connection, placement, since)
    ended = [row.run_no for row in rows if row.status in ENDED and row.kind != BACKFILL]
    for run_no in ended[-newest:]:
        reasons.setdefault(run_no, f"among the newest {newest}")
    for row in rows:
        if row.status == "training":
            reasons[row.run_no] = "in training"
        if row.status in ("failed", "deleted"):
            reasons.pop(row.run_no, None)
    settled = settled_times([row.created_at for row in rows], utc_now())
    retained = []
    for row, settled_at in zip(rows, settled, strict=True):
        is_recent_backfill = row.kind == BACKFILL and row.status in ENDED and settled_at >= since
        why = reasons.get(row.run_no) or ("backfilled lately" if is_recent_backfill else None)
        retained.append(
            RunRetention(row.run_no, row.run_id, row.status, row.created_at, settled_at, why)
        )
    return retained


def delete_run(engine: Engine, run_no: int) -> bool:
    """Mark a run deleted, which no publish or rollback accepts; its rows are not touched yet.

    The row is locked as publishing locks it, so that of the two one sees what the other did.

    Args:
        engine: from `connect`.
        run_no: the run.

    Returns:
        False when a slot shows the run by now, and it stays.
    """
    this_run = run.c.run_no == run_no
    with writing(engine) as connection:
        locked = select(run.c.status).where(this_run).with_for_update(key_share=True)
        status = connection.execute(locked).scalar()
        pointing = select(slot.c.name).where(slot.c.run_no == run_no)
        if connection.execute(pointing).first() is not None:
            return False
        # A failed run keeps its status: it says more than `deleted`.
        if status in ENDED:
            connection.execute(update(run).where(this_run).values(status="deleted"))
            # What was to be done about the run is over with it; its figures stay.
            connection.execute(delete(diagnosis).where(diagnosis.c.run_no == run_no))
    return True


def remove_rows(engine: Engine, run_no: int) -> None:
    """Delete the rows of a run in the bulk tables; those in `metric` stay.

    Args:
        engine: from `connect`.
        run_no: the run.

    Raises:
        Refused: a slot points at the run.
        Temporary: a reader holds the partition for long; calling again goes on where this stopped.
    """
    remove_lists(engine, run_no, with_metrics=False)


def runs_with_rows(engine: Engine, placement: str) -> set[int]:
    """Return the failed and deleted runs that still hold rows in the bulk tables.

    Their removal was cut off, or a reader was in its way.

    Args:
        engine: from `connect`.
        placement: whose runs.

    Returns:
        Run numbers.
    """
    holds_rows: list[ColumnElement[bool]] = []
    for table in BULK:
        rows_of_run = select(table.c.run_no).where(table.c.run_no == run.c.run_no)
        holds_rows.append(rows_of_run.exists())
    if engine.dialect.name == "postgresql":
        # A partition that was detached, but not dropped, is in no table.
        prefix = partition_name(0)[:-1]
        partition = func.to_regclass(func.concat(prefix, run.c.run_no))
        holds_rows.append(partition.is_not(None))
    over = and_(run.c.placement == placement, run.c.status.in_(("failed", "deleted")))
    statement = select(run.c.run_no).where(over, or_(*holds_rows))
    with engine.connect() as connection:
        run_numbers = connection.execute(statement).scalars()
        return set(run_numbers)


def stored_size(engine: Engine, run_no: int) -> tuple[int, int]:
    """Return how much a run holds in the bulk tables.

    On PostgreSQL the partition of its lists is measured with its key; elsewhere the cells are added
    up.

    Args:
        engine: from `connect`.
        run_no: the run.

    Returns:
        Number of rows, and about how many bytes they take.
    """
    has_partitions = engine.dialect.name == "postgresql"
    rows = 0
    size = 0
    with engine.connect() as connection:
        for table in BULK:
            statement = select(func.count(), _cell_bytes(table, has_partitions))
            statement = statement.where(table.c.run_no == run_no).select_from(table)
            count, cells = connection.execute(statement).one()
            rows += count
            size += int(cells or 0)
        if has_partitions:
            measured = text("SELECT coalesce(pg_total_relation_size(to_regclass(:name)), 0)")
            size += connection.execute(measured, {"name": partition_name(run_no)}).scalar_one()
    return rows, size


def _shown_reasons(connection: Connection, placement: str, since: datetime) -> dict[int, str]:
    """Return the runs that slots show, showed lately, or would show after one rollback, with why.

    A later reason takes the place of an earlier one: what a slot shows now says the most.
    """
    reasons: dict[int, str] = {}
    path = rollback_path(moves(connection, placement))
    if len(path) > 1:
        reasons[path[-2]] = "one rollback away"
    of_slots = select(slot_move).where(slot_move.c.placement == placement)
    every_move = connection.execute(of_slots.order_by(slot_move.c.id)).all()
    settled = settled_times([move.at for move in every_move], utc_now())
    for move, at in zip(every_move, settled, strict=True):
        if at < since:
            continue
        for run_no in (move.from_run_no, move.to_run_no):
            if run_no:
                reasons[run_no] = f"was {move.name} lately"
    # By name, descending: where both slots show one run, `challenger` is what stands.
    of_placement = slot.c.placement == placement
    slots = select(slot).where(of_placement).order_by(slot.c.name.desc())
    for row in connection.execute(slots):
        if row.run_no:  # a slot may be empty
            reasons[row.run_no] = row.name
    return reasons


def _cell_bytes(table: Table, has_partitions: bool) -> ColumnElement[int]:
    """Return the sum of a table's cells: the length of texts in bytes, `NUMBER_BYTES` a number."""
    if has_partitions and table is recommendation:
        return literal(0)
    texts = [column for column in table.c if isinstance(column.type, String | JSON)]
    n_numbers = len(table.c) - len(texts)
    size: ColumnElement[int] = literal(NUMBER_BYTES * n_numbers)
    for column in texts:
        size = size + func.coalesce(_text_bytes(column, has_partitions), 0)
    return func.sum(size)


def _text_bytes(column: Column[Any], is_postgres: bool) -> ColumnElement[int]:
    if is_postgres and isinstance(column.type, JSON):
        return func.pg_column_size(column)  # as it is stored, compressed
    if is_postgres:
        return func.octet_length(column)
    return func.length(cast(column, LargeBinary))  # of a blob: bytes, not characters
