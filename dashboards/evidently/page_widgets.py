"""The widgets of a drift page in Evidently's format, without importing it.

Evidently's newest interface has functions for counters, headers and plots alone. A text, and a
table whose rows open, it draws too: hence the format itself.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from dashboards.evidently.pictures import Columns, Picture
from dashboards.evidently.report import DriftReport
from dashboards.evidently.report_metrics import (
    Outcome,
    ReportMetric,
    outcome_of,
    report_metrics,
    safe,
    worst_first,
)
from dashboards.measures.drift import ColumnDrift
from dashboards.measures.registry import MEASURES, measure_named

Widget = dict[str, Any]
FULL = 2
"""Evidently's number for a widget as wide as the page."""
ROWS_A_PAGE = 10
COLORED = {"before": "#4d6fd5", "now": "#ed0400"}
"""Fields that are small histograms, and their colours: Evidently's own."""
FIELDS = {
    "column": "Column",
    "measure": "Measure",
    "before": "Before",
    "now": "Now",
    "value": "Value",
    "chance": "By chance",
    "limit": "Limit",
    "verdict": "Verdict",
    "rows": "Rows",
}
"""Headings of a subject's table."""
INTRO = """# Drift of run {run_id}

**{outcome}**

Data up to {time:%Y-%m-%d %H:%M} UTC, placement `{placement}`. {measures} Missing
values count as a value. A column has drifted when it is above its limit *and* above what chance
alone gives: the largest distance between random parts of the reference. Features that move by
themselves, such as ages, are shown and not counted. Under *Tests* stand the same figures: SUCCESS
keeps its limit, WARNING is a column that drifted, FAIL an alert."""
GONE = "No pictures of {subject}: the rows of the run that it was compared with are gone."
LATER = "Distributions stand here, and in `drift.html` of the run, once they are drawn."
NOTHING = "## Nothing to compare with yet\n\nFrom the next run on, this page shows what changed."


def page_widgets(
    report: DriftReport, pictures: Columns, subjects: Collection[str] | None
) -> list[Widget]:
    """Return the widgets of a report's page.

    Args:
        report: what monitoring wrote.
        pictures: of its columns, those that are drawn.
        subjects: whose rows are still there; None before anything is drawn.

    Returns:
        A text with the conclusion, a table of figures, and a table of each subject's columns.
    """
    metrics = report_metrics(report)
    widgets = [_text(_introduction(report, outcome_of(metrics), is_drawn=subjects is not None))]
    figures = [one for one in metrics if one.kind != "ColumnDistance"]
    if figures:
        widgets.append(_table("Figures of the run", [_figure_row(one) for one in figures]))
    for subject, columns in groupby(worst_first(report.columns), lambda column: column.subject):
        if subjects is not None and subject not in subjects:
            widgets.append(_text(GONE.format(subject=safe(subject))))
        widgets.append(_columns(subject, list(columns), pictures))
    return widgets


def conclusion(outcome: Outcome) -> str:
    """Say in a sentence how many figures keep their limits.

    Args:
        outcome: of all metrics of a report.
    """
    if outcome.judged == 0:
        return "No figure has a limit yet."
    return (
        f"Figures with a limit: {outcome.judged}. It is kept by {outcome.kept}; columns that "
        f"drifted: {outcome.drifted}; alerts: {outcome.alarmed}."
    )


def count_of(subject: str, columns: Sequence[ColumnDrift]) -> str:
    """Say how many of a subject's judged columns drifted, and how many are not judged.

    Args:
        subject: its name.
        columns: of the subject.
    """
    judged = [column for column in columns if not column.moves]
    moving = len(columns) - len(judged)
    parts = []
    if judged:
        drifted = sum(column.drifted for column in judged)
        parts.append(f"{drifted} of {len(judged)} columns drifted")
    # Rows of the table are more than are counted: nobody shall look for the rest.
    if moving:
        parts.append(f"{moving} {'moves by itself' if moving == 1 else 'move by themselves'}")
    return f"{safe(subject)}: {', '.join(parts)}"


