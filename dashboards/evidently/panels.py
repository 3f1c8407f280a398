"""The dashboard over runs: panels that draw its figures. Import it late, as Evidently is."""

from dataclasses import dataclass

from evidently.sdk.models import DashboardPanelPlot, PanelMetric
from evidently.sdk.panels import line_plot_panel, text_panel

SUBJECTS = ("users", "items", "interactions", "features", "scores")


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
