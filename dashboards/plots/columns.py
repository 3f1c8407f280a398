"""Counts as upright bars: lists by rank, events by day."""

from collections.abc import Sequence
from html import escape
from math import ceil

from dashboards.plots.picture import Picture, svg

WIDTH, HEIGHT = 460, 170
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 10, 28
"""Margins around the bars, in pixels, with room for the marks of both axes."""
LETTER = 7
"""Width of a letter below the bars, in pixels."""


def columns(
    title: str, description: str, headings: tuple[str, str], counts: Sequence[tuple[str, int]]
) -> Picture:
    """Draw counts as upright bars, from 0 on.

    Args:
        title: what is shown.
        description: what it says, in a sentence.
        headings: of the names and the counts, in the table of numbers.
        counts: name and count of each bar, one at least.

    Returns:
        The picture.
    """
    top = max(1, *(count for _, count in counts))
    width = (WIDTH - LEFT - RIGHT) / len(counts)
    parts = _grid(top)
    # So few names that none runs into the next.
    room = max(len(name) for name, _ in counts) * LETTER + 2 * LETTER
    named_every = max(1, ceil(room / width))
    for place, (name, count) in enumerate(counts):
        height = count / top * (HEIGHT - TOP - BOTTOM)
        x = LEFT + place * width
        box = f'x="{x + 0.5:.1f}" y="{HEIGHT - BOTTOM - height:.1f}"'
        size = f'width="{max(width - 1, 0.5):.1f}" height="{height:.1f}"'
        said = escape(f"{name}: {count:,}")
        parts.append(f'<rect class="bar" {box} {size}><title>{said}</title></rect>')
        if place % named_every == 0:
            at = f'x="{x + width / 2:.1f}" y="{HEIGHT - 10}"'
            parts.append(f'<text class="tick" {at}>{escape(name)}</text>')
    rows = [(name, f"{count:,}") for name, count in counts]
    return Picture(title, svg(title, description, parts, WIDTH, HEIGHT), headings, rows)


def _grid(top: int) -> list[str]:
    """Draw a line at nothing and at the largest count."""
    parts = []
    for count in (0, top):
        y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - count / top)
        ends = f'x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"'
        parts.append(f'<line class="grid" {ends}/>')
        parts.append(f'<text class="label" x="{LEFT - 6}" y="{y + 4:.1f}">{count:,}</text>')
    return parts
