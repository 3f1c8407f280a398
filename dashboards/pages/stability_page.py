"""The stability report: a page of our own, since Evidently does not compare lists."""

from dataclasses import dataclass
from html import escape

import polars as pl

from dashboards.measures.stability import ALL, PERCENTILES, Stability
from dashboards.pages.style import PAGE
from dashboards.plots.charts import Bar, bars, histogram
from dashboards.run import RunRef

KNOWN = ("row", "kind", "ndcg", "low", "high", "chosen")
"""Columns of a verdict that the bars show."""
FIGURE = "{:.4f}"


@dataclass(frozen=True)
class SpreadFigure:
    """A figure of how lists spread over items: its name in the table, and how people read it."""

    name: str
    title: str
    note: str
    form: str


SPREAD = (
    SpreadFigure(
        "coverage", "Catalogue coverage", "share of all items that are in some list", "{:.1%}"
    ),
    SpreadFigure(
        "items_listed", "Items listed", "different items in all lists together", "{:,.0f}"
    ),
    SpreadFigure(
        "gini", "Gini", "0: all items listed equally often; 1: one item takes all", "{:.3f}"
    ),
    SpreadFigure(
        "popularity",
        "Popularity",
        "share of all lists that hold a listed item, on average",
        "{:.2%}",
    ),
)


def stability_page(run: RunRef, stability: Stability | None, verdict: pl.DataFrame | None) -> str:
    """Return the page as HTML.

    Args:
        run: the run that is reported.
        stability: of its lists; None on a first run, and the page says so.
        verdict: as `write_report` takes it; None leaves the section out.

    Returns:
        A whole document with its style sheet; nothing is fetched.
    """
    parts = [_first_run()] if stability is None else _compared(stability)
    if verdict is not None and not verdict.is_empty():
        parts.append(_verdict(verdict))
    return PAGE.format(
        run_id=escape(run.run_id),
        placement=escape(run.placement),
        as_of=f"{run.time:%Y-%m-%d %H:%M} UTC",
        body="\n".join(parts),
    )


def _first_run() -> str:
    text = (
        "<p>No run was live in this placement before this one. From the next run on, this page "
        "shows how much each user's list changed.</p>"
    )
    return _section("Nothing to compare with yet", text)


def _compared(stability: Stability) -> list[str]:
    """Return the sections of a run that has a predecessor."""
    if stability.users.is_empty():
        text = "<p>The two runs have no user in common: are the user ids still the same?</p>"
        return [_cards(stability), _section("No list to compare", text), _spread(stability)]
    return [_cards(stability), _histograms(stability), _segments(stability), _spread(stability)]


def _cards(stability: Stability) -> str:
    """Return the figures at the top of the page."""
    k = stability.k
    first_changed = _form(stability.value("top1_changed"), "{:.1%}")
    unchanged = _form(stability.value("unchanged"), "{:.1%}")
    compared = _form(stability.value("users_both"), "{:,.0f}")
    cards = [
        _mean_card(stability, "jaccard", f"Jaccard at {k}"),
        _mean_card(stability, "rbo", f"Rank-biased overlap at {k}"),
        _card("First item changed", first_changed, "share of users"),
        _card("List unchanged", unchanged, "same items, same order"),
        _card("Users compared", compared, _moves(stability)),
    ]
    return f'<div class="cards">{"".join(cards)}</div>'


def _mean_card(stability: Stability, name: str, title: str) -> str:
    """Return the card of a mean with its interval, beside what chance alone gives."""
    rows = stability.rows().filter(name=name, segment=ALL)
    if rows.is_empty():
        return _card(title, "–", "no common users")
    row = rows.row(0, named=True)
    chance = stability.value(f"{name}_chance")
    beside = "chance not measured" if chance is None else f"chance alone {chance:.3f}"
    return _card(title, f"{row['value']:.3f}", f"{row['low']:.3f} to {row['high']:.3f}, {beside}")


def _moves(stability: Stability) -> str:
    gained = stability.value("users_gained") or 0
    lost = stability.value("users_lost") or 0
    return f"{gained:,.0f} gained, {lost:,.0f} lost"


