"""Templates in the language of whoever asks."""

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from dashboards.language.catalogue import DEFAULT, LANGUAGES, catalogue, preferred_language
from dashboards.pages.formats import FILTERS

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGE = "language"
"""The cookie, and the parameter of an address, that name a language."""
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Characters that nobody sees: a terminal obeys them where a page is fetched by hand, and some show
what follows in another order."""

_ENVIRONMENTS: dict[str, Environment] = {}


def language_of(request: Request) -> str:
    """Return the language that a page speaks: as asked for, or as the browser prefers.

    Args:
        request: what was asked.
    """
    for asked in (request.query_params.get(LANGUAGE), request.cookies.get(LANGUAGE)):
        if asked in LANGUAGES:
            return asked
    return preferred_language(request.headers.get("accept-language", DEFAULT))


def environment(language: str) -> Environment:
    """Return the templates with the messages of a language; made once each.

    Args:
        language: of the messages.
    """
    if language not in _ENVIRONMENTS:
        made = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
            finalize=_visible,
        )
        made.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
        made.filters.update(FILTERS)
        _ENVIRONMENTS[language] = made
    return _ENVIRONMENTS[language]


def _visible(value: Any) -> Any:
    r"""Show what steers a reader as an escape such as `\x1b`, as the terminal does."""
    found = set(STEERING.findall(value)) if isinstance(value, str) else ()
    for letter in found:
        # Markup stays markup: its method gives its own kind.
        value = value.replace(letter, repr(letter)[1:-1])
    return value
