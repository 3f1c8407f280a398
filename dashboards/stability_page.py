"""The stability report: a self-contained page of our own, since Evidently does not compare lists."""

from html import escape

import polars as pl

from dashboards.charts import Bar, bars, histogram
from dashboards.run import RunRef
from dashboards.stability import ALL, Stability
from dashboards.style import PAGE

KNOWN = ("row", "kind", "ndcg", "low", "high", "chosen")
"""Columns of a verdict that the bars show."""
FIGURE = "{:.4f}"
SPREAD = (
    ("coverage", "Catalogue coverage", "share of all items that are in some list", "{:.1%}"),
    ("items_listed", "Items listed", "different items in all lists together", "{:,.0f}"),
    ("gini", "Gini", "0: all items listed equally often; 1: one item takes all", "{:.3f}"),
    (
        "popularity",
        "Popularity",
        "share of all lists that hold a listed item, on average",
        "{:.2%}",
    ),
)


def stability_page(run: RunRef, stability: Stability | None, verdict: pl.DataFrame | None) -> str:
    """Give the page as HTML. Without `stability` (a first run) it says so, and shows the verdict alone."""
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
    return _section(
        "Nothing to compare with yet",
        "<p>No run was live in this placement before this one. From the next run on, this page shows how "
        "much each user's list changed.</p>",
    )


def _compared(stability: Stability) -> list[str]:
    if stability.users.is_empty():
        text = "<p>The two runs have no user in common: are the user ids still the same?</p>"
        return [_cards(stability), _section("No list to compare", text), _spread(stability)]
    return [_cards(stability), _histograms(stability), _segments(stability), _spread(stability)]


def _cards(stability: Stability) -> str:
    k = stability.k
    cards = [
        _mean_card(stability, "jaccard", f"Jaccard at {k}"),
        _mean_card(stability, "rbo", f"Rank-biased overlap at {k}"),
        _card(
            "First item changed", _form(stability.value("top1_changed"), "{:.1%}"), "share of users"
        ),
        _card(
            "List unchanged",
            _form(stability.value("unchanged"), "{:.1%}"),
            "same items, same order",
        ),
        _card("Users compared", _form(stability.value("users_both"), "{:,.0f}"), _moves(stability)),
    ]
    return f'<div class="cards">{"".join(cards)}</div>'


def _mean_card(stability: Stability, name: str, title: str) -> str:
    found = stability.rows().filter((pl.col("name") == name) & (pl.col("segment") == ALL))
    if found.is_empty():
        return _card(title, "–", "no common users")
    row = found.row(0, named=True)
    chance = stability.value(f"{name}_chance")
    beside = "chance not measured" if chance is None else f"chance alone {chance:.3f}"
    return _card(title, f"{row['value']:.3f}", f"{row['low']:.3f} to {row['high']:.3f}, {beside}")


def _moves(stability: Stability) -> str:
    gained, lost = stability.value("users_gained") or 0, stability.value("users_lost") or 0
    return f"{gained:,.0f} gained, {lost:,.0f} lost"


def _histograms(stability: Stability) -> str:
    charts = []
    for name, title in (("jaccard", "Jaccard"), ("rbo", "Rank-biased overlap")):
        chance = None if stability.chance is None else stability.chance[name].to_numpy()
        picture = histogram(stability.users[name].to_numpy(), chance)
        middle = ", ".join(
            f"{point} % of users below {_form(stability.value(f'{name}_p{point}'), '{:.2f}')}"
            for point in (10, 50, 90)
        )
        charts.append(_figure(f"{title} per user", picture, middle))
    note = "1: the same list as in the live run; 0: nothing in common."
    if stability.chance is not None:
        note += ' <span class="key"></span> Outline: lists made again from the same data, users drawn anew.'
    return _section(
        "How much lists changed against the live run", f"<p>{note}</p>" + _columns(charts)
    )


def _segments(stability: Stability) -> str:
    rows = stability.rows().filter(pl.col("name").is_in(["churn", "jaccard", "users_both"]))
    found = [row["segment"] for row in rows.filter(pl.col("name") == "churn").iter_rows(named=True)]
    shown = []
    for segment in found:
        jaccard = rows.filter((pl.col("name") == "jaccard") & (pl.col("segment") == segment)).row(
            0, named=True
        )
        users = _form(stability.value("users_both", segment), "{:,.0f}")
        ends = (1 - jaccard["high"], 1 - jaccard["low"])
        text = f"{1 - jaccard['value']:.1%} ({users} users)"
        shown.append(Bar(segment, 1 - jaccard["value"], text, *ends, strong=segment == ALL))
    note = "Mean share of a list that changed (1 - Jaccard), with 95 % intervals."
    return _section("Churn by segment", f"<p>{note}</p>{bars(shown)}", narrow=True)


def _spread(stability: Stability) -> str:
    charts = []
    for name, title, note, form in SPREAD:
        pair = [("before", stability.value(f"{name}_previous")), ("now", stability.value(name))]
        rows = [
            Bar(label, value, form.format(value), strong=label == "now")
            for label, value in pair
            if value is not None
        ]
        if rows:
            charts.append(_figure(title, bars(rows), note))
    return _section("What is listed", _columns(charts))


def _verdict(verdict: pl.DataFrame) -> str:
    rows = [
        Bar(
            row["row"],
            row["ndcg"],
            f"{row['ndcg']:.3f}",
            row.get("low"),
            row.get("high"),
            strong=bool(row["chosen"]),
        )
        for row in verdict.sort("ndcg", descending=True).iter_rows(named=True)
    ]
    note = "NDCG at 10 on the verdict window, with 95 % intervals; the published method in full colour."
    return _section("Verdict", f"<p>{note}</p>{bars(rows)}", narrow=True) + _more_figures(verdict)


def _more_figures(verdict: pl.DataFrame) -> str:
    """A table of what else the verdict knows of each row: every further column with numbers."""
    names = [
        name for name in verdict.columns if name not in KNOWN and verdict.schema[name].is_numeric()
    ]
    if not names:
        return ""
    ranked = verdict.sort("ndcg", descending=True)
    head = "".join(f"<th>{escape(name)}</th>" for name in ranked["row"])
    body = "".join(
        f"<tr><th>{escape(name)}</th>{''.join(f'<td>{_form(value, FIGURE)}</td>' for value in ranked[name])}</tr>"
        for name in names
    )
    return _section(
        "More figures", f'<div class="scroll"><table><tr><th></th>{head}</tr>{body}</table></div>'
    )


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
