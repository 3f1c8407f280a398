"""Small pictures as inline SVG: no script, no network, colours from the page's style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WIDTH, HEIGHT = 460, 190
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 10, 30
BINS = 20


@dataclass(frozen=True)
class Bar:
    """One horizontal bar with a text at its end and, where known, an interval."""

    label: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None
    strong: bool = True


def histogram(values: Floats, chance: Floats | None = None) -> str:
    """Draw the share of users by value in [0, 1]; `chance` is drawn over it as an outline."""
    shares = _shares(values)
    outline = None if chance is None else _shares(chance)
    top = max(float(shares.max()), float(outline.max()) if outline is not None else 0.0, 1e-9)
    wide = (WIDTH - LEFT - RIGHT) / BINS
    parts = [_grid(top)]
    for place, share in enumerate(shares):
        tall = share / top * (HEIGHT - TOP - BOTTOM)
        title = (
            f"<title>{place / BINS:.2f} to {(place + 1) / BINS:.2f}: {share:.1%} of users</title>"
        )
        x, y = LEFT + place * wide + 1, HEIGHT - BOTTOM - tall
        box = f'x="{x:.1f}" y="{y:.1f}" width="{wide - 2:.1f}" height="{tall:.1f}"'
        parts.append(f'<rect class="bar" {box}>{title}</rect>')
    if outline is not None:
        parts.append(_outline(outline / top, wide))
    return _svg(parts, WIDTH, HEIGHT)


def bars(rows: Sequence[Bar]) -> str:
    """Draw horizontal bars from 0 to the largest value or upper end, each with its text."""
    step, label = 26, 130
    text = 12 + 8 * max(len(row.text) for row in rows)
    reach = max([max(row.value, row.high or 0) for row in rows] + [1e-12])
    scale = (WIDTH - label - text) / reach
    parts: list[str] = []
    for place, row in enumerate(rows):
        y = place * step + 4
        kind = "bar" if row.strong else "bar soft"
        parts.append(
            f'<text class="label" x="{label - 8}" y="{y + 13}">{escape(_short(row.label))}</text>'
        )
        parts.append(
            f'<rect class="{kind}" x="{label}" y="{y}" width="{max(row.value, 0) * scale:.1f}" height="18">'
            f"<title>{escape(row.label)}</title></rect>"
        )
        if row.low is not None and row.high is not None:
            parts.append(_whisker(label + row.low * scale, label + row.high * scale, y + 9))
        end = label + max(row.value, row.high or 0, 0) * scale + 6
        parts.append(f'<text class="figure" x="{end:.1f}" y="{y + 13}">{escape(row.text)}</text>')
    return _svg(parts, WIDTH, len(rows) * step + 4)


def _shares(values: Floats) -> Floats:
    counts, _ = np.histogram(values, BINS, (0.0, 1.0))
    shares: Floats = counts / max(len(values), 1)
    return shares


def _short(text: str) -> str:
    return text if len(text) <= 18 else text[:17] + "…"


def _grid(top: float) -> str:
    """Draw three lines with their shares, and the values below the axis."""
    tall = HEIGHT - TOP - BOTTOM
    lines = [(TOP + tall * (1 - part), f"{part * top:.0%}") for part in (0.0, 0.5, 1.0)]
    rows = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="label" x="{LEFT - 6}" y="{y + 4:.1f}">{text}</text>'
        for y, text in lines
    )
    ticks = [
        (LEFT + value * (WIDTH - LEFT - RIGHT), f"{value:g}") for value in (0, 0.25, 0.5, 0.75, 1)
    ]
    marks = "".join(
        f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 12}">{text}</text>' for x, text in ticks
    )
    return rows + marks


def _outline(heights: Floats, wide: float) -> str:
    tall = HEIGHT - TOP - BOTTOM
    steps = [
        f"{LEFT + (place + side) * wide:.1f},{HEIGHT - BOTTOM - height * tall:.1f}"
        for place, height in enumerate(heights)
        for side in (0, 1)
    ]
    return f'<polyline class="chance" points="{" ".join(steps)}"/>'


def _whisker(low: float, high: float, y: float) -> str:
    ends = "".join(f"M{x:.1f},{y - 4}V{y + 4}" for x in (low, high))
    return f'<path class="whisker" d="M{low:.1f},{y}H{high:.1f}{ends}"/>'


def _svg(parts: Sequence[str], width: int, height: int) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img">{"".join(parts)}</svg>'
