"""The screen of `fusion sources`: what `use` may name, with needs, memory and settings."""

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from flows.cli.screens.removal import readable_size
from flows.cli.screens.tables import paragraph, plain_table

if TYPE_CHECKING:  # what trains takes seconds to import
    from flows.steps.watch.sources import KnownSource, SourceList


def print_sources(console: Console, found: "SourceList") -> None:
    """Show all sources in a table, and below it what is wrong with some.

    Args:
        console: where to show them.
        found: from `flows.steps.watch.sources.list_sources`.
    """
    table = plain_table("", "use", "needs", "memory>", "settings and their defaults")
    for source in found.sources:
        table.add_row(
            "→" if source.configured_as else "",
            escape(source.use),
            escape(", ".join(source.needs)) or "nothing",
            _memory(source, found.memory_gib),
            escape(", ".join(map(_setting, source.settings, source.settings.values()))),
        )
    console.print(table)
    sizes = found.sizes
    counts = f"{sizes.users:,} users, {sizes.items:,} items and {sizes.interactions:,} interactions"
    console.print("→ takes part, by the configuration or as one of the default set.")
    about = f"Memory is that of a fit on {sizes.of}: {counts}. memory = {found.memory_gib:g} GiB."
    console.print(about, markup=False)
    for sentence in (found.note, *map(_remark, found.sources)):
        if sentence:
            console.print(paragraph("  - ", sentence))


def _memory(source: "KnownSource", memory_gib: float) -> str:
    """Write the memory of a fit; in yellow what is too much."""
    if source.memory_bytes is None:
        return "-"
    size = readable_size(source.memory_bytes)
    return f"[yellow]{size}[/]" if source.memory_bytes > memory_gib * 2**30 else size


def _setting(name: str, default: Any) -> str:
    if isinstance(default, bool):
        return f"{name} {str(default).lower()}"
    return f"{name} {'none' if default is None else default}"


def _remark(source: "KnownSource") -> str:
    """Say where a source comes from and what keeps it from taking part; "" for nothing."""
    parts = [f"from {source.offered_by}" if source.offered_by else "", source.problem]
    said = "; ".join(part for part in parts if part)
    return f"{source.use}: {said}" if said else ""
