"""The dashboard over runs: figures by name, and the panels that draw them."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from evidently.sdk.models import DashboardPanelPlot, PanelMetric
from evidently.sdk.panels import line_plot_panel, text_panel

from dashboards.measures.drift import ColumnDrift, drifted_shares
from dashboards.measures.stability import Stability

SUBJECTS = ("users", "items", "interactions", "features", "scores")
LISTS = (
    "jaccard",
    "jaccard_chance",
    "rbo",
    "rbo_chance",
    "top1_changed",
    "coverage",
    "gini",
    "popularity",
)


@dataclass(frozen=True)
class Panel:
    """One line plot.

    Attributes:
        title: its heading.
        subtitle: what the lines mean.
        lines: (figure, legend) of each.
    """

    title: str
    subtitle: str
    lines: tuple[tuple[str, str], ...]


PANELS = (
    Panel(
        "Drifted columns",
        "share of a subject's columns past their limit",
        tuple((f"drifted_{name}", name) for name in SUBJECTS),
    ),
    Panel(
        "Lists against the run that was live",
        "1: nothing changed; chance: made again from the same data, users drawn anew",
        (
            ("jaccard", "Jaccard at 10"),
            ("jaccard_chance", "Jaccard, chance"),
            ("rbo", "rank-biased overlap"),
            ("rbo_chance", "rank-biased overlap, chance"),
        ),
    ),
    Panel(
        "NDCG at 10",
        "on each run's verdict window",
        (
            ("ndcg_published", "published"),
            ("ndcg_best_source", "best source"),
            ("ndcg_random", "random"),
        ),
    ),
    Panel(
        "What is listed",
        "shares of the catalogue and of all lists",
        (("coverage", "coverage"), ("gini", "Gini"), ("popularity", "popularity")),
    ),
)


def figures(
    drift: Sequence[ColumnDrift], stability: Stability | None, verdict: pl.DataFrame | None
) -> dict[str, float]:
    """Return the figures of a run by name.

    Args:
        drift: of all columns.
        stability: of the lists; None on a first run.
        verdict: as `write_report` takes it.

    Returns:
        Figures that are known; the others are left out.
    """
    # What is missing leaves a gap in its line, which says more than a zero would.
    values = {"columns_compared": float(len(drift))}
    for subject, share in drifted_shares(drift):
        values[f"drifted_{subject}"] = share
    if stability is not None:
        for name in LISTS:
            value = stability.value(name)
            if value is not None:
                values[name] = value
    if verdict is not None:
        values |= _ndcg(verdict)
    return values


def _ndcg(verdict: pl.DataFrame) -> dict[str, float]:
    """Return NDCG at 10 of the published method, the best source and the random row."""
    kind = pl.col("kind")
    rows = {
        "ndcg_published": verdict.filter("chosen"),
        "ndcg_best_source": verdict.filter(kind == "source"),
        "ndcg_random": verdict.filter(kind == "control"),
    }
    values = {}
    for name, frame in rows.items():
        highest = frame["ndcg"].max()
        if isinstance(highest, int | float):
            values[name] = float(highest)
    return values


def panels(placement: str) -> list[DashboardPanelPlot]:
    """Return the dashboard of a placement: a heading, and a line plot for each of `PANELS`.

    Args:
        placement: whose runs it shows, by `as_of`.

    Returns:
        Evidently's panels.
    """
    explanation = "A point is a run, at the time up to which it knows data."
    heading = text_panel(f"Runs of placement {placement}", explanation)
    return [heading, *(_plot(panel) for panel in PANELS)]


def _plot(panel: Panel) -> DashboardPanelPlot:
    lines = []
    for name, legend in panel.lines:
        # `record` stores each figure as the mean of a column with one row.
        labels = {"column": name}
        lines.append(PanelMetric(metric="MeanValue", metric_labels=labels, legend=legend))
    return line_plot_panel(panel.title, lines, panel.subtitle, size="half")
