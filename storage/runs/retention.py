"""Which runs stay, which go, what they hold in SQL; and taking a run away while its row and figures stay."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    String,
    Table,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from storage.database.engine import writing
from storage.runs.partitions import partition_name, remove_lists
from storage.schema.tables import (
    explanation,
    fallback,
    recommendation,
    run,
    served_user,
    slot,
    slot_move,
)
from storage.slots.history import moves, path

BULK = (recommendation, served_user, fallback, explanation)
"""What a pruned run loses; `run` and `metric` keep its history."""
ENDED = ("ready", "rejected")
NUMBER = 8
"""Bytes that a number is taken for."""


@dataclass(frozen=True)
class RunRetention:
    """A run and why it stays; `why` is None for one that may go. Times are aware UTC."""

    run_no: int
    run_id: str
    status: str
    created_at: datetime
    why: str | None = None


def run_retention(
    engine: Engine, placement: str, newest: int, since: datetime
) -> list[RunRetention]:
    """Give every run of a placement, oldest first, with the reason why it stays.

    A run stays while a slot points at it, or pointed at it at or after `since`; while one rollback
    would return to it; while it is one of the `newest` that ended ready or rejected; and while it
    is in training.
    """
    columns = (run.c.run_no, run.c.run_id, run.c.status, run.c.created_at)
    with engine.connect() as connection:
        rows = connection.execute(
            select(*columns).where(run.c.placement == placement).order_by(run.c.run_no)
        ).all()
        reasons = _shown(connection, placement, since)
    ended = [row.run_no for row in rows if row.status in ENDED]
    reasons |= {
        number: f"among the newest {newest}" for number in ended[-newest:] if number not in reasons
    }
    reasons |= {row.run_no: "in training" for row in rows if row.status == "training"}
    for row in rows:
        if row.status in ("failed", "deleted"):
            reasons.pop(row.run_no, None)
    return [
        RunRetention(row.run_no, row.run_id, row.status, row.created_at, reasons.get(row.run_no))
        for row in rows
    ]


def _shown(connection: Connection, placement: str, since: datetime) -> dict[int, str]:
    """Runs that slots show, showed lately, or would show after one rollback, with words for it."""
    found: dict[int, str] = {}
    way = path(moves(connection, placement))
    if len(way) > 1:
        found[way[-2]] = "one rollback away"
    lately = select(slot_move).where(slot_move.c.placement == placement, slot_move.c.at >= since)
    for move in connection.execute(lately.order_by(slot_move.c.id)):
        found |= {
            number: f"was {move.name} lately"
            for number in (move.from_run_no, move.to_run_no)
            if number
        }
    now = connection.execute(
        select(slot).where(slot.c.placement == placement).order_by(slot.c.name.desc())
    )
    return found | {row.run_no: row.name for row in now if row.run_no}


def delete_run(engine: Engine, run_no: int) -> bool:
    """Mark a run deleted, which no publish or rollback accepts; False when a slot shows it by now.

    The row is locked as publishing locks it, so that of the two one sees what the other did.
    """
    with writing(engine) as connection:
        row = select(run.c.status).where(run.c.run_no == run_no).with_for_update(key_share=True)
        status = connection.execute(row).scalar()
        if (
            connection.execute(select(slot.c.name).where(slot.c.run_no == run_no)).first()
            is not None
        ):
            return False
        if status in ENDED:
            connection.execute(update(run).where(run.c.run_no == run_no).values(status="deleted"))
    return True


def remove_rows(engine: Engine, run_no: int) -> None:
    """Delete what a run has in the bulk tables; its figures in `metric` stay. Errors as in `remove_lists`."""
    remove_lists(engine, run_no, figures=False)


def runs_with_rows(engine: Engine, placement: str) -> set[int]:
    """Give the failed and deleted runs that still hold rows: a removal was cut off, or a reader was in its way."""
    found: list[ColumnElement[bool]] = [
        select(table.c.run_no).where(table.c.run_no == run.c.run_no).exists() for table in BULK
    ]
    if engine.dialect.name == "postgresql":  # detached, but not dropped
        found.append(
            func.to_regclass(func.concat(partition_name(0)[:-1], run.c.run_no)).is_not(None)
        )
    over = and_(run.c.placement == placement, run.c.status.in_(("failed", "deleted")))
    with engine.connect() as connection:
        return set(connection.execute(select(run.c.run_no).where(over, or_(*found))).scalars())


def stored_size(engine: Engine, run_no: int) -> tuple[int, int]:
    """Give how many rows a run has in the bulk tables, and about how many bytes they take.

    On PostgreSQL the partition of its lists is measured with its key; elsewhere the cells are added
    up.
    """
    partition = engine.dialect.name == "postgresql"
    rows = size = 0
    with engine.connect() as connection:
        for table in BULK:
            counted = select(func.count(), _bytes(table, partition)).where(table.c.run_no == run_no)
            count, taken = connection.execute(counted.select_from(table)).one()
            rows, size = rows + count, size + int(taken or 0)
        if partition:
            measured = text("SELECT coalesce(pg_total_relation_size(to_regclass(:name)), 0)")
            size += connection.execute(measured, {"name": partition_name(run_no)}).scalar_one()
    return rows, size


def _bytes(table: Table, postgres: bool) -> ColumnElement[int]:
    """Add up the cells of a table: the length of texts, eight bytes for each number."""
    if postgres and table is recommendation:
        return literal(0)
    texts = [column for column in table.c if isinstance(column.type, String)]
    lengths = [
        func.octet_length(one) if postgres else func.length(cast(one, LargeBinary)) for one in texts
    ]
    numbers = literal(NUMBER * (len(table.c) - len(texts)))
    return func.sum(sum((func.coalesce(length, 0) for length in lengths), start=numbers))
