"""Pages as single files: styles in them, no links, nothing fetched, for mail and archives."""

from datetime import UTC, datetime
from typing import Any

from dashboards.language.catalogue import DEFAULT
from dashboards.pages.frame import ASSETS, Here, Site
from dashboards.pages.templating import environment

BEGIN = "<!doctype html>\n<!-- report of fusion -->"
"""Text that every such file begins with: by it, it is told from files of others."""


def one_file(site: Site, template: str, language: str = DEFAULT, **values: Any) -> str:
    """Return a page as one document.

    Args:
        site: whose placement, time zone and commands are named; nothing is read by it.
        template: name of its file in `templates`, without `.html`; one that extends `report`.
        language: in which it speaks.
        values: names that the template uses.
    """
    where = Here(site, site.placement, "", language, datetime.now(UTC), "")
    styles = (ASSETS / "page.css").read_text(encoding="utf-8")
    page = environment(language).get_template(f"{template}.html")
    return f"{BEGIN}\n{page.render(here=where, styles=styles, **values)}"
