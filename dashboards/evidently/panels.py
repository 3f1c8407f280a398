"""The dashboard over runs in Evidently's format: panels that draw its figures."""

from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from dashboards.evidently.report_metrics import class_of

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
        "overlap 1: nothing changed; chance: made again from the same data, users drawn anew",
        (
            ("churn", "churn"),
            ("jaccard", "Jaccard at 10"),
            ("jaccard_chance", "Jaccard, chance"),
            ("rbo", "rank-biased overlap"),
            ("rbo_chance", "rank-biased overlap, chance"),
            ("items_lost", "items lost"),
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


def dashboard(placement: str) -> dict[str, Any]:
    """Return the dashboard of a placement: a heading, and a line plot for each of `PANELS`.

    Args:
        placement: whose runs it shows, by `as_of`.

    Returns:
        Evidently's model as an object, the same for the same placement.
    """
    explanation = "A point is a run, at the time up to which it knows data."
    heading = _panel(f"Runs of placement {placement}", explanation, "full", "text")
    panels = [heading, *(_plot(panel) for panel in PANELS)]
    shown = [panel["id"] for panel in panels]
    return {"tabs": [{"id": _key("tab"), "title": "Runs", "panels": shown}], "panels": panels}


def _plot(panel: Panel) -> dict[str, Any]:
    lines = []
    for figure, legend in panel.lines:
        kind, labels = class_of(figure)
        metric = f"evidently:metric_v2:{kind}"
        lines.append({"legend": legend, "metric": metric, "metric_labels": labels})
    return {**_panel(panel.title, panel.subtitle, "half", "line"), "values": lines}


def _panel(title: str, subtitle: str, size: str, kind: str) -> dict[str, Any]:
    return {
        "id": _key(title),
        "title": title,
        "subtitle": subtitle,
        "size": size,
        "values": [],
        "plot_params": {"plot_type": kind},
    }


def _key(title: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"fusion:panel/{title}"))
