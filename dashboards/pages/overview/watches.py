"""Watches: what `fusion watch` found in the data, worst first."""

from starlette.requests import Request
from starlette.responses import Response

from dashboards.pages.frame import here, missing_page, render
from dashboards.pages.overview.numbers import row_number


def show_watches(request: Request) -> Response:
    """Show the newest watches of a placement.

    Args:
        request: what was asked; `below` in its query is the number of a watch.
    """
    where = here(request, "watches")
    below = row_number(request.query_params.get("below", ""))
    watches = where.site.reads.overview.watches(where.placement, below)
    return render(request, "watches", "watches", watches=watches, below=below)


def show_watch(request: Request) -> Response:
    """Show the figures of one watch.

    Args:
        request: what was asked; its path names a `number`.
    """
    where = here(request, "watches")
    asked = request.path_params["number"]
    number = row_number(asked)
    watch = where.site.reads.overview.watch(where.placement, number) if number else None
    if watch is None:
        return missing_page(
            request,
            "Placement %(placement)s has no watch %(n)s.",
            placement=where.placement,
            n=asked,
        )
    return render(request, "watches", "watch", watch=watch)
