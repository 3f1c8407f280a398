"""What the dashboard over runs shows: figures by name, and the panels that draw them."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from evidently.sdk.models import DashboardPanelPlot, PanelMetric
from evidently.sdk.panels import line_plot_panel, text_panel

from dashboards.drift import ColumnDrift, drifted_shares
from dashboards.stability import Stability

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
    """One line plot: title, subtitle, and (figure, legend) of its lines."""

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
    """Give the figures of a run by name; those that are not known are left out."""
    found = {"columns_compared": float(len(drift))}
    found |= {f"drifted_{subject}": share for subject, share in drifted_shares(drift)}
    if stability is not None:
        found |= {name: value for name in LISTS if (value := stability.value(name)) is not None}
    return found | ({} if verdict is None else _ndcg(verdict))


def _ndcg(verdict: pl.DataFrame) -> dict[str, float]:
    best = {
        "ndcg_published": verdict.filter("chosen"),
        "ndcg_best_source": verdict.filter(pl.col("kind") == "source"),
        "ndcg_random": verdict.filter(pl.col("kind") == "control"),
    }
    values = {name: rows["ndcg"].max() for name, rows in best.items()}
    return {name: float(value) for name, value in values.items() if isinstance(value, int | float)}


def panels(placement: str) -> list[DashboardPanelPlot]:
    """Give the dashboard of a placement: a heading and a line plot for each of `PANELS`, by `as_of`."""
    heading = text_panel(
        f"Runs of placement {placement}", "A point is a run, at the time up to which it knows data."
    )
    return [heading, *(_plot(panel) for panel in PANELS)]


def _plot(panel: Panel) -> DashboardPanelPlot:
    lines = [
        PanelMetric(metric="MeanValue", metric_labels={"column": name}, legend=legend)
        for name, legend in panel.lines
    ]
    return line_plot_panel(panel.title, lines, panel.subtitle, size="half")
