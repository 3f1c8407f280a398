"""Growth: what `fusion run` takes by stage on worlds of several sizes, and its exponents.

    python -m benchmarks.scale.growth FOLDER --events 1000000 5000000 [--sources als sequence]

The worlds have the shape of MovieLens 20M. Each size runs in a folder of its own, where its figures
are kept: a size that was measured is not run again. An exponent is that of the cost as a power of
the events, from the smallest to the largest size. CPU seconds tell more than wall seconds where
other work uses the same cores.
"""

import argparse
import math
from pathlib import Path

from benchmarks.scale.growing.figures import FILE, RunFigures, StageFigures
from benchmarks.scale.growing.watched_run import SOURCES, configure, watched_run
from benchmarks.scale.growing.world import write_world

SEED = 7
SMALL = 0.5
"""CPU seconds at the largest size below which a stage is not shown."""
NOTHING = StageFigures(0, 0.0, 0.0, 0.0)


def measured(folder: Path, events: int, sources: tuple[str, ...], trials: int) -> RunFigures:
    """Return what a size takes, measured now or before.

    Args:
        folder: of all sizes.
        events: of this one.
        sources: names of recommenders.
        trials: of tuning.
    """
    own = folder / str(events)
    if not (own / FILE).exists():
        print(write_world(own, events, SEED), flush=True)
        configure(own, sources, trials)
        watched_run(own).write(own)
    return RunFigures.read(own)


def exponent(small: float, large: float, growth: float) -> str:
    """Return the power of the events by which a cost grew, as text; empty for next to nothing."""
    if growth == 1 or min(small, large) < SMALL / 5:
        return ""
    return f"{math.log(large / small) / math.log(growth):.2f}"


def print_table(sizes: list[RunFigures]) -> None:
    """Print a row a stage, with three columns a size and the exponents.

    Args:
        sizes: smallest first.
    """
    heads = "".join(f" {size.events / 1e6:.1f} M s | CPU s | MiB |" for size in sizes)
    print(f"| stage |{heads} exponent of CPU | of memory |")
    print(f"| --- |{' ---: | ---: | ---: |' * len(sizes)} ---: | ---: |")
    smallest, largest = sizes[0], sizes[-1]
    growth = largest.events / smallest.events
    for name in largest.stages:
        rows = [size.stages.get(name, NOTHING) for size in sizes]
        if rows[-1].cpu_seconds >= SMALL:
            _print_row(f"{name} ({rows[-1].steps})", rows, growth)
    print_whole(sizes, growth)


def _print_row(name: str, rows: list[StageFigures], growth: float) -> None:
    cells = "".join(
        f" {row.seconds:.1f} | {row.cpu_seconds:.1f} | {row.peak_mb:,.0f} |" for row in rows
    )
    of_cpu = exponent(rows[0].cpu_seconds, rows[-1].cpu_seconds, growth)
    of_memory = exponent(rows[0].peak_mb, rows[-1].peak_mb, growth)
    print(f"| {name} |{cells} {of_cpu} | {of_memory} |")


def print_whole(sizes: list[RunFigures], growth: float) -> None:
    """Print the row of the whole run, and what each size was.

    Args:
        sizes: smallest first.
        growth: events of the largest as a multiple of the smallest.
    """
    whole = [StageFigures(1, each.seconds, each.cpu_seconds, each.peak_mb) for each in sizes]
    _print_row("the whole run", whole, growth)
    for size in sizes:
        minutes, gib = size.seconds / 60, size.peak_mb / 1024
        print(
            f"{size.events:,} events of {size.users:,} users with {size.items:,} items: exit "
            f"{size.exit_code}, {minutes:.1f} minutes, {size.cpu_seconds:.0f} CPU s, peak "
            f"{gib:.2f} GiB; on disk {size.disk_mb} MiB, at most {size.most_disk_mb}"
        )


def main() -> None:
    """Measure every size, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--sources", nargs="+", default=list(SOURCES))
    parser.add_argument("--trials", type=int, default=0, help="of tuning; 0 tunes nothing")
    given = parser.parse_args()
    sizes = [
        measured(given.folder, events, tuple(given.sources), given.trials)
        for events in sorted(given.events)
    ]
    print_table(sizes)


if __name__ == "__main__":
    main()
