"""What is known of a run as files: JSON, CSV, and the SQL that gives the same."""

from starlette.requests import Request
from starlette.responses import Response

from dashboards.pages.downloads import csv_file, json_file, text_file
from dashboards.pages.frame import here, missing_page
from dashboards.pages.runs.facts import RunDocument

COLUMNS = ("subject", "segment", "name", "k", "value", "low", "high")
"""Columns of the figures, as `metric` has them."""
RECIPE = """\
-- Everything that was measured of run {name}; docs/sql.md says what each column means.
SELECT {columns}
FROM metric JOIN run ON run.run_no = metric.run_no
WHERE run.run_id = {literal}
ORDER BY subject, segment, name, k;

-- How it was judged, and how it was made.
SELECT status, method, as_of, verdict, manifest FROM run WHERE run_id = {literal};

-- When it was shown, by whom, and why.
SELECT at, slot_move.name, action, "by", reason
FROM slot_move JOIN run ON run.run_no IN (slot_move.to_run_no, slot_move.from_run_no)
WHERE run.run_id = {literal}
ORDER BY slot_move.id;
"""
"""Statements that both databases take."""


def download_json(request: Request) -> Response:
    """Answer with everything that is known of a run.

    Args:
        request: whose path names the run, or a slot.
    """
    document = _document(request)
    if document is None:
        return _missing(request)
    figures = [dict(zip(COLUMNS, row, strict=True)) for row in document.figures]
    content = {**document.run, "figures": figures, "drift": document.drift}
    return json_file(f"run-{document.run_id}.json", content)


def download_csv(request: Request) -> Response:
    """Answer with the figures of a run.

    Args:
        request: whose path names the run, or a slot.
    """
    document = _document(request)
    if document is None:
        return _missing(request)
    return csv_file(f"run-{document.run_id}.csv", COLUMNS, document.figures)


def download_sql(request: Request) -> Response:
    """Answer with the SQL that gives the figures of a run.

    Args:
        request: whose path names the run, or a slot.
    """
    document = _document(request)
    if document is None:
        return _missing(request)
    return text_file(f"run-{document.run_id}.sql", recipe(document.run_id))


def recipe(run_id: str) -> str:
    """Return statements that give the figures of a run.

    Args:
        run_id: of the run; it is quoted here.
    """
    # Neither the comment nor the literal may be left by what an id holds.
    literal = "'" + run_id.replace("'", "''") + "'"
    name = " ".join(run_id.split())
    return RECIPE.format(name=name, columns=", ".join(COLUMNS), literal=literal)


def _document(request: Request) -> RunDocument | None:
    where = here(request, "runs")
    return where.site.reads.runs.document(where.placement, request.path_params["run"])


def _missing(request: Request) -> Response:
    where = here(request, "runs")
    name = request.path_params["run"]
    return missing_page(
        request,
        "Placement %(placement)s has no run %(run)s.",
        placement=where.placement,
        run=name,
    )
