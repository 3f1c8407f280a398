"""Find a user by id; examples of each route."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboards.pages.frame import here, render


def show_users(request: Request) -> Response:
    """Show the field to find a user, or go to the one that was asked for.

    Args:
        request: its query may hold an `id`.
    """
    where = here(request, "users")
    asked = request.query_params.get("id", "")
    if asked:
        return RedirectResponse(where.link("users", asked), status_code=303)
    return render(request, "users", "users", facts=where.site.reads.people.users(where.placement))
