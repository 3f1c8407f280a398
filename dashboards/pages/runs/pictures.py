"""Pictures of a run: differences, methods, drift, how lists changed, features."""

from dashboards.language.catalogue import Say, marked
from dashboards.pages.runs.exposure_figures import POPULARITY_GROUPS
from dashboards.pages.runs.facts import RunFacts
from dashboards.pages.runs.figures import ListChanges
from dashboards.plots.bullets import Bullet, bullets
from dashboards.plots.curves import curve
from dashboards.plots.dots import Dot, dots
from dashboards.plots.histograms import histogram
from dashboards.plots.picture import Picture
from dashboards.plots.ratios import Ratio, ratios
from dashboards.plots.sparkline import Line, sparkline

SHOWN_COLUMNS = 20
"""Columns of drift that are drawn; the downloads have all."""
SHOWN_FEATURES = 15
OVERLAPS = {
    "jaccard": marked("Jaccard of each user's lists"),
    "rbo": marked("Rank-biased overlap of each user's lists"),
}
"""Measures of how alike two lists are, by the words for them."""

POPULARITY = {
    "head": marked("head"),
    "middle": marked("middle"),
    "tail": marked("tail"),
    "new": marked("new items"),
}
"""Groups of items by their popularity, by the words for them."""


def pictures(facts: RunFacts, say: Say) -> dict[str, Picture]:
    """Draw what there is to draw of a run.

    Args:
        facts: all that is known of it.
        say: gives a message in the language of the page.

    Returns:
        Pictures by name; none for what nothing is known of.
    """
    drawn = {
        "differences": _differences(facts, say),
        "methods": _methods(facts, say),
        "drift": _drift(facts, say),
        "importance": _importance(facts, say),
        "groups": _groups(facts, say),
        "gaps": _gaps(facts, say),
        "exposure": _exposure(facts, say),
        "exposure over runs": _exposure_over_runs(facts, say),
        **_overlaps(facts.lists, say),
        **_curves(facts, say),
    }
    return {name: picture for name, picture in drawn.items() if picture is not None}


def _differences(facts: RunFacts, say: Say) -> Picture | None:
    _ = say
    rows = []
    for one in facts.differences:
        name = _("live run %(run)s") % {"run": one.against} if one.is_live else one.against
        gap, label = one.estimate, _("minus %(name)s") % {"name": name}
        rows.append(Dot(label, gap.value, gap.low, gap.high, strong=not gap.is_below))
    if not rows:
        return None
    title = _("Difference of NDCG@10 over the same users")
    said = _(
        "What is published minus others, with intervals of 95 %; right of 0 it is better than "
        "they are."
    )
    return dots(title, said, rows, unit="NDCG@10", say=say)


def _methods(facts: RunFacts, say: Say) -> Picture | None:
    _ = say
    rows = [
        Dot(one.name, one.ndcg.value, one.ndcg.low, one.ndcg.high, one.is_chosen)
        for one in facts.methods
    ]
    if not rows:
        return None
    said = _(
        "Every method on all judged users, with intervals of 95 %; the published one in full "
        "colour."
    )
    return dots(_("NDCG@10 of every method"), said, rows, "{:.4f}", "NDCG@10", say)


def _groups(facts: RunFacts, say: Say) -> Picture | None:
    _ = say
    if len(facts.groups) < 2:
        return None
    shown = sorted(facts.groups, key=lambda one: one.ndcg.value)[:SHOWN_COLUMNS]
    rows = [
        Dot(f"{one.name}", one.ndcg.value, one.ndcg.low, one.ndcg.high, one.by == "route")
        for one in shown
    ]
    said = _("What serves each part of the users, with intervals of 95 %, the worst first.")
    return dots(_("NDCG@10 by route and segment"), said, rows, "{:.4f}", "NDCG@10", say)


