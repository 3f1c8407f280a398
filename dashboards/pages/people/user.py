"""One user: their list with reasons, the same in other runs, blocks, history, fallback."""

from collections.abc import Sequence
from shlex import quote

from starlette.requests import Request
from starlette.responses import Response

from dashboards.pages.frame import here, missing_page, render
from dashboards.plots.gain_bar import gain_bar

NUL = "\0"
"""A character that no id in SQL has, and that PostgreSQL refuses even to look for."""


def change(ranks: Sequence[int | None], position: int) -> str:
    """Say how an item moved from the run before to a run.

    Args:
        ranks: its places in runs, newest first.
        position: of the run.

    Returns:
        "new", "↑2", "↓1" or "".
    """
    rank = ranks[position]
    if rank is None or position + 1 >= len(ranks):
        return ""
    before = ranks[position + 1]
    if before is None:
        return "new"
    moved = before - rank
    return "" if moved == 0 else f"{'↑' if moved > 0 else '↓'}{abs(moved)}"


def show_user(request: Request) -> Response:
    """Show one user.

    Args:
        request: its path names the `user`.
    """
    where = here(request, "users")
    user: str = request.path_params["user"]
    if NUL in user:
        return missing_page(request, "No user has such an id.")
    facts = where.site.reads.people.user(where.placement, user)
    tools = {"change": change, "gain_bar": gain_bar, "shell": quote}
    return render(request, "users", "user", facts=facts, user=user, **tools)
