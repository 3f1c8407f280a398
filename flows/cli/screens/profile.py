"""`fusion run --profile`: the dearest steps of a turn, in seconds, CPU seconds and memory."""

from rich.console import Console
from rich.table import Table

from flows.cli.screens.tables import plain_table
from flows.step_timer import Profile

SHOWN = 10
"""Steps that are shown; what the others cost together is one row."""


def print_profile(console: Console, profile: Profile) -> None:
    """Show what the dearest steps of a turn cost.

    Args:
        console: where to show it.
        profile: of the turn.
    """
    title = f"The {SHOWN} dearest steps"
    table = plain_table("step", "seconds>", "CPU seconds>", "peak MiB>", "raised by>", title=title)
    for step in profile.steps[:SHOWN]:
        cpu_seconds = f"{step.cpu_seconds:.1f}"
        table.add_row(
            step.name, f"{step.seconds:.1f}", cpu_seconds, str(step.peak_mb), str(step.raised_mb)
        )
    _add_others(table, profile)
    _add_row(table, "outside of steps", profile.outside_seconds, profile.outside_cpu_seconds)
    console.print()
    console.print(table)
    console.print(
        f"Together {profile.seconds:.1f} s, {profile.cpu_seconds:.1f} CPU s, peak "
        f"{profile.peak_mb} MiB. Steps that run side by side share CPU seconds equally.",
        markup=False,
    )


def _add_others(table: Table, profile: Profile) -> None:
    """Add a row of what the steps cost together that are not shown, where there are any."""
    others = profile.steps[SHOWN:]
    if others:
        seconds = sum(step.seconds for step in others)
        cpu_seconds = sum(step.cpu_seconds for step in others)
        _add_row(table, f"{len(others)} others", seconds, cpu_seconds)


def _add_row(table: Table, name: str, seconds: float, cpu_seconds: float) -> None:
    table.add_row(name, f"{seconds:.1f}", f"{cpu_seconds:.1f}", "", "")
