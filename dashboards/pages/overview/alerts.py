"""Alerts: what stands, since when, what is usual, what to do, and what was before."""

from starlette.requests import Request
from starlette.responses import Response

from dashboards.pages.formats import compact
from dashboards.pages.frame import here, messages, missing_page, render
from dashboards.pages.overview.commands import next_commands
from dashboards.pages.overview.facts import AlertPage
from dashboards.pages.overview.numbers import row_number
from dashboards.plots.picture import Picture
from dashboards.plots.sparkline import Line, sparkline

STATES = ("open", "acknowledged", "resolved")


def show_alerts(request: Request) -> Response:
    """Show the alerts of a placement, filtered by state.

    Args:
        request: what was asked; `state` in its query is one of `STATES`.
    """
    where = here(request, "alerts")
    asked = request.query_params.get("state", "")
    state = asked if asked in STATES else ""
    alerts = where.site.reads.overview.alerts(where.placement, state)
    return render(request, "alerts", "alerts", alerts=alerts, state=state, states=STATES)


def show_alert(request: Request) -> Response:
    """Show one alert with its history.

    Args:
        request: what was asked; its path names a `number`.
    """
    where = here(request, "alerts")
    asked = request.path_params["number"]
    number = row_number(asked)
    page = where.site.reads.overview.alert(where.placement, number) if number else None
    if page is None:
        return missing_page(
            request,
            "Placement %(placement)s has no alert %(n)s.",
            placement=where.placement,
            n=asked,
        )
    picture, commands = _picture(request, page), next_commands(page.alert)
    return render(
        request,
        "alerts",
        "alert",
        page=page,
        alert=page.alert,
        picture=picture,
        commands=commands,
    )


def _picture(request: Request, page: AlertPage) -> Picture | None:
    """Draw the values of the alert's figure, with what is usual."""
    if not page.values:
        return None
    _ = messages(request).gettext
    days = [day for day, _value in page.values]
    lines = [Line(page.alert.name, [value for _day, value in page.values])]
    low, high = page.alert.usual or (None, None)
    for name, end in ((_("usual up to"), high), (_("usual from"), low)):
        if end is not None:
            lines.append(Line(name, [end] * len(days), "limit"))
    title = _("Its figure in the past")
    said = _("The value of each day or window that has closed, and what is usual.")
    return sparkline(title, said, days, lines, compact, heading=_("From"))
