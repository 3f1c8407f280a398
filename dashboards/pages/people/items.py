"""Find an item by its id or title; what is listed most."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboards.pages.frame import here, render
from dashboards.pages.people.user import NUL


def show_items(request: Request) -> Response:
    """Show the items that were searched for, or go to the one whose id was given.

    Args:
        request: its query may hold an id, or a part of a title, as `find`.
    """
    where = here(request, "items")
    asked = request.query_params.get("find", "").replace(NUL, "").strip()
    facts = where.site.reads.people.items(where.placement, asked)
    if facts is not None and facts.is_item:
        return RedirectResponse(where.link("items", asked), status_code=303)
    return render(request, "items", "items", facts=facts, asked=asked)
