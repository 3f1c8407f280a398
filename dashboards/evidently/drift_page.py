"""The drift page as Evidently's library makes it: our figures as metrics, their limits as tests.

Import it late: Evidently takes seconds.
"""

from collections.abc import Sequence
from typing import Any

from evidently import Report
from evidently.core.container import MetricContainer

# The newest interface draws widgets of this class, and offers it under no name of its own.
from evidently.core.metric_types import BaseWidgetInfo
from evidently.core.report import Snapshot

from dashboards.evidently.metrics import FIGURES, FigureMetric, as_evidently, figures_data
from dashboards.evidently.page_widgets import Widget, page_widgets
from dashboards.evidently.pictures import pictures
from dashboards.evidently.report import DriftReport
from dashboards.evidently.report_metrics import report_metrics
from dashboards.measures.drift import Pairs


class RunFigures(MetricContainer):  # type: ignore[misc]
    """All metrics of a report, and the page that shows them."""

    figures: list[FigureMetric] = []  # noqa: RUF012 - pydantic copies it, and the next
    page: list[Widget] = []  # noqa: RUF012

    def generate_metrics(self, context: Any) -> Sequence[Any]:
        """Return the metrics.

        Args:
            context: Evidently's; not used.
        """
        return self.figures

    def render(self, context: Any, child_widgets: Any = None) -> list[Any]:
        """Draw the page.

        Args:
            context: Evidently's; not used.
            child_widgets: of the metrics, which draw nothing themselves.
        """
        return [BaseWidgetInfo(**widget) for widget in self.page]


def drift_snapshot(report: DriftReport, subjects: Pairs) -> Snapshot:
    """Make Evidently's snapshot of a report: metrics, tests, and the distribution of each column.

    Args:
        report: what monitoring wrote.
        subjects: the frames that were compared; one whose rows are gone is missing.

    Returns:
        The snapshot, which saves itself.
    """
    metrics = report_metrics(report)
    page = page_widgets(report, pictures(report.columns, subjects), subjects)
    container = RunFigures(figures=[as_evidently(metric) for metric in metrics], page=page)
    data = figures_data(metrics)
    return Report([container]).run(
        data,
        additional_data={FIGURES: data},
        timestamp=report.run.time,
        metadata={"run_id": report.run.run_id},
        name=report.run.run_id,
    )
