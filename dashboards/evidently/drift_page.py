"""The drift report: figures are ours, Evidently draws the distributions.

Import it late: Evidently takes seconds.
"""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

import pandas as pd
import polars as pl
from evidently import DataDefinition, Dataset, Report
from evidently.core.container import MetricContainer
from evidently.core.report import Snapshot
from evidently.legacy.calculations.stattests import StatTest, register_stattest
from evidently.legacy.core import ColumnType
from evidently.legacy.renderers.html_widgets import table_data, text_widget
from evidently.metrics import MeanValue
from evidently.presets import DataDriftPreset

from dashboards.measures.drift import ColumnDrift, Pairs, sampled
from dashboards.measures.measure import DriftMeasure
from dashboards.measures.registry import MEASURES, measure_named
from dashboards.run import RunRef
from fusion.metrics.divergence import words

SHOWN = 15
"""Categories in a picture; the rest is one bar."""
PICTURE_ROWS = 5_000  # of those measured: more makes the page slow and no picture different
TABLE = ["column", "measure", "value", "by chance", "limit", "verdict", "rows"]
INTRO = """# Drift of run {run_id}

Data up to {time:%Y-%m-%d %H:%M} UTC, placement `{placement}`. {measures} Missing
values count as a value. A column has drifted when it is above its limit *and* above what chance
alone gives: the largest distance between random parts of the reference. Features that move by
themselves, such as ages, are shown and not counted. Figures come from the rows named beside them,
pictures from at most 5,000 of these."""
GONE = "\n\nNo pictures: the rows of the run that it was compared with are gone."
NOTHING = (
    "\n\n## Nothing to compare with yet\n\nFrom the next run on, this page shows what changed."
)


class Note(MetricContainer):  # type: ignore[misc]
    """A text, a table below it when it has rows, and means of columns that are kept, not shown."""

    text: str
    names: list[str] = []  # noqa: RUF012 - pydantic copies it, and the next two
    rows: list[list[str]] = []  # noqa: RUF012
    means: list[str] = []  # noqa: RUF012

    def generate_metrics(self, context: Any) -> Sequence[Any]:
        """Return the means, for the panels over runs.

        Args:
            context: Evidently's; not used.
        """
        return [MeanValue(column=name) for name in self.means]

    def render(self, context: Any, child_widgets: Any = None) -> list[Any]:
        """Draw the text and the table.

        Args:
            context: Evidently's; not used.
            child_widgets: of the metrics; not drawn.
        """
        widgets = [text_widget(text=self.text)]
        if self.rows:
            widgets.append(table_data(column_names=self.names, data=self.rows))
        return widgets


class Pictures(DataDriftPreset):  # type: ignore[misc]
    """Evidently's table of distributions, without its own verdict on the data set."""

    def render(self, context: Any, child_widgets: Any = None) -> list[Any]:
        """Draw the last widget of the preset: the table.

        Args:
            context: Evidently's.
            child_widgets: of the metrics.
        """
        return list(super().render(context, child_widgets)[-1:])


def drift_snapshot(run: RunRef, subjects: Pairs, drift: Sequence[ColumnDrift]) -> Snapshot:
    """Make Evidently's snapshot of all subjects: our figures, and the distributions of each column.

    All columns stand in one wide data set as `subject · column`, the shorter ones padded: one
    snapshot is one page.

    Args:
        run: the run that is reported.
        subjects: the frames that were compared; one whose rows are gone is missing.
        drift: of every column that was compared.

    Returns:
        The snapshot, which saves itself as HTML.
    """
    before: dict[str, pd.Series] = {}
    now: dict[str, pd.Series] = {}
    for column in drift:
        name = _name(column)
        if column.subject in subjects:
            before[name], now[name] = _picture_values(column, *subjects[column.subject])
    pictured = [column for column in drift if _has_values(column, before, now)]
    # The whole page is one data set, so each column says by its name whose it is.
    numbers = [_name(column) for column in pictured if column.kind == "number"]
    categories = [_name(column) for column in pictured if column.kind == "category"]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    reference = _dataset(pictured, before, definition)
    current = _dataset(pictured, now, definition)
    _hand_over(drift)
    measures = " ".join(measure.meaning for measure in MEASURES)
    placement = _safe(run.placement)
    text = INTRO.format(run_id=run.run_id, time=run.time, placement=placement, measures=measures)
    note = f"\n\n**{_safe(run.note)}**" if run.note else ""
    start = Note(text=text + note + ("" if drift else NOTHING))
    report = Report([start, *_parts(drift, pictured, subjects)])
    return report.run(
        current,
        reference,
        timestamp=run.time,
        metadata={"run_id": run.run_id},
        name=f"{run.run_id} drift",
    )


