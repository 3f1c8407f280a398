"""Small pictures as inline SVG: no script, no network, colours from the page's style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WIDTH, HEIGHT = 460, 190
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 10, 30
"""Margins around the bars of a histogram, in pixels, with room for the marks of both axes."""
PLOT_WIDTH = WIDTH - LEFT - RIGHT
PLOT_HEIGHT = HEIGHT - TOP - BOTTOM
BINS = 20
BAR_STEP, BAR_HEIGHT, LABEL_WIDTH = 26, 18, 130
LONGEST_LABEL = 18


@dataclass(frozen=True)
class Bar:
    """One horizontal bar.

    Attributes:
        label: at its left.
        value: its length.
        text: at its end.
        low: lower end of an interval; None where it is unknown.
        high: upper end of the interval.
        strong: drawn in full colour, or soft.
    """

    label: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None
    strong: bool = True


def histogram(values: Floats, chance: Floats | None = None) -> str:
    """Draw the share of users by value.

    Args:
        values: one a user (n,), between 0 and 1.
        chance: what chance alone gives (m,), drawn over it as an outline; None for nothing.

    Returns:
        An SVG element.
    """
    shares = _shares(values)
    outline = None if chance is None else _shares(chance)
    highest = float(shares.max())
    if outline is not None:
        highest = max(highest, float(outline.max()))
    top = max(highest, 1e-9)  # without users all bars are empty, and nothing is divided by 0
    parts = [_grid(top)]
    for position, share in enumerate(shares):
        parts.append(_column(position, float(share), top))
    if outline is not None:
        parts.append(_outline(outline / top))
    return _svg(parts, WIDTH, HEIGHT)


def bars(rows: Sequence[Bar]) -> str:
    """Draw horizontal bars from 0 to the largest value or upper end, each with its text.

    Args:
        rows: from top to bottom; one at least.

    Returns:
        An SVG element.
    """
    n_letters = max(len(row.text) for row in rows)
    text_width = 12 + 8 * n_letters
    longest = max(max(row.value, row.high or 0) for row in rows)
    room = WIDTH - LABEL_WIDTH - text_width
    scale = room / max(longest, 1e-12)
    parts: list[str] = []
    for position, row in enumerate(rows):
        parts += _bar(row, position * BAR_STEP + 4, scale)
    return _svg(parts, WIDTH, len(rows) * BAR_STEP + 4)


def _column(position: int, share: float, top: float) -> str:
    """Draw one bin of a histogram, with its numbers as a tooltip."""
    width = PLOT_WIDTH / BINS
    height = share / top * PLOT_HEIGHT
    x = LEFT + position * width + 1
    y = HEIGHT - BOTTOM - height
    numbers = f"{position / BINS:.2f} to {(position + 1) / BINS:.2f}: {share:.1%} of users"
    box = f'x="{x:.1f}" y="{y:.1f}" width="{width - 2:.1f}" height="{height:.1f}"'
    return f'<rect class="bar" {box}><title>{numbers}</title></rect>'


def _bar(row: Bar, y: int, scale: float) -> list[str]:
    """Draw a bar with its label, its interval and its text."""
    kind = "bar" if row.strong else "bar soft"
    length = max(row.value, 0) * scale
    name = f'<text class="label" x="{LABEL_WIDTH - 8}" y="{y + 13}">'
    box = f'x="{LABEL_WIDTH}" y="{y}" width="{length:.1f}" height="{BAR_HEIGHT}"'
    parts = [
        f"{name}{escape(_short(row.label))}</text>",
        f'<rect class="{kind}" {box}><title>{escape(row.label)}</title></rect>',
    ]
    if row.low is not None and row.high is not None:
        low = LABEL_WIDTH + row.low * scale
        high = LABEL_WIDTH + row.high * scale
        parts.append(_whisker(low, high, y + BAR_HEIGHT // 2))
    reach = max(row.value, row.high or 0, 0)
    end = LABEL_WIDTH + reach * scale + 6
    parts.append(f'<text class="figure" x="{end:.1f}" y="{y + 13}">{escape(row.text)}</text>')
    return parts


def _shares(values: Floats) -> Floats:
    counts, _ = np.histogram(values, BINS, (0.0, 1.0))
    n_users = max(len(values), 1)  # nobody has no shares, and nothing is divided by 0
    shares: Floats = counts / n_users
    return shares


def _short(text: str) -> str:
    # The whole label stands in the bar's tooltip.
    if len(text) <= LONGEST_LABEL:
        return text
    return text[: LONGEST_LABEL - 1] + "…"


def _grid(top: float) -> str:
    """Draw three lines with their shares, and the values below the axis."""
    parts = []
    for part in (0.0, 0.5, 1.0):
        y = TOP + PLOT_HEIGHT * (1 - part)
        ends = f'x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"'
        parts.append(f'<line class="grid" {ends}/>')
        mark = f'<text class="label" x="{LEFT - 6}" y="{y + 4:.1f}">'
        parts.append(f"{mark}{part * top:.0%}</text>")
    for value in (0, 0.25, 0.5, 0.75, 1):
        x = LEFT + value * PLOT_WIDTH
        parts.append(f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 12}">{value:g}</text>')
    return "".join(parts)


def _outline(heights: Floats) -> str:
    """Draw the upper edges of bins, as one line of steps; heights (BINS,) from 0 to 1."""
    width = PLOT_WIDTH / BINS
    points = []
    for position, height in enumerate(heights):
        y = HEIGHT - BOTTOM - height * PLOT_HEIGHT
        left = LEFT + position * width
        points += [f"{left:.1f},{y:.1f}", f"{left + width:.1f},{y:.1f}"]
    return f'<polyline class="chance" points="{" ".join(points)}"/>'


def _whisker(low: float, high: float, y: float) -> str:
    """Draw an interval as a line with a mark at each end."""
    marks = f"M{low:.1f},{y - 4}V{y + 4}M{high:.1f},{y - 4}V{y + 4}"
    return f'<path class="whisker" d="M{low:.1f},{y}H{high:.1f}{marks}"/>'


def _svg(parts: Sequence[str], width: int, height: int) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img">{"".join(parts)}</svg>'
