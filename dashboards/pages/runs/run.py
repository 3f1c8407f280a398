"""The page of one run."""

from starlette.requests import Request
from starlette.responses import Response

from dashboards.pages.frame import here, messages, missing_page, render
from dashboards.pages.runs.conclusion import conclude
from dashboards.pages.runs.manifest_text import manifest_text
from dashboards.pages.runs.pictures import pictures


def show_run(request: Request) -> Response:
    """Show what a run comes to, and the figures that it rests on.

    Args:
        request: whose path names the run, or a slot.
    """
    where = here(request, "runs")
    name = request.path_params["run"]
    facts = where.site.reads.runs.run(where.placement, name)
    if facts is None:
        return missing_page(
            request,
            "Placement %(placement)s has no run %(run)s.",
            placement=where.placement,
            run=name,
        )
    return render(
        request,
        "runs",
        "run",
        facts=facts,
        conclusion=conclude(facts),
        pictures=pictures(facts, messages(request).gettext),
        manifest=manifest_text(facts.manifest),
    )