def _has_values(
    column: ColumnDrift, before: dict[str, pd.Series], now: dict[str, pd.Series]
) -> bool:
    # Evidently cannot draw a column that is empty on one side; the table has it all the same.
    name = _name(column)
    has_both = name in before and len(before[name]) > 0 and len(now[name]) > 0
    return has_both


def _dataset(
    pictured: Sequence[ColumnDrift], values: dict[str, pd.Series], definition: DataDefinition
) -> Dataset:
    frame = pd.DataFrame({name: values[name] for name in map(_name, pictured)})
    return Dataset.from_pandas(frame, definition)


def _parts(
    drift: Sequence[ColumnDrift], pictured: Sequence[ColumnDrift], subjects: Collection[str]
) -> list[MetricContainer]:
    """Return a note and pictures for each subject, drifted columns first."""
    parts: list[MetricContainer] = []
    for subject, group in groupby(drift, lambda column: column.subject):
        # By how far they are past their limit: distances of two measures have no common scale.
        columns = sorted(group, key=lambda column: (not column.drifted, -column.excess))
        judged = [column for column in columns if not column.moves]
        n_drifted = sum(column.drifted for column in judged)
        text = f"## {_safe(subject)}: {n_drifted} of {len(judged)} columns drifted"
        if subject not in subjects:
            text += GONE
        parts.append(Note(text=text, names=TABLE, rows=[_row(column) for column in columns]))
        with_picture = [column for column in columns if column in pictured]
        if with_picture:
            parts.append(_pictures(with_picture))
    return parts


def _pictures(columns: Sequence[ColumnDrift]) -> Pictures:
    """Return the distributions of columns, each under its own measure and limit."""
    methods = {}
    limits = {}
    for column in columns:
        methods[_name(column)] = _evidently_name(measure_named(column.method))
        limits[_name(column)] = column.limit
    return Pictures(columns=list(methods), per_column_method=methods, per_column_threshold=limits)


def _row(column: ColumnDrift) -> list[str]:
    """Return a column's row of the table."""
    state = "drifted" if column.drifted else "steady"
    return [
        _safe(column.column),
        measure_named(column.method).label,
        f"{column.value:.3f}",
        f"{column.noise:.3f}",
        f"{column.limit:g}",
        "moves by itself" if column.moves else state,
        f"{column.reference_rows} / {column.current_rows}",
    ]


def _name(column: ColumnDrift) -> str:
    return _safe(f"{column.subject} · {column.column}")


def _safe(text: str) -> str:
    """Put "‹" for "<": Evidently writes texts into a script, which "</script>" would end."""
    return text.replace("<", "‹")


def _picture_values(
    column: ColumnDrift, reference: pl.DataFrame, current: pl.DataFrame
) -> tuple[pd.Series, pd.Series]:
    """Return the values (n,) and (m,) to draw, rare categories as one word; empty for nothing."""
    before = _measured_rows(column, reference, column.reference_rows)
    now = _measured_rows(column, current, column.current_rows)
    if column.kind == "number":
        return _numbers(before), _numbers(now)
    texts = [_texts(before), _texts(now)]
    counts = pl.concat(texts).value_counts(sort=True)
    common = counts["word"].head(SHOWN).implode()
    folded = [side.set(~side.is_in(common), "(other)") for side in texts]
    return folded[0].to_pandas(), folded[1].to_pandas()


def _measured_rows(column: ColumnDrift, frame: pl.DataFrame, rows: int) -> pl.Series:
    """Return a column of the rows that were measured, thinned to what is drawn."""
    measured = sampled(frame, rows)
    return sampled(measured, PICTURE_ROWS).get_column(column.column, default=pl.Series([None]))


def _numbers(values: pl.Series) -> pd.Series:
    return values.cast(pl.Float64).fill_nan(None).drop_nulls().to_pandas()


def _texts(values: pl.Series) -> pl.Series:
    text = words(values).fill_null("(missing)")
    return text.str.replace_all("<", _safe("<"), literal=True)


def _evidently_name(measure: DriftMeasure) -> str:
    """Return a name of ours, so that Evidently's own measure of the same name is left alone."""
    return f"fusion_{measure.name}"


def _hand_over(drift: Sequence[ColumnDrift]) -> None:
    """Register our measures with Evidently: it is handed our figures, by the column's name."""
    figures = {_name(column): (column.value, column.drifted) for column in drift}

    def look_up(
        reference: pd.Series, current: pd.Series, kind: Any, limit: float
    ) -> tuple[float, bool]:
        return figures[str(reference.name)]

    types = [ColumnType.Numerical, ColumnType.Categorical]
    for measure in MEASURES:
        register_stattest(StatTest(_evidently_name(measure), measure.label, types), look_up)
