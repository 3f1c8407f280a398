"""The screen of `fusion plan`: what a training will take by stage, and where that is too much."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from flows.cli.screens.removal import count_of
from flows.cli.screens.tables import paragraph, plain_table

if TYPE_CHECKING:  # what trains takes seconds to import
    from flows.steps.train.plan import TrainingPlan

SHOWN = 12
"""Stages that are shown; what the others take together is one row."""


def print_plan(console: Console, plan: "TrainingPlan") -> None:
    """Show the estimate of a training, what this machine has free, and warnings.

    Args:
        console: where to show it.
        plan: from `flows.steps.train.plan.plan_training`.
    """
    work, estimate = plan.work, plan.estimate
    console.print(
        f"A training on {work.events:,} interactions of {work.users:,} users with "
        f"{work.items:,} items, {work.folds} label folds, {len(work.uses)} sources",
        markup=False,
    )
    table = plain_table("stage", "seconds>", "CPU seconds>", "peak MiB>", "known from")
    for stage in estimate.stages[:SHOWN]:
        known_from = "earlier runs" if stage.from_runs else "benchmarks"
        seconds, cpu_seconds = f"{stage.seconds:.1f}", f"{stage.cpu_seconds:.1f}"
        table.add_row(escape(stage.name), seconds, cpu_seconds, f"{stage.peak_mb:,.0f}", known_from)
    others = estimate.stages[SHOWN:]
    if others:
        seconds = f"{sum(stage.seconds for stage in others):.1f}"
        cpu_seconds = f"{sum(stage.cpu_seconds for stage in others):.1f}"
        table.add_row(f"{len(others)} others", seconds, cpu_seconds, "", "")
    console.print(table)
    for line in _totals(plan):
        console.print(line, markup=False)
    for name, reason in plan.left_out.items():
        console.print(paragraph("  - ", f"{name}: {reason}"))
    for warning in plan.warnings:
        console.print(f"[yellow]{escape(warning)}[/]")


def _totals(plan: "TrainingPlan") -> list[str]:
    """Return time, memory and disk of the whole training, each beside what there is."""
    estimate, machine = plan.estimate, plan.machine
    parts = ", ".join(f"{part} {_size(size)}" for part, size in estimate.disk_mb.items())
    free = "not known" if machine.memory_mb is None else _size(machine.memory_mb)
    return [
        f"Time: about {_duration(estimate.seconds)} on {count_of(machine.threads, 'core')}.",
        f"Memory: about {_size(estimate.peak_mb)}; free: {free}.",
        f"Disk: about {_size(sum(estimate.disk_mb.values()))} ({parts}); free: "
        f"{_size(machine.disk_mb)}.",
    ]


def _size(mib: float) -> str:
    return f"{mib / 1024:.1f} GiB" if mib >= 1024 else f"{mib:.0f} MiB"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
