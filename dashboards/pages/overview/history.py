"""History: what happened in a placement, by whom, newest first."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from dashboards.pages.frame import here, render
from dashboards.pages.overview.past_facts import HISTORY_KINDS


def show_history(request: Request) -> Response:
    """Show a page of the history.

    Args:
        request: what was asked; `kind` in its query is one of `HISTORY_KINDS`, `before` an ISO time
            in UTC.
    """
    where = here(request, "history")
    asked = request.query_params.get("kind", "")
    kind = asked if asked in HISTORY_KINDS else ""
    before = _moment(request.query_params.get("before", ""))
    page = where.site.reads.overview.history(where.placement, kind, before)
    return render(
        request, "history", "history", page=page, kind=kind, before=before, kinds=HISTORY_KINDS
    )


def _moment(text: str) -> datetime | None:
    """Return the time that an address names; None where it names none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
