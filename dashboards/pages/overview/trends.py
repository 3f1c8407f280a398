"""The small pictures of Today: quality, churn, drift, volume and age, each with its limit."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from dashboards.language.catalogue import Say
from dashboards.pages.formats import figure, number, share
from dashboards.pages.overview.past_facts import LiveSpan, RunPoint, Trends
from dashboards.plots.picture import Picture
from dashboards.plots.sparkline import Line, sparkline

DAY = timedelta(days=1)


def pictures(trends: Trends, max_age: timedelta, now: datetime, say: Say) -> list[Picture]:
    """Draw what moved over runs and watches.

    Args:
        trends: figures.
        max_age: how long after its training the live run is too old.
        now: aware time.
        say: gives a message in the language of the page.

    Returns:
        Pictures of all that has been measured.
    """
    drawn = [
        _quality(trends.runs, say),
        _churn(trends.runs, say),
        _drift(trends, say),
        _volume(trends, say),
        _age(trends.spans, max_age, now, say),
    ]
    return [one for one in drawn if one is not None]


def _quality(runs: Sequence[RunPoint], say: Say) -> Picture | None:
    _ = say
    lines = [
        Line(_("realised"), [one.realised for one in runs]),
        Line(_("promised"), [one.promised for one in runs], "soft"),
        Line(_("at least"), [one.least for one in runs], "limit"),
    ]
    if all(one.promised is None for one in runs):
        # With too few past windows a verdict promises nothing, and is all that is known.
        lines[1:] = [Line(_("verdict"), [one.verdict for one in runs], "soft")]
    said = _("NDCG@10 in the window after each run, beside what its verdict promised.")
    title = _("Quality, realised and promised")
    days, beginning = _days(runs), _("axis from")
    return sparkline(title, said, days, lines, figure, heading=_("Run"), beginning=beginning)


def _churn(runs: Sequence[RunPoint], say: Say) -> Picture | None:
    _ = say
    if all(one.churn is None for one in runs):
        return None
    lines = [
        Line(_("churn"), [one.churn for one in runs]),
        Line(_("chance"), [one.chance for one in runs], "soft"),
        Line(_("limit"), [one.churn_limit for one in runs], "limit"),
    ]
    said = _("Share of a list that changed against the run before, and what chance alone changes.")
    title = _("Churn of lists beside chance")
    return sparkline(title, said, _days(runs), lines, share, heading=_("Run"))


def _drift(trends: Trends, say: Say) -> Picture | None:
    _ = say
    runs = trends.runs
    if all(one.drift is None for one in runs):
        return None
    lines = [
        Line(_("drifted"), [one.drift for one in runs]),
        Line(_("limit"), [trends.drift_limit] * len(runs), "limit"),
    ]
    said = _("Share of columns that drifted against the run before, of the subject that did most.")
    title = _("Drift of the data")
    return sparkline(title, said, _days(runs), lines, share, heading=_("Run"))


def _days(runs: Sequence[RunPoint]) -> list[str]:
    return [f"{one.at:%Y-%m-%d}" for one in runs]


def _volume(trends: Trends, say: Say) -> Picture | None:
    _ = say
    days = [one.day for one in trends.volume]
    lines = [Line(_("events"), [one.events for one in trends.volume])]
    if trends.usual_volume is not None:
        low, high = trends.usual_volume
        lines.append(Line(_("usual up to"), [high] * len(days), "limit"))
        lines.append(Line(_("usual from"), [low] * len(days), "limit"))
    said = _("Events of each day that has closed, and what is usual for the newest one.")
    form = partial(number, digits=0)
    return sparkline(_("Volume of events by day"), said, days, lines, form, heading=_("Day"))


def _age(spans: Sequence[LiveSpan], max_age: timedelta, now: datetime, say: Say) -> Picture | None:
    """Draw a saw: the live run grows older until another takes its place."""
    _ = say
    moments: list[datetime] = []
    ages: list[float | None] = []
    for span in spans:
        for at in (span.since, span.until or now):
            moments.append(at)
            ages.append((at - span.trained_at) / DAY)
    limits = [max_age / DAY] * len(moments)
    lines = [Line(_("age"), ages), Line(_("limit"), limits, "limit")]
    return sparkline(
        _("Age of the live run"),
        _("Days since the training of the run that was live."),
        [f"{at:%Y-%m-%d}" for at in moments],
        lines,
        lambda days: _("%(n)s d") % {"n": f"{days:.1f}"},
        positions=[at.timestamp() for at in moments],
        heading=_("When"),
    )
