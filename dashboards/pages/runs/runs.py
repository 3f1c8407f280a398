"""The page of all runs."""

from starlette.requests import Request
from starlette.responses import Response

from dashboards.pages.frame import here, render
from dashboards.pages.runs.table import FILTERS, SORTS, RunQuery


def show_runs(request: Request) -> Response:
    """Show runs that a filter lets through, a page at a time.

    Args:
        request: whose query filters and sorts.
    """
    where = here(request, "runs")
    query = RunQuery.of(request.query_params)
    table = where.site.reads.runs.table(where.placement, query)
    return render(request, "runs", "runs", query=query, table=table, filters=FILTERS, sorts=SORTS)
