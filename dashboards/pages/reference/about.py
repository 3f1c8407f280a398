"""About: how figures come about, what words mean, which limits hold, which versions speak here."""

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response

from dashboards.pages.frame import here, render

PACKAGES = ("fusion-recommender", "polars", "sqlalchemy", "starlette")


def show_about(request: Request) -> Response:
    """Show methods, words, limits and versions.

    Args:
        request: what was asked.
    """
    where = here(request, "about")
    facts = where.site.reads.reference.about(where.placement)
    versions = {name: version(name) for name in PACKAGES}
    return render(request, "about", "about", versions=versions, facts=facts)
