"""The screen of `fusion runs`: a table of runs."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape

from flows.cli.screens.tables import plain_table, to_minute
from storage.schema.row_objects import RunRow


def print_runs(console: Console, runs: Iterable[RunRow], live_run_no: int | None) -> None:
    """Show runs in a table, an arrow before the live one.

    Args:
        console: where to show them.
        runs: newest first.
        live_run_no: of the run that is live; None when nothing is.
    """
    table = plain_table("", "run", "status", "method", "as of", "trained", "NDCG@10>")
    for run in runs:
        table.add_row(
            "→" if run.run_no == live_run_no else "",
            escape(run.run_id),
            run.status,
            escape(run.method or ""),
            to_minute(run.as_of),
            to_minute(run.created_at),
            # A run that failed has no verdict.
            f"{run.verdict['reported']['value']:.4f}" if run.verdict else "",
        )
    console.print(table)
