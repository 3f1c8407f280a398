"""Today: fine, look or act, and why; everything that a morning needs."""

from starlette.requests import Request
from starlette.responses import Response

from dashboards.pages.frame import here, messages, render
from dashboards.pages.overview.commands import next_commands
from dashboards.pages.overview.rule import judge
from dashboards.pages.overview.trends import pictures

SHOWN_ALERTS = 10
"""Open alerts on Today; the page of alerts has all."""


def show_today(request: Request) -> Response:
    """Show how a placement does.

    Args:
        request: what was asked.
    """
    where = here(request, "")
    facts = where.site.reads.overview.today(where.placement)
    if facts is None:
        return render(request, "", "today", facts=None)
    opened = [one for one in facts.alerts if one.state == "open"]
    spans = facts.trends.spans
    return render(
        request,
        "",
        "today",
        facts=facts,
        before=spans[-2].run_id if len(spans) > 1 else None,
        judgement=judge(facts, where.now),
        alerts=[(one, next_commands(one)) for one in opened[:SHOWN_ALERTS]],
        n_open=len(opened),
        n_acknowledged=len(facts.alerts) - len(opened),
        pictures=pictures(facts.trends, facts.max_age, where.now, messages(request).gettext),
    )
