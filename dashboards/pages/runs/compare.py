"""The page of two runs beside each other."""

from starlette.requests import Request
from starlette.responses import Response

from dashboards.pages.frame import here, missing_page, render

ASKED, ONLY = "asked", "only"
"""Parameters of the form: that it was sent, since an empty box sends nothing; the box itself."""


def show_comparison(request: Request) -> Response:
    """Show how two runs differ.

    Args:
        request: whose query names them, `old` and `new`: ids, or slots.
    """
    where, asked = here(request, "runs"), request.query_params
    names = [asked.get("old", ""), asked.get("new", "")]
    only = ASKED not in asked or ONLY in asked
    if not all(names):
        return render(request, "runs", "compare", pair=None, only=only)
    reads = where.site.reads.runs
    pair = reads.pair(where.placement, *names)
    if pair is None:
        return missing_page(
            request,
            "Placement %(placement)s has no run %(run)s.",
            placement=where.placement,
            run=" / ".join(dict.fromkeys(names)),
        )
    return render(
        request, "runs", "compare", pair=pair.only_differences() if only else pair, only=only
    )
