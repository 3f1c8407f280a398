"""Figures of the newest runs: promised and realised quality, churn beside chance, drift."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from storage.reading.over_time.documents import list_text, read_list
from storage.schema.tables import metric, run
from storage.schema.watch_tables import realised

WINDOW = "window"
OF_LISTS = ("churn", "jaccard_chance")
DRIFTED_SHARE = "drifted_share"
SUBJECTS = ("users", "items", "interactions", "features")
"""Subjects whose columns may drift."""


@dataclass(frozen=True)
class RunFigures:
    """Figures of a run; None where one was not measured.

    Attributes:
        run_no: number inside this database.
        run_id: outside name.
        as_of: up to when it knew data; None where the data has no times.
        created_at: its training began.
        promise: of NDCG@10 in the window after it, as the verdict holds it: value, low, high.
        verdict: NDCG@10 that the verdict reports.
        realised: NDCG@10 in that window, once it has closed.
        users: with a label in that window.
        churn: mean share of a list that changed against the run before.
        jaccard_chance: mean overlap of lists that were made again from the same data.
        drifted_share: largest share of a subject's columns that drifted.
    """

    run_no: int
    run_id: str
    as_of: datetime | None
    created_at: datetime
    promise: dict[str, Any] | None = None
    verdict: float | None = None
    realised: float | None = None
    users: int | None = None
    churn: float | None = None
    jaccard_chance: float | None = None
    drifted_share: float | None = None


def run_figures(engine: Engine, placement: str, limit: int) -> list[RunFigures]:
    """Return figures of the newest runs that ended well or were refused.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        limit: how many at most.

    Returns:
        The oldest first; runs that were pruned are among them.
    """
    columns = (run.c.run_no, run.c.run_id, run.c.as_of, run.c.created_at)
    promise = list_text(run.c.verdict, "promise")
    reported = run.c.verdict["reported"]["value"].as_float().label("reported")
    of_placement = select(*columns, promise, reported).where(
        run.c.placement == placement, run.c.status.in_(("ready", "rejected", "deleted"))
    )
    newest = of_placement.order_by(run.c.run_no.desc()).limit(limit)
    with engine.connect() as connection:
        rows = connection.execute(newest).all()
        run_nos = [row.run_no for row in rows]
        measured = _measured(connection, run_nos)
        became = _realised(connection, run_nos)
    figures = []
    for row in reversed(rows):
        values = measured[row.run_no]
        window = became.get(row.run_no)
        one = RunFigures(
            run_no=row.run_no,
            run_id=row.run_id,
            as_of=row.as_of,
            created_at=row.created_at,
            promise=_of_window(read_list(row.promise)),
            verdict=row.reported,
            realised=window.value if window else None,
            users=window.users if window else None,
            churn=values.get("churn"),
            jaccard_chance=values.get("jaccard_chance"),
            drifted_share=values.get(DRIFTED_SHARE),
        )
        figures.append(one)
    return figures


def _measured(connection: Connection, run_nos: list[int]) -> dict[int, dict[str, float]]:
    """Figures of monitoring by run and name; of several subjects the largest one."""
    columns = (metric.c.run_no, metric.c.name, metric.c.value)
    of_lists = (metric.c.subject == "lists") & metric.c.name.in_(OF_LISTS)
    of_drift = metric.c.subject.in_(SUBJECTS) & (metric.c.name == DRIFTED_SHARE)
    wanted = select(*columns).where(
        metric.c.run_no.in_(run_nos),
        metric.c.segment == "all",
        metric.c.value.is_not(None),
        of_lists | of_drift,
    )
    measured: dict[int, dict[str, float]] = defaultdict(dict)
    for row in connection.execute(wanted):
        values = measured[row.run_no]
        values[row.name] = max(row.value, values.get(row.name, row.value))
    return measured


def _realised(connection: Connection, run_nos: list[int]) -> dict[int, Row[Any]]:
    """NDCG@10 by run, over users with a history, of windows that have closed."""
    wanted = select(realised.c.run_no, realised.c.value, realised.c.users).where(
        realised.c.run_no.in_(run_nos),
        realised.c.horizon == WINDOW,
        realised.c.segment == "all",
        realised.c.name == "ndcg",
        realised.c.k == 10,
        realised.c.is_early.is_(False),
    )
    return {row.run_no: row for row in connection.execute(wanted)}


def _of_window(promises: list[dict[str, Any]]) -> dict[str, Any] | None:
    for one in promises:
        if (one["horizon"], one["name"], one["k"]) == (WINDOW, "ndcg", 10):
            return one
    return None
