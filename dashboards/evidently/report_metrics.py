"""The metrics of a report: each figure by its class in Evidently, beside its limit.

Nothing of Evidently is imported here, which takes seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.evidently.report import DriftReport
from dashboards.measures.drift import ColumnDrift
from dashboards.measures.limits import Limit, column_limit
from dashboards.measures.registry import measure_named

TITLES = {
    "ColumnDistance": "{subject} · {column}: {measure}",
    "DriftedShare": "{subject}: share of columns that drifted",
    "ColumnsCompared": "Columns compared",
    "ListChurn": "Churn: share of a list that changed",
    "ListOverlap": "Overlap of lists with the run that was live: {measure}",
    "OverlapByChance": "Overlap of lists made again: {measure}",
    "FirstPlaceChanged": "Users whose first place changed",
    "ItemsLost": "Items that were listed before, and are in no list",
    "CatalogueCoverage": "Coverage: share of the catalogue in lists",
    "ExposureGini": "Exposure of items: Gini coefficient",
    "ListPopularity": "Share of lists that hold an item, over listings",
    "RankingQuality": "NDCG at 10 on the verdict window: {method}",
}
"""What each class of `metrics` is called on pages, by its name."""
OF_FIGURES: dict[str, tuple[str, dict[str, str]]] = {
    "columns_compared": ("ColumnsCompared", {}),
    "churn": ("ListChurn", {}),
    "jaccard": ("ListOverlap", {"measure": "Jaccard"}),
    "jaccard_chance": ("OverlapByChance", {"measure": "Jaccard"}),
    "rbo": ("ListOverlap", {"measure": "rank-biased"}),
    "rbo_chance": ("OverlapByChance", {"measure": "rank-biased"}),
    "top1_changed": ("FirstPlaceChanged", {}),
    "items_lost": ("ItemsLost", {}),
    "coverage": ("CatalogueCoverage", {}),
    "gini": ("ExposureGini", {}),
    "popularity": ("ListPopularity", {}),
    "ndcg_published": ("RankingQuality", {"method": "published"}),
    "ndcg_best_source": ("RankingQuality", {"method": "best source"}),
    "ndcg_random": ("RankingQuality", {"method": "random"}),
}
"""Class and labels of each figure that `figures` names, but for shares of subjects."""
DRIFTED = "drifted_"


@dataclass(frozen=True)
class ReportMetric:
    """One figure of a report as Evidently knows it.

    Attributes:
        kind: name of its class in `metrics`.
        labels: fields of that class, which tell it from others of the class, over runs too.
        value: the figure.
        limit: what it may be; None where nothing is asked of it.
        is_alarm: whether a figure past its limit is an alert; else it is named.
    """

    kind: str
    labels: dict[str, str]
    value: float
    limit: Limit | None
    is_alarm: bool = True

    @property
    def title(self) -> str:
        """What it is called on pages."""
        return title_of(self.kind, self.labels)

    @property
    def key(self) -> str:
        """What tells it from all others of a report."""
        return key_of(self.kind, self.labels)

    @property
    def keeps(self) -> bool:
        """Whether it keeps its limit; what has none keeps it."""
        return self.limit is None or self.limit.keeps(self.value)


@dataclass(frozen=True)
class Outcome:
    """How many figures of a report keep their limits.

    Attributes:
        kept: those that keep it.
        drifted: columns past theirs, which are named.
        alarmed: others past theirs, which are alerts.
    """

    kept: int
    drifted: int
    alarmed: int

    @property
    def judged(self) -> int:
        """All that have a limit."""
        return self.kept + self.drifted + self.alarmed


def report_metrics(report: DriftReport) -> list[ReportMetric]:
    """Return the figures of a report as metrics: those of subjects and lists, then columns.

    Args:
        report: as it was written when the run was monitored.

    Returns:
        One a figure, in the order of pages: the farthest past its limit first among columns.
    """
    metrics = []
    for name, value in report.figures.items():
        kind, labels = class_of(name)
        metrics.append(ReportMetric(kind, labels, value, report.limits.get(name)))
    for column in worst_first(report.columns):
        labels = labels_of(column)
        limit = column_limit(column)
        metrics.append(ReportMetric("ColumnDistance", labels, column.value, limit, is_alarm=False))
    return metrics


def outcome_of(metrics: Sequence[ReportMetric]) -> Outcome:
    """Count the figures that keep their limits, and those that do not.

    Args:
        metrics: of a report.
    """
    judged = [one for one in metrics if one.limit]
    past = [one for one in judged if not one.keeps]
    alarmed = sum(one.is_alarm for one in past)
    return Outcome(len(judged) - len(past), len(past) - alarmed, alarmed)


def class_of(figure: str) -> tuple[str, dict[str, str]]:
    """Return the class of a figure, and its labels.

    Args:
        figure: its name, as `figures` has it.
    """
    if figure.startswith(DRIFTED):
        return "DriftedShare", {"subject": figure.removeprefix(DRIFTED)}
    return OF_FIGURES[figure]


def labels_of(column: ColumnDrift) -> dict[str, str]:
    """Return the labels of a column's metric.

    Args:
        column: as `drift` returns it.
    """
    label = measure_named(column.method).label
    return {"subject": column.subject, "column": safe(column.column), "measure": label}


def title_of(kind: str, labels: dict[str, str]) -> str:
    """Return what a metric is called on pages.

    Args:
        kind: name of its class.
        labels: its fields.
    """
    return TITLES[kind].format(**labels)


def key_of(kind: str, labels: dict[str, str]) -> str:
    """Return what tells a metric from all others of a report.

    Args:
        kind: name of its class.
        labels: its fields.
    """
    fields = ", ".join(f"{name}={value}" for name, value in sorted(labels.items()))
    return f"{kind}({fields})"


def worst_first(columns: Sequence[ColumnDrift]) -> list[ColumnDrift]:
    """Return columns in the order of pages: subject after subject, the worst first in each.

    Args:
        columns: as `drift` returns them, subject after subject.
    """
    subjects = list(dict.fromkeys(column.subject for column in columns))
    # By how far they are past their limit: distances of two measures have no common scale.
    return sorted(
        columns,
        key=lambda one: (subjects.index(one.subject), not one.drifted, one.moves, -one.excess),
    )


def safe(text: str) -> str:
    """Put "‹" for "<": Evidently writes texts into a script, which "</script>" would end.

    Args:
        text: of data.
    """
    return text.replace("<", "‹")
