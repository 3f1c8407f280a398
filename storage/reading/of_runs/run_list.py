"""Runs as a page lists them: some at a time, filtered and sorted, without their long documents."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, Row, Select, and_, func, select

from storage.schema.tables import metric, run, slot

Sort = Literal["as_of", "created_at", "ndcg", "method", "status"]
"""Columns by which runs may be sorted."""


@dataclass(frozen=True)
class RunFilter:
    """Which runs of a placement to list, and in which order.

    Attributes:
        status: of `run`; "" for every one.
        method: that makes the lists; "" for every one.
        kind: of training; "" for every one.
        sort: by which column; ties, and runs that lack it, by age.
        descending: the largest first.
    """

    status: str = ""
    method: str = ""
    kind: str = ""
    sort: Sort = "created_at"
    descending: bool = True


@dataclass(frozen=True)
class ListedRun:
    """A run without its verdict and manifest.

    Attributes:
        run_no: number inside this database.
        run_id: outside name.
        status: as in `run`.
        kind: of training.
        method: that makes its lists; None until it ended well.
        as_of: up to when it knew data; None where the data has no times.
        created_at: begun.
        slot: the slot that shows it, `live` or `challenger`; None for any other.
        ndcg: NDCG@10 on users that did not choose the method; None without a verdict.
        low: lower end of its interval.
        high: upper end.
    """

    run_no: int
    run_id: str
    status: str
    kind: str
    method: str | None
    as_of: datetime | None
    created_at: datetime
    slot: str | None
    ndcg: float | None
    low: float | None
    high: float | None


def list_runs(
    engine: Engine, placement: str, wanted: RunFilter, limit: int, offset: int = 0
) -> list[ListedRun]:
    """List some runs of a placement.

    Sorting by NDCG goes by the figure of all judged users, which `metric` holds: to look into every
    verdict for the other would take longer than a page may.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        wanted: which, in which order.
        limit: how many.
        offset: how many come before them.

    Returns:
        The runs, also those that failed or were pruned.
    """
    columns = (run.c.run_no, run.c.run_id, run.c.status, run.c.kind, run.c.method)
    # Once a run: PostgreSQL unpacks and parses the whole verdict for each part that is asked.
    reported = run.c.verdict["reported"].as_json().label("reported")
    shown = and_(slot.c.run_no == run.c.run_no, slot.c.placement == placement)
    # `live` comes before others: a run may wait as the challenger and be live already.
    shown_by = select(func.max(slot.c.name)).where(shown).scalar_subquery().label("slot")
    statement = select(*columns, run.c.as_of, run.c.created_at, shown_by, reported)
    statement = _ordered(_filtered(statement, placement, wanted), wanted)
    with engine.connect() as connection:
        rows = connection.execute(statement.limit(limit).offset(offset)).all()
    return list(map(_listed, rows))


def _listed(row: Row[Any]) -> ListedRun:
    """Return a run of the list; its figures are None where it has no verdict."""
    columns: dict[str, Any] = row._asdict()
    known = columns.pop("reported") or {}
    columns["ndcg"] = known.get("value")
    return ListedRun(**columns, low=known.get("low"), high=known.get("high"))


def count_runs(engine: Engine, placement: str, wanted: RunFilter) -> int:
    """Count the runs that a filter lets through.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        wanted: which.
    """
    statement = _filtered(select(func.count()).select_from(run), placement, wanted)
    with engine.connect() as connection:
        return int(connection.execute(statement).scalar_one())


def run_choices(engine: Engine, placement: str) -> dict[str, list[str]]:
    """Return what the runs of a placement can be filtered by.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.

    Returns:
        Values that occur of `status`, `method` and `kind`, each sorted.
    """
    columns = (run.c.status, run.c.method, run.c.kind)
    statement = select(*columns).where(run.c.placement == placement).distinct()
    with engine.connect() as connection:
        rows = connection.execute(statement).all()
    return {
        column.name: sorted({row[place] for row in rows if row[place] is not None})
        for place, column in enumerate(columns)
    }


def _filtered(statement: Select[Any], placement: str, wanted: RunFilter) -> Select[Any]:
    statement = statement.where(run.c.placement == placement)
    for name in ("status", "method", "kind"):
        value = getattr(wanted, name)
        if value:
            statement = statement.where(run.c[name] == value)
    return statement


def _ordered(statement: Select[Any], wanted: RunFilter) -> Select[Any]:
    by: ColumnElement[object] = metric.c.value if wanted.sort == "ndcg" else run.c[wanted.sort]
    if wanted.sort == "ndcg":
        of_lists = and_(
            metric.c.run_no == run.c.run_no,
            metric.c.subject == run.c.method,
            metric.c.segment == "all",
            metric.c.name == "ndcg",
            metric.c.k == 10,
        )
        statement = statement.outerjoin(metric, of_lists)
    # Both databases put what is missing last, whichever way the others run.
    direction = by.desc() if wanted.descending else by.asc()
    return statement.order_by(direction.nulls_last(), run.c.run_no.desc())
