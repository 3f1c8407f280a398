"""How numbers and times are written on pages."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from dashboards.language.catalogue import catalogue
from dashboards.language.stored import cause_name, retold

NOTHING = "–"
"""What stands where there is no figure."""
LARGE = 1000
"""From here on digits behind the point say nothing."""
SMALL = 0.001
"""Below it a figure is as good as none, and an exponent is read by nobody."""
QUOTED = re.compile(r"`([^`]+)`")
"""A command or a name in a stored sentence."""


def number(value: float | None, digits: int = 0) -> str:
    """Write a number with groups of three.

    Args:
        value: the number; None for none.
        digits: behind the point.
    """
    return NOTHING if value is None else f"{value:,.{digits}f}"


def share(value: float | None, digits: int = 0) -> str:
    """Write a share as per cent.

    Args:
        value: from 0 to 1; None for none.
        digits: behind the point.
    """
    return NOTHING if value is None else f"{value:.{digits}%}"


def figure(value: float | None) -> str:
    """Write a figure of quality, such as NDCG, with four digits behind the point.

    Args:
        value: the figure; None for none.
    """
    return NOTHING if value is None else f"{value:.4f}"


def compact(value: float | None) -> str:
    """Write a figure of which nobody knows how large it is, with three digits that count.

    Args:
        value: the figure; None for none.
    """
    if value is None:
        return NOTHING
    if abs(value) >= LARGE or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= SMALL else f"{value:.3f}"


@pass_context
def span(context: Context, value: timedelta | None) -> str:
    """Write a span of time in its two largest units.

    Args:
        context: of the template, whose `here` knows the language.
        value: the span; None for none.
    """
    if value is None:
        return NOTHING
    _ = catalogue(context["here"].language).gettext
    minutes = max(int(value.total_seconds() // 60), 0)
    if minutes >= 48 * 60:
        units = {"days": minutes // 1440, "hours": minutes % 1440 // 60}
        return (_("%(days)s d %(hours)s h") if units["hours"] else _("%(days)s d")) % units
    units = {"hours": minutes // 60, "minutes": minutes % 60}
    if minutes >= 60:
        return (_("%(hours)s h %(minutes)s min") if units["minutes"] else _("%(hours)s h")) % units
    return _("%(minutes)s min") % units


@pass_context
def when(context: Context, value: datetime | None) -> str:
    """Write a time in the zone of the page, for people and machines.

    Args:
        context: of the template, whose `here` knows the zone.
        value: an aware time; None for none.
    """
    if value is None:
        return NOTHING
    local = value.astimezone(context["here"].zone)
    element = Markup('<time datetime="{}">{}</time>')
    return element.format(local.isoformat(timespec="seconds"), f"{local:%Y-%m-%d %H:%M}")


@pass_context
def ago(context: Context, value: datetime | None) -> str:
    """Write how long ago a time was when the page was asked for.

    Args:
        context: of the template, whose `here` knows the moment.
        value: an aware time; None for none.
    """
    return NOTHING if value is None else span(context, context["here"].now - value)


@pass_context
def sentence(context: Context, text: str) -> Markup:
    """Write a stored sentence: what stands between backticks is code, and commands are complete.

    Args:
        context: of the template, whose `here` completes commands, and knows the language.
        text: as it is stored; it is escaped here.
    """
    as_typed = context["here"].site.as_typed
    parts = []
    for place, part in enumerate(QUOTED.split(retold(text, context["here"].language))):
        is_quoted = place % 2 == 1
        shown = as_typed(part) if is_quoted and part.startswith("fusion ") else part
        parts.append(Markup("<code>{}</code>").format(shown) if is_quoted else escape(shown))
    return Markup("").join(parts)


@pass_context
def cause(context: Context, code: str) -> str:
    """Write the cause of an alert.

    Args:
        context: of the template, whose `here` knows the language.
        code: of the cause.
    """
    return cause_name(code, context["here"].language)


FILTERS: dict[str, Callable[..., Any]] = {
    "number": number,
    "share": share,
    "figure": figure,
    "compact": compact,
    "sentence": sentence,
    "cause": cause,
    "span": span,
    "when": when,
    "ago": ago,
}
"""Filters of templates."""
