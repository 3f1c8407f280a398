"""Runs that a filter lets through, a page of them."""

from typing import cast

from dashboards.pages.runs.facts import RunLine
from dashboards.pages.runs.figures import Estimate
from dashboards.pages.runs.table import FILTERS, PAGE_SIZE, RunQuery, RunTable
from flows.session import Session
from storage.database.errors import NoDatabase
from storage.reading.of_runs.run_list import (
    ListedRun,
    RunFilter,
    Sort,
    count_runs,
    list_runs,
    run_choices,
)


def read_table(session: Session, placement: str, query: RunQuery) -> RunTable:
    """Read the runs that a page shows.

    Args:
        session: the database.
        placement: where the lists are shown.
        query: what is asked for.

    Returns:
        The runs, those that failed or were pruned too; none where there is no database yet.
    """
    try:
        engine = session.engine
    except NoDatabase:
        return RunTable((), 0, {name: [] for name in FILTERS})
    wanted = RunFilter(
        **{name: query.wanted.get(name, "") for name in FILTERS},
        sort=cast(Sort, query.sort),
        descending=query.descending,
    )
    listed = list_runs(engine, placement, wanted, PAGE_SIZE, (query.page - 1) * PAGE_SIZE)
    total = count_runs(engine, placement, wanted)
    return RunTable(tuple(map(_line, listed)), total, run_choices(engine, placement))


def _line(run: ListedRun) -> RunLine:
    ndcg = None if run.ndcg is None else Estimate(run.ndcg, run.low, run.high)
    return RunLine(
        run_id=run.run_id,
        status=run.status,
        slot=run.slot or "",
        kind=run.kind,
        method=run.method or "",
        as_of=run.as_of,
        created_at=run.created_at,
        ndcg=ndcg,
    )