def _histograms(stability: Stability) -> str:
    # Means hide that few users may change much: the whole distribution is shown.
    charts = []
    for name, title in (("jaccard", "Jaccard"), ("rbo", "Rank-biased overlap")):
        chance = None if stability.chance is None else stability.chance[name].to_numpy()
        picture = histogram(stability.users[name].to_numpy(), chance)
        charts.append(_figure(f"{title} per user", picture, _percentiles(stability, name)))
    note = "1: the same list as in the live run; 0: nothing in common."
    if stability.chance is not None:
        key = '<span class="key"></span>'
        note += f" {key} Outline: lists made again from the same data, users drawn anew."
    heading = "How much lists changed against the live run"
    return _section(heading, f"<p>{note}</p>" + _columns(charts))


def _percentiles(stability: Stability, name: str) -> str:
    points = []
    for point in PERCENTILES:
        value = _form(stability.value(f"{name}_p{point}"), "{:.2f}")
        points.append(f"{point} % of users below {value}")
    return ", ".join(points)


def _segments(stability: Stability) -> str:
    """Return churn by segment, as bars with intervals."""
    rows = stability.rows().filter(name="churn")
    segments = rows["segment"]
    shown = [_segment_bar(stability, segment) for segment in segments]
    note = "Mean share of a list that changed (1 - Jaccard), with 95 % intervals."
    picture = bars(shown)
    return _section("Churn by segment", f"<p>{note}</p>{picture}", narrow=True)


def _segment_bar(stability: Stability, segment: str) -> Bar:
    rows = stability.rows().filter(name="jaccard", segment=segment)
    jaccard = rows.row(0, named=True)
    churn = 1 - jaccard["value"]
    users = _form(stability.value("users_both", segment), "{:,.0f}")
    return Bar(
        label=segment,
        value=churn,
        text=f"{churn:.1%} ({users} users)",
        # Churn falls as overlap rises, so that the ends change sides.
        low=1 - jaccard["high"],
        high=1 - jaccard["low"],
        strong=segment == ALL,
    )


def _spread(stability: Stability) -> str:
    """Return what is listed, before and now, side by side."""
    charts = []
    for figure in SPREAD:
        pair = (("before", f"{figure.name}_previous"), ("now", figure.name))
        rows = []
        for label, name in pair:
            value = stability.value(name)
            if value is not None:
                rows.append(Bar(label, value, figure.form.format(value), strong=label == "now"))
        if rows:
            charts.append(_figure(figure.title, bars(rows), figure.note))
    return _section("What is listed", _columns(charts))


def _verdict(verdict: pl.DataFrame) -> str:
    """Return NDCG@10 of every method, the published one in full colour."""
    # A verdict may lack intervals, as that of an old run does.
    rows = []
    for row in verdict.sort("ndcg", descending=True).iter_rows(named=True):
        text = f"{row['ndcg']:.3f}"
        strong = bool(row["chosen"])
        rows.append(Bar(row["row"], row["ndcg"], text, row.get("low"), row.get("high"), strong))
    note = (
        "NDCG at 10 on the verdict window, with 95 % intervals; "
        "the published method in full colour."
    )
    picture = bars(rows)
    section = _section("Verdict", f"<p>{note}</p>{picture}", narrow=True)
    return section + _more_figures(verdict)


def _more_figures(verdict: pl.DataFrame) -> str:
    """Return a table of all further columns of numbers that the verdict has of each row."""
    schema = verdict.schema
    names = [name for name in schema if name not in KNOWN and schema[name].is_numeric()]
    if not names:
        return ""
    ranked = verdict.sort("ndcg", descending=True)
    head = "".join(f"<th>{escape(name)}</th>" for name in ranked["row"])
    rows = [f"<tr><th></th>{head}</tr>"]
    for name in names:
        cells = "".join(f"<td>{_form(value, FIGURE)}</td>" for value in ranked[name])
        rows.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    table = f'<div class="scroll"><table>{"".join(rows)}</table></div>'
    return _section("More figures", table)


def _form(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _card(title: str, value: str, note: str) -> str:
    return f'<div class="card"><h3>{title}</h3><b>{value}</b><p>{note}</p></div>'


def _figure(title: str, picture: str, note: str) -> str:
    return f"<figure><h3>{title}</h3>{picture}<figcaption>{note}</figcaption></figure>"


def _columns(charts: list[str]) -> str:
    return f'<div class="columns">{"".join(charts)}</div>'


def _section(title: str, body: str, narrow: bool = False) -> str:
    kind = ' class="narrow"' if narrow else ""
    return f"<section{kind}><h2>{title}</h2>{body}</section>"
