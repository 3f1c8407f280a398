"""The drift report: figures are ours, Evidently draws the distributions. Import late: it takes 3 seconds."""

from collections.abc import Sequence
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

from dashboards.drift import ColumnDrift, Pairs, sampled
from dashboards.run import RunRef
from fusion.metrics.divergence import words

SHOWN = 15  # categories in a picture; the rest is one bar
DRAWN_ROWS = 5_000  # of those measured; more makes the page slow and no picture different
METHODS = {
    "psi": ("psi_deciles", "PSI, deciles"),
    "jensenshannon": ("jensenshannon_words", "Jensen-Shannon"),
}
TABLE = ["column", "measure", "value", "by chance", "limit", "verdict", "rows"]
INTRO = """# Drift of run {run_id}

Data up to {time:%Y-%m-%d %H:%M} UTC, placement `{placement}`. Numbers: population stability index (PSI) over
deciles of the reference. Categories: Jensen-Shannon distance. Missing values count as a value. A column has
drifted when it is above its limit *and* above what chance alone gives: the largest distance between random
parts of the reference. Features that move by themselves, such as ages, are shown and not counted. Figures come
from the rows named beside them, pictures from at most 5,000 of these."""

NOTHING = (
    "\n\n## Nothing to compare with yet\n\nFrom the next run on, this page shows what changed."
)


class Note(MetricContainer):  # type: ignore[misc]
    """A piece of text, a table below it when it has rows, and the means of columns, kept but not drawn."""

    text: str
    names: list[str] = []  # noqa: RUF012 - pydantic copies it, and the next two
    rows: list[list[str]] = []  # noqa: RUF012
    means: list[str] = []  # noqa: RUF012

    def generate_metrics(self, context: Any) -> Sequence[Any]:
        """Give the means, for the panels over runs."""
        return [MeanValue(column=name) for name in self.means]

    def render(self, context: Any, child_widgets: Any = None) -> list[Any]:
        """Draw the text and the table."""
        table = [table_data(column_names=self.names, data=self.rows)] if self.rows else []
        return [text_widget(text=self.text), *table]


class Pictures(DataDriftPreset):  # type: ignore[misc]
    """Evidently's table of distributions, without its own verdict on the data set."""

    def render(self, context: Any, child_widgets: Any = None) -> list[Any]:
        """Draw the last widget of the preset: the table."""
        return list(super().render(context, child_widgets)[-1:])


def drift_snapshot(run: RunRef, subjects: Pairs, drift: Sequence[ColumnDrift]) -> Snapshot:
    """Make Evidently's snapshot of all subjects: a note with our figures and the distributions of each.

    All columns stand in one wide data set as `subject · column`, the shorter ones padded: one
    snapshot is one page. `drift` is what `dashboards.drift.drift` found in `subjects`.
    """
    sides: tuple[dict[str, pd.Series], dict[str, pd.Series]] = ({}, {})
    for one in drift:
        for side, column in zip(sides, _shown(one, *subjects[one.subject]), strict=True):
            side[_name(one)] = column
    drawn = [one for one in drift if all(len(side[_name(one)]) for side in sides)]
    definition = DataDefinition(
        numerical_columns=[_name(one) for one in drawn if one.kind == "number"],
        categorical_columns=[_name(one) for one in drawn if one.kind == "category"],
    )
    reference, current = (
        Dataset.from_pandas(
            pd.DataFrame({_name(one): side[_name(one)] for one in drawn}), definition
        )
        for side in sides
    )
    _hand_over(drift)
    start = Note(
        text=INTRO.format(run_id=run.run_id, time=run.time, placement=_safe(run.placement))
        + ("" if drift else NOTHING)
    )
    report = Report([start, *_parts(drift, drawn)])
    return report.run(
        current,
        reference,
        timestamp=run.time,
        metadata={"run_id": run.run_id},
        name=f"{run.run_id} drift",
    )


def _parts(drift: Sequence[ColumnDrift], drawn: Sequence[ColumnDrift]) -> list[MetricContainer]:
    parts: list[MetricContainer] = []
    for subject, group in groupby(drift, lambda one: one.subject):
        columns = sorted(group, key=lambda one: (not one.drifted, -one.value))
        judged = [one for one in columns if not one.moves]
        text = f"## {_safe(subject)}: {sum(one.drifted for one in judged)} of {len(judged)} columns drifted"
        parts.append(Note(text=text, names=TABLE, rows=_rows(columns)))
        names = [_name(one) for one in columns if one in drawn]
        if names:
            parts.append(_pictures(names, columns[0].limit))
    return parts


def _pictures(names: list[str], limit: float) -> Pictures:
    return Pictures(
        columns=names,
        num_method=METHODS["psi"][0],
        cat_method=METHODS["jensenshannon"][0],
        num_threshold=limit,
        cat_threshold=limit,
    )


def _rows(columns: Sequence[ColumnDrift]) -> list[list[str]]:
    return [
        [
            _safe(one.column),
            METHODS[one.method][1],
            f"{one.value:.3f}",
            f"{one.noise:.3f}",
            f"{one.limit:g}",
            "moves by itself" if one.moves else "drifted" if one.drifted else "steady",
            f"{one.reference_rows} / {one.current_rows}",
        ]
        for one in columns
    ]


def _name(one: ColumnDrift) -> str:
    return _safe(f"{one.subject} · {one.column}")


def _safe(text: str) -> str:
    """Put "‹" for "<": Evidently writes texts into a script as they are, where "</script>" would end it."""
    return text.replace("<", "‹")


def _shown(
    one: ColumnDrift, reference: pl.DataFrame, current: pl.DataFrame
) -> tuple[pd.Series, pd.Series]:
    """Give the rows that were measured, rare categories as one word; empty where there is nothing to draw."""
    left, right = (
        sampled(sampled(frame, rows), DRAWN_ROWS).get_column(one.column, default=pl.Series([None]))
        for frame, rows in ((reference, one.reference_rows), (current, one.current_rows))
    )
    if one.kind == "number":
        pair = [side.cast(pl.Float64).fill_nan(None).drop_nulls() for side in (left, right)]
        return pair[0].to_pandas(), pair[1].to_pandas()
    texts = [words(side).fill_null("(missing)") for side in (left, right)]
    pair = [side.str.replace_all("<", _safe("<"), literal=True) for side in texts]
    common = pl.concat(pair).value_counts(sort=True)["word"].head(SHOWN).implode()
    folded = [side.set(~side.is_in(common), "(other)") for side in pair]
    return folded[0].to_pandas(), folded[1].to_pandas()


def _hand_over(drift: Sequence[ColumnDrift]) -> None:
    """Register the two measures with Evidently; it gets the figures that were found, by the column's name."""
    known = {_name(one): (one.value, one.drifted) for one in drift}

    def found(
        reference: pd.Series, current: pd.Series, kind: Any, limit: float
    ) -> tuple[float, bool]:
        return known[str(reference.name)]

    for name, shown in METHODS.values():
        register_stattest(
            StatTest(name, shown, [ColumnType.Numerical, ColumnType.Categorical]), found
        )
