"""The frame around every page: where it is, in which language, and up to when data is known."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dashboards.language.catalogue import LANGUAGES, Catalogue, catalogue, marked
from dashboards.pages.reads import Reads
from dashboards.pages.templating import LANGUAGE, environment, language_of
from dashboards.pages.visitor import visitor_of
from dashboards.pages.writes import Writes
from fusion.errors import FusionError

ASSETS = Path(__file__).parent / "assets"
SECTIONS = (
    ("", marked("Today")),
    ("runs", marked("Runs")),
    ("users", marked("Users")),
    ("items", marked("Items")),
    ("alerts", marked("Alerts")),
    ("history", marked("History")),
    ("watches", marked("Watches")),
    ("sql", marked("SQL")),
    ("about", marked("About")),
)
"""Pages that the navigation names: the end of the address and the title."""


@dataclass(frozen=True)
class Site:
    """Keep what all pages are made of.

    Attributes:
        placement: the one that the configuration names; pages begin with it.
        reads: functions that read.
        as_typed: completes a command that a page shows, so that it can be typed as it stands.
        timezone: in which times are shown, an IANA name.
        writes: functions that write; None where pages only read.
    """

    placement: str
    reads: Reads
    as_typed: Callable[[str], str]
    timezone: str = "UTC"
    writes: Writes | None = None


@dataclass(frozen=True)
class Here:
    """Locate a page: its placement, section, language and moment.

    Attributes:
        site: what it is made of.
        placement: whose page it is.
        section: the part of the navigation, an end of an address.
        language: in which it speaks.
        now: when it was asked for.
        address: its own path with its query.
    """

    site: Site
    placement: str
    section: str
    language: str
    now: datetime
    address: str

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of its times."""
        return ZoneInfo(self.site.timezone)

    def link(self, *parts: str) -> str:
        """Return the path of a page of this placement.

        Args:
            parts: names behind the placement, as they are; they are escaped here.
        """
        return page_path(self.placement, *parts)


def page_path(placement: str, *parts: str) -> str:
    """Return the path of a page.

    Args:
        placement: whose page it is.
        parts: names behind it, as they are; they are escaped here.
    """
    return "/at/" + "/".join(quote(part, safe="") for part in (placement, *parts))


def here(request: Request, section: str) -> Here:
    """Find out where a page is.

    Args:
        request: whose path may name a `placement`, and whose query a `language`.
        section: the part of the navigation.
    """
    site: Site = request.app.state.site
    query = f"?{request.url.query}" if request.url.query else ""
    return Here(
        site,
        request.path_params.get("placement", site.placement),
        section,
        language_of(request),
        datetime.now(UTC),
        request.url.path + query,
    )


def messages(request: Request) -> Catalogue:
    """Return the messages of the language that a page speaks, for what its handler writes.

    Args:
        request: what was asked.
    """
    return catalogue(language_of(request))


def render(request: Request, section: str, template: str, **values: Any) -> Response:
    """Return a page of a placement.

    Args:
        request: what was asked.
        section: the part of the navigation that it belongs to, as in `SECTIONS`.
        template: name of its file in `templates`, without `.html`.
        values: names that the template uses.

    Returns:
        The page; the one that says so where there is no such placement.
    """
    where = here(request, section)
    placements = where.site.reads.placements()
    if where.placement not in {*placements, where.site.placement}:
        return missing_page(
            request, "There is no placement %(placement)s.", placement=where.placement
        )
    return _page(request, where, template, placements=placements, **values)


def missing_page(request: Request, message: str, **values: str) -> Response:
    """Return the page that says that something is not there.

    Args:
        request: what was asked.
        message: what is missing, in English: a message of catalogues, with `%(name)s` for values.
        values: by their names.
    """
    sentence = messages(request).gettext(message)
    return _message(request, 404, marked("Not found"), sentence % values if values else sentence)


def show_missing(request: Request, error: Exception) -> Response:
    """Answer an address that no page has.

    Args:
        request: what was asked.
        error: as Starlette raised it.
    """
    return missing_page(request, "No page has the address %(path)s.", path=request.url.path)


def show_failure(request: Request, error: Exception) -> Response:
    """Answer with what went wrong while a page was made.

    Args:
        request: what was asked.
        error: ours, whose text says what to do.
    """
    return _message(request, 500, marked("This page could not be made"), str(error))


def _message(request: Request, status: int, title: str, sentence: str) -> Response:
    # It may be the database that fails: this page asks nothing of it.
    where = replace(here(request, "none"), placement=request.app.state.site.placement)
    answer = _page(request, where, "message", title=title, sentence=sentence, placements=[])
    answer.status_code = status
    return answer


def _page(request: Request, where: Here, template: str, **values: Any) -> Response:
    content = (
        environment(where.language)
        .get_template(f"{template}.html")
        .render(
            here=where,
            data_as_of=_data_as_of(where),
            sections=SECTIONS,
            languages=LANGUAGES,
            parameters=[one for one in request.query_params.multi_items() if one[0] != LANGUAGE],
            visitor=visitor_of(request),
            **values,
        )
    )
    # Lists of people are nothing for a disk.
    answer = HTMLResponse(content, headers={"cache-control": "no-store"})
    if request.query_params.get(LANGUAGE) == where.language:
        answer.set_cookie(LANGUAGE, where.language, httponly=True, samesite="strict")
    return answer


def _data_as_of(where: Here) -> datetime | None:
    try:
        return where.site.reads.data_as_of(where.placement)
    except FusionError:
        return None
