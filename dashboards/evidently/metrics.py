"""Figures of ours as metrics of Evidently, each tested against its limit.

Import it late: Evidently takes seconds.
"""

from typing import Any, ClassVar

import pandas as pd
from evidently import DataDefinition, Dataset
from evidently.core.metric_types import SingleValue, SingleValueCalculation, SingleValueMetric
from evidently.tests import lt, lte

from dashboards.evidently.report_metrics import ReportMetric, key_of, title_of

FIGURES = "figures"
"""Name of the data set of one row that holds every figure of a report by its key."""


class FigureMetric(SingleValueMetric):  # type: ignore[misc]
    """A figure that monitoring measured: it is read from the report, and never measured anew."""

    NO_LABELS: ClassVar[frozenset[str]] = frozenset(("type", "tests"))

    @property
    def labels(self) -> dict[str, str]:
        """Its own fields, which tell it from others of its class."""
        return {name: getattr(self, name) for name in self.__fields__ if name not in self.NO_LABELS}


class FigureCalculation(SingleValueCalculation[FigureMetric]):  # type: ignore[misc]
    """Reads a figure from the data set of figures."""

    def calculate(self, context: Any, current_data: Any, reference_data: Any) -> SingleValue:
        """Return the figure.

        Args:
            context: of the report: its additional data hold the figures.
            current_data: columns whose distributions are drawn; not used.
            reference_data: the same of before; not used.
        """
        key = key_of(type(self.metric).__name__, self.metric.labels)
        column = context.additional_data[FIGURES].column(key)
        value = self.result(float(column.data.iloc[0]))
        # Tables of the page show it: a counter as wide as the page for each would be no overview.
        value.widget = []
        return value

    def display_name(self) -> str:
        """Return what the figure is called on pages."""
        return title_of(type(self.metric).__name__, self.metric.labels)


class ColumnDistance(FigureMetric):
    """How far the distribution of a column moved."""

    subject: str
    column: str
    measure: str


class DriftedShare(FigureMetric):
    """Share of a subject's judged columns that drifted."""

    subject: str


class ColumnsCompared(FigureMetric):
    """Columns of all subjects, also those that are not judged."""


class ListChurn(FigureMetric):
    """Mean share of a list that changed against the run that was live."""


class ListOverlap(FigureMetric):
    """Overlap of lists with those of the run that was live."""

    measure: str


class OverlapByChance(FigureMetric):
    """Overlap of lists with those made again from the same data."""

    measure: str


class FirstPlaceChanged(FigureMetric):
    """Share of users whose first place changed."""


class ItemsLost(FigureMetric):
    """Share of the items listed before that are in no list."""


class CatalogueCoverage(FigureMetric):
    """Share of the catalogue that is in any list."""


class ExposureGini(FigureMetric):
    """Gini coefficient of how often items are listed."""


class ListPopularity(FigureMetric):
    """Share of all lists that hold an item, averaged over listings."""


class RankingQuality(FigureMetric):
    """NDCG at 10 of a method on the verdict window."""

    method: str


def as_evidently(metric: ReportMetric) -> FigureMetric:
    """Return a metric of a report as Evidently's, with its limit as its test.

    Args:
        metric: of a report.

    Returns:
        The metric. A figure past its limit fails its test where that is an alert, and warns else.
    """
    tests = []
    if metric.limit:
        compare = lte if metric.limit.includes else lt
        tests.append(compare(metric.limit.value, is_critical=metric.is_alarm))
    return CLASSES[metric.kind](**metric.labels, tests=tests)


def figures_data(metrics: list[ReportMetric]) -> Dataset:
    """Return the data set that the metrics of a report read.

    Args:
        metrics: of the report.
    """
    row = {metric.key: [metric.value] for metric in metrics}
    return Dataset.from_pandas(pd.DataFrame(row), DataDefinition(numerical_columns=list(row)))


CLASSES: dict[str, type[FigureMetric]] = {
    metric.__name__: metric for metric in FigureMetric.__subclasses__()
}
"""By name, as `report_metrics` names them."""