def _introduction(report: DriftReport, outcome: Outcome, *, is_drawn: bool) -> str:
    run = report.run
    text = INTRO.format(
        run_id=run.run_id,
        outcome=conclusion(outcome),
        time=run.time,
        placement=safe(run.placement),
        measures=" ".join(measure.meaning for measure in MEASURES),
    )
    parts = [text]
    if run.note:
        parts.append(f"**{safe(run.note)}**")
    if not report.columns:
        parts.append(NOTHING)
    elif not is_drawn:
        parts.append(LATER)
    return "\n\n".join(parts)


def _figure_row(metric: ReportMetric) -> list[str]:
    verdict = "" if metric.limit is None else ("keeps it" if metric.keeps else "alert")
    limit = "" if metric.limit is None else f"{metric.limit.value:.3g}"
    return [metric.title, f"{metric.value:.4g}", limit, verdict]


def _columns(subject: str, columns: Sequence[ColumnDrift], pictures: Columns) -> Widget:
    """Return a subject's table: a row opens to the distribution of its column."""
    rows, graphs = [], []
    for column in columns:
        picture = pictures.get((column.subject, column.column))
        row = _column_row(column)
        if picture:
            graph = _graph(column, picture)
            part = {"title": "Distribution", "id": graph["id"], "type": "widget"}
            row |= {"details": {"parts": [part]}, **_thumbnails(picture)}
            graphs.append(graph)
        rows.append(row)
    fields = list(FIELDS) if graphs else [one for one in FIELDS if one not in COLORED]
    params = {
        "rowsPerPage": min(len(rows), ROWS_A_PAGE),
        "columns": [_heading(field) for field in fields],
        "data": rows,
    }
    title = count_of(subject, columns)
    return {**_widget("big_table", title, params), "additionalGraphs": graphs}


def _heading(field: str) -> dict[str, Any]:
    heading: dict[str, Any] = {"title": FIELDS[field], "field": field}
    if field in COLORED:
        options = {"xField": "x", "yField": "y", "color": COLORED[field]}
        heading |= {"type": "histogram", "options": options}
    return heading


def _thumbnails(picture: Picture) -> dict[str, Any]:
    # Without names of the bars, which nobody reads there and the large picture has.
    bars = list(range(len(picture.places)))
    return {"before": {"x": bars, "y": picture.before}, "now": {"x": bars, "y": picture.now}}


def _column_row(column: ColumnDrift) -> dict[str, Any]:
    state = "drifted" if column.drifted else "steady"
    return {
        "column": safe(column.column),
        "measure": measure_named(column.method).label,
        "value": round(column.value, 3),
        "chance": round(column.noise, 3),
        "limit": column.limit,
        "verdict": "moves by itself" if column.moves else state,
        "rows": f"{column.reference_rows} / {column.current_rows}",
    }


def _graph(column: ColumnDrift, picture: Picture) -> Widget:
    missing = [f"{share:.0%}" for share in picture.missing]
    bars = list(_bars(picture))
    below = f"missing: {missing[0]} before, {missing[1]} now"
    axes = {"xaxis": {"title": {"text": below}}, "yaxis": {"title": {"text": "share"}}}
    layout = {"barmode": "group", **axes}
    key = f"fusion:picture/{column.subject}/{column.column}"
    graph = _widget("big_graph", "", {"data": bars, "layout": layout})
    return {**graph, "id": str(uuid5(NAMESPACE_URL, key))}


def _bars(picture: Picture) -> Iterator[dict[str, Any]]:
    for name, shares in (("before", picture.before), ("now", picture.now)):
        marker = {"color": COLORED[name]}
        yield {"type": "bar", "name": name, "x": picture.places, "y": shares, "marker": marker}


def _text(text: str) -> Widget:
    return _widget("text", "", {"text": text})


def _table(title: str, rows: list[list[str]]) -> Widget:
    header = ["figure", "value", "limit", "verdict"]
    return _widget("table", title, {"header": header, "data": rows})


def _widget(kind: str, title: str, params: dict[str, Any]) -> Widget:
    return {"type": kind, "title": title, "size": FULL, "params": params}