def _gaps(facts: RunFacts, say: Say) -> Picture | None:
    _ = say
    if not facts.gaps:
        return None
    rows = [
        Dot(one.name, one.gap.value, one.gap.low, one.gap.high, one.gap.is_below)
        for one in facts.gaps[:SHOWN_COLUMNS]
    ]
    said = _(
        "Each segment minus everyone else, the worst first; intervals are corrected for how many "
        "segments there are. In full colour: surely worse."
    )
    return dots(_("Difference of NDCG@10 from everyone else"), said, rows, unit="NDCG@10", say=say)


def _exposure(facts: RunFacts, say: Say) -> Picture | None:
    _ = say
    if facts.exposure is None:
        return None
    rows = [
        Ratio(one.name, one.ratio.value, one.ratio.low, one.ratio.high)
        for one in facts.exposure.groups
        if one.ratio is not None
    ]
    rows.sort(key=lambda one: -one.value)
    said = _(
        "Share of exposure over share of events, with intervals of 95 %: right of 1 a group is "
        "shown more than it is taken. Dashed: what the gate allows, where it has a limit."
    )
    title = _("Exposure of item groups beside the interest in them")
    return ratios(title, said, rows, facts.exposure.limit, _("times"), say)


def _exposure_over_runs(facts: RunFacts, say: Say) -> Picture | None:
    _ = say
    past = facts.exposure.past if facts.exposure else ()
    if len(past) < 2:
        return None
    lines: list[Line] = []
    for name in POPULARITY_GROUPS:
        of_group = [one.ratios.get(name) for one in past]
        lines.append(Line(_(POPULARITY[name]), of_group, "soft" if lines else "line"))
    lines.append(Line(_("as taken"), [1.0] * len(past), "limit"))
    said = _(
        "Share of exposure over share of events, run by run: at 1 items are shown as much as they "
        "are taken."
    )
    moments = [f"{one.at:%Y-%m-%d}" for one in past]
    title = _("Exposure over the runs")
    return sparkline(title, said, moments, lines, "{:.2f}".format, heading=_("Run"))


def _drift(facts: RunFacts, say: Say) -> Picture | None:
    _ = say
    rows = [
        Bullet(f"{one.subject} · {one.column}", one.value, one.noise, one.limit, one.drifted)
        for one in (facts.drift or ())[:SHOWN_COLUMNS]
    ]
    if not rows:
        return None
    said = _(
        "The bar is the distance, the band what chance alone gives, the dashed line the limit; "
        "each column in multiples of its own limit, the worst first."
    )
    return bullets(_("Drift of columns"), said, rows, say)


def _importance(facts: RunFacts, say: Say) -> Picture | None:
    _ = say
    shown = [one for one in facts.importance[:SHOWN_FEATURES] if one[1] > 0]
    if not shown:
        return None
    said = _("Share of the gain of all splits that the ranker made by each feature.")
    rows = [Dot(name, share) for name, share in shown]
    return dots(_("What the ranker looks at"), said, rows, "{:.1%}", _("share of gain"), say)


def _overlaps(lists: ListChanges | None, say: Say) -> dict[str, Picture]:
    _ = say
    drawn = {}
    for name, title in OVERLAPS.items():
        shares = lists.histograms.get(name) if lists else None
        if lists and shares:
            chance = lists.histograms.get(f"{name}_chance")
            said = _(
                "Share of users by how alike their two lists are; 1 is the same list, 0 another."
            )
            if chance:
                outline = _("The outline is what chance alone gives: lists of the ranker's twin.")
                said = f"{said} {outline}"
            drawn[name] = histogram(_(title), said, shares, chance, say)
    return drawn


def _curves(facts: RunFacts, say: Say) -> dict[str, Picture]:
    _ = say
    said = _(
        "Candidates in tenths from the smallest values to the largest: the median of what the "
        "feature adds to their scores, and the band of half of them."
    )
    return {
        f"curve {place}": curve(
            one.feature, said, one.values, one.low, one.middle, one.high, say=say
        )
        for place, one in enumerate(facts.curves)
    }
