"""The screen of `fusion runs`: a table of runs."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape

from dashboards.language.catalogue import marked
from flows.cli.options.language import say
from flows.cli.screens.tables import plain_table, to_minute
from storage.schema.row_objects import RunRow

WIDE = 104
"""Columns of a console on which all of the table stands in one line, `sequence_ridge` too."""
DAY = len("2026-01-31")
STATUSES = (
    *(marked("training"), marked("ready"), marked("rejected")),
    *(marked("failed"), marked("deleted")),
)
"""Statuses of runs, as the database has them."""


def print_runs(console: Console, runs: Iterable[RunRow], live_run_no: int | None) -> None:
    """Show runs in a table, an arrow before the live one.

    A narrow console has days in the place of minutes, and leaves out when runs were trained, with
    which each run's id begins.

    Args:
        console: where to show them.
        runs: newest first.
        live_run_no: of the run that is live; None when nothing is.
    """
    is_wide = console.width >= WIDE
    trained = (marked("trained"),) if is_wide else ()
    columns = (marked("run"), marked("status"), marked("method"), marked("as of"))
    table = plain_table("", *columns, *trained, marked("NDCG@10>"))
    for run in runs:
        as_of = to_minute(run.as_of)
        cells = [
            "→" if run.run_no == live_run_no else "",
            escape(run.run_id),
            say(run.status),
            escape(run.method or ""),
            as_of if is_wide else as_of[:DAY],
        ]
        if is_wide:
            cells.append(to_minute(run.created_at))
        # A run that failed has no verdict.
        cells.append(f"{run.verdict['reported']['value']:.4f}" if run.verdict else "")
        table.add_row(*cells)
    console.print(table)
