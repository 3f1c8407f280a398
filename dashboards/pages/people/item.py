"""One item: its reach over runs, what brings it, who gets it, and with what."""

from collections.abc import Sequence
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from dashboards.language.catalogue import Say
from dashboards.pages.frame import here, messages, missing_page, render
from dashboards.pages.people.item_facts import ItemFacts
from dashboards.pages.people.user import NUL
from dashboards.plots.columns import columns
from dashboards.plots.gain_bar import gain_bar
from dashboards.plots.picture import Picture

MOST_BARS = 40


def show_item(request: Request) -> Response:
    """Show one item.

    Args:
        request: its path names the `item`.
    """
    where = here(request, "items")
    item: str = request.path_params["item"]
    if NUL in item:
        return missing_page(request, "No item has such an id.")
    facts = where.site.reads.people.item(where.placement, item)
    say = messages(request).gettext
    gains = [abs(one.gain) for one in facts.bringers if one.gain is not None] if facts else []
    return render(
        request,
        "items",
        "item",
        facts=facts,
        item=item,
        ranks=_ranks(facts, say) if facts else None,
        events=_events(facts.days, say) if facts else None,
        gain_bar=gain_bar,
        largest=max(gains, default=0.0),
    )


def _ranks(facts: ItemFacts, say: Say) -> Picture | None:
    """Draw the ranks that an item stands on; None where no list holds it."""
    if not any(facts.ranks):
        return None
    counts = [(str(rank), count) for rank, count in enumerate(facts.ranks, 1)]
    _, values = say, {"lists": f"{facts.live.lists:,}", "first": f"{facts.live.first:,}"}
    said = _("Of %(lists)s lists, %(first)s show it first.") % values
    return columns(_("Lists by the rank of the item"), said, (_("rank"), _("lists")), counts)


def _events(days: Sequence[tuple[date, int]], say: Say) -> Picture | None:
    """Draw events over time, in spans of equal length; None where there are none."""
    if not days:
        return None
    first, last = days[0][0], days[-1][0]
    length = (last - first).days // MOST_BARS + 1
    counts = [0] * ((last - first).days // length + 1)
    for day, events in days:
        counts[(day - first).days // length] += events
    starts = [date.fromordinal(first.toordinal() + place * length) for place in range(len(counts))]
    named = [(f"{start:%Y-%m-%d}", count) for start, count in zip(starts, counts, strict=True)]
    _, values = say, {"n": f"{sum(counts):,}", "first": first, "last": last, "days": length}
    said = _("%(n)s events from %(first)s to %(last)s, a bar for each %(days)s days.") % values
    return columns(_("Events with the item over time"), said, (_("from"), _("events")), named)
