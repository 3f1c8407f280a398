"""What the verbs about keeping show people."""

from rich.console import Console
from rich.markup import escape

from flows.cli.screens.overview import table, when
from flows.steps.keep.erase import Forgot
from flows.steps.keep.prune import Pruned

UNITS = ("kB", "MB", "GB", "TB")


def pruned(console: Console, done: Pruned) -> None:
    """What went, or would go, and why the rest stays."""
    if done.runs:
        made = table("run", "status", "trained", "rows>", "in SQL, about>", "files>")
        for run in done.runs:
            sizes = (amount(run.sql_bytes), amount(run.file_bytes))
            made.add_row(run.run_id, run.status, when(run.created_at), f"{run.rows:,}", *sizes)
        console.print(made)
    verb = "Would remove" if done.dry_run else "Removed"
    stages = f"{many(done.stages, 'stage')} of the store"
    console.print(
        f"{verb} {many(len(done.runs), 'run')} and {stages}, {amount(done.bytes)} together."
    )
    for run_id, why in done.kept.items():
        console.print(f"  kept {run_id}: {why}", markup=False)
    for sentence in done.left:
        console.print(f"[yellow]{escape(sentence)}[/]")


def forgot(console: Console, done: Forgot) -> None:
    """What was removed of people, whom nobody knew, and what is out of reach."""
    forgotten = done.people - len(done.unknown)
    gone = f"{many(sum(done.rows.values()), 'row')} in SQL, their rows in {many(len(done.runs), 'run folder')}"
    people = "1 person" if forgotten == 1 else f"{forgotten:,} people"
    console.print(
        f"Forgot {people}: {gone}, and {many(done.stages, 'stage')} of the store are gone."
    )
    for user in done.unknown:
        console.print(
            f"[yellow]No run knows user {escape(repr(user))}.[/] Is it misspelt? It is kept as forgotten."
        )
    console.print("Later trainings leave them out. Out of reach:")
    for place in done.out_of_reach:
        console.print(f"  - {place}", markup=False)


def many(count: int, what: str) -> str:
    """A number with its noun."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def amount(size: int) -> str:
    """Bytes in the unit that reads best."""
    value, unit = float(size), "bytes"
    for name in UNITS:
        if value < 1000:
            break
        value, unit = value / 1000, name
    return f"{value:,.0f} {unit}" if unit == "bytes" else f"{value:,.1f} {unit}"
