"""The screens of `fusion prune` and `fusion forget`."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.cli.screens.tables import plain_table, to_minute
from flows.visible_text import one_line

if TYPE_CHECKING:  # `fusion db` shows sizes too, and works without what trains
    from flows.steps.keep.erase import Forgot
    from flows.steps.keep.prune import Pruned, RemovedRun

UNITS = ("kB", "MB", "GB", "TB")
"""Units of storage above the byte, each 1,000 of the one before."""


def print_pruned(console: Console, pruned: "Pruned") -> None:
    """Show what went, or would go, and why the rest stays.

    Args:
        console: where to show it.
        pruned: what `fusion prune` did.
    """
    if pruned.runs:
        console.print(_runs_table(pruned.runs))
    verb = "Would remove" if pruned.dry_run else "Removed"
    runs = count_of(len(pruned.runs), "run")
    stages = count_of(pruned.stages, "stage")
    size = readable_size(pruned.bytes)
    console.print(f"{verb} {runs} and {stages} of the store, {size} together.")
    if pruned.shared_stages:
        shared = count_of(pruned.shared_stages, "stage")
        of_them = readable_size(pruned.shared_bytes)
        console.print(f"{verb} {shared} that machines share, {of_them}.")
    for aged in pruned.aged:
        of_runs = f" of {count_of(len(aged.runs), 'run')}" if aged.runs else ""
        rows = count_of(aged.rows, "row")
        console.print(f"{verb} {rows}{of_runs} by {aged.setting} = {aged.days:g}.", markup=False)
    for run_id, reason in pruned.kept.items():
        console.print(one_line(f"  kept {run_id}: {reason}"), markup=False)
    for sentence in (*pruned.left, *pruned.damaged):
        console.print(f"[yellow]{escape(sentence)}[/]")


def _runs_table(runs: "tuple[RemovedRun, ...]") -> Table:
    table = plain_table("run", "status", "trained", "rows>", "in SQL, about>", "files>")
    for run in runs:
        table.add_row(
            escape(run.run_id),
            run.status,
            to_minute(run.created_at),
            f"{run.rows:,}",
            readable_size(run.sql_bytes),
            readable_size(run.file_bytes),
        )
    return table


def print_forgotten(console: Console, forgot: "Forgot") -> None:
    """Show what was removed of people, whom no run knew, and what is out of reach.

    Args:
        console: where to show it.
        forgot: what `fusion forget` did.
    """
    # Unknown ids are kept as forgotten, but nothing of them was there to remove.
    forgotten = forgot.people - len(forgot.unknown)
    people = "1 person" if forgotten == 1 else f"{forgotten:,} people"
    rows = count_of(sum(forgot.rows.values()), "row")
    folders = count_of(len(forgot.runs), "run folder")
    stages = count_of(forgot.stages, "stage")
    console.print(
        f"Forgot {people}: {rows} in SQL, their rows in {folders}, "
        f"and {stages} of the store are gone."
    )
    for user in forgot.unknown:
        name = escape(repr(user))
        console.print(
            f"[yellow]No run knows user {name}.[/] Is it misspelt? It is kept as forgotten."
        )
    console.print("Later trainings leave them out. Out of reach:")
    for place in forgot.out_of_reach:
        console.print(f"  - {place}", markup=False)


def count_of(count: int, noun: str) -> str:
    """Write a number with its noun.

    Args:
        count: how many.
        noun: in the singular.

    Returns:
        Such as "1 run" and "1,200 rows".
    """
    plural = "" if count == 1 else "s"
    return f"{count:,} {noun}{plural}"


def readable_size(size: int) -> str:
    """Write a number of bytes in the unit that reads best.

    Args:
        size: bytes.

    Returns:
        Such as "12 bytes" and "3.4 MB".
    """
    # Whole bytes have no decimals.
    if size < 1000:
        return f"{size:,.0f} bytes"
    value, unit = size / 1000, UNITS[0]
    for larger in UNITS[1:]:
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:,.1f} {unit}"
