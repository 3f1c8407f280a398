"""The picture of a year: seconds, disk and rows by night, with the nights of faults."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.night.fast_motion.flatness import FLAT_FROM
from benchmarks.night.fast_motion.log import Line
from benchmarks.night.fast_motion.sizes import KEPT

MIB = 2**20
INCHES = (9.0, 9.0)
DOTS_PER_INCH = 150


def draw(lines: Sequence[Line], place: Path) -> list[Path]:
    """Draw a year as PNG and SVG.

    Args:
        lines: of the nights that are over.
        place: path without an ending; files that are there are replaced.

    Returns:
        The files; none without a night.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415

    if not lines:
        return []
    nights = [line.night for line in lines]
    figure = Figure(figsize=INCHES, layout="constrained")
    seconds, disk, lists, kept = figure.subplots(4, 1, sharex=True)
    _draw_seconds(seconds, lines)
    for name in lines[-1].disk:
        disk.plot(nights, [line.disk[name] / MIB for line in lines], label=name, linewidth=1.2)
    disk.set_ylabel("MiB")
    for table in ("recommendation", "explained_user", "stages"):
        lists.plot(nights, [line.rows[table] for line in lines], label=table, linewidth=1.2)
    lists.set_ylabel("rows, stages")
    lists.set_yscale("log")
    for table in KEPT:
        kept.plot(nights, [line.rows[table] for line in lines], label=table, linewidth=1.2)
    kept.set_ylabel("rows kept for good")
    kept.set_yscale("symlog", linthresh=10)
    kept.set_xlabel("night")
    for axes in (seconds, disk, lists, kept):
        axes.axvline(FLAT_FROM, color="grey", linewidth=0.8, linestyle=":")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7, frameon=False, ncols=4)
    seconds.set_ylim(bottom=0)
    disk.set_ylim(bottom=0)
    files = [place.with_name(f"{place.name}.{ending}") for ending in ("png", "svg")]
    for file in files:
        metadata = {"Date": None} if file.suffix == ".svg" else {}
        figure.savefig(file, dpi=DOTS_PER_INCH, metadata=metadata)
    return files


def _draw_seconds(axes: Any, lines: Sequence[Line]) -> None:
    """Draw nights with a fault apart from the others."""
    calm = [line for line in lines if line.fault is None]
    faulty = [line for line in lines if line.fault is not None]
    axes.plot([one.night for one in calm], [one.seconds for one in calm], ".", markersize=3)
    nights, seconds = [one.night for one in faulty], [one.seconds for one in faulty]
    axes.plot(nights, seconds, "x", color="C3", label="with a fault")
    axes.set_ylabel("seconds a night")
