"""Shares of users by value, over what chance alone gives."""

from collections.abc import Sequence

from dashboards.language.catalogue import Say, marked
from dashboards.plots.picture import Picture, svg

WIDTH, HEIGHT = 460, 190
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 10, 30
"""Margins around the bars, in pixels, with room for the marks of both axes."""
PLOT_WIDTH = WIDTH - LEFT - RIGHT
PLOT_HEIGHT = HEIGHT - TOP - BOTTOM


def histogram(
    title: str,
    description: str,
    shares: Sequence[float],
    chance: Sequence[float] | None = None,
    say: Say = marked,
) -> Picture:
    """Draw the share of users in each part of the span from 0 to 1.

    Args:
        title: what is shown.
        description: what it says, in a sentence.
        shares: of users (n,), each from 0 to 1.
        chance: what chance alone gives (n,), drawn over it as an outline; None for nothing.
        say: gives a word in the language of the page.

    Returns:
        The picture.
    """
    # Without users all bars are empty, and nothing is divided by 0.
    top = max(*shares, *(chance or ()), 1e-9)
    width = PLOT_WIDTH / len(shares)
    parts = [_grid(top)]
    for place, share in enumerate(shares):
        height = share / top * PLOT_HEIGHT
        box = f'x="{LEFT + place * width + 1:.1f}" y="{HEIGHT - BOTTOM - height:.1f}"'
        parts.append(f'<rect class="bar" {box} width="{width - 2:.1f}" height="{height:.1f}"/>')
    if chance is not None:
        parts.append(_outline([share / top for share in chance], width))
    _ = say
    columns = [_("value"), _("users"), *([_("chance")] if chance else [])]
    return Picture(
        title, svg(title, description, parts, WIDTH, HEIGHT), columns, _cells(shares, chance, say)
    )


def _cells(
    shares: Sequence[float], chance: Sequence[float] | None, say: Say
) -> list[tuple[str, ...]]:
    _ = say
    n = len(shares)
    rows = []
    for place, share in enumerate(shares):
        beside = (f"{chance[place]:.1%}",) if chance else ()
        ends = {"low": f"{place / n:.2f}", "high": f"{(place + 1) / n:.2f}"}
        rows.append((_("%(low)s to %(high)s") % ends, f"{share:.1%}", *beside))
    return rows


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


def _outline(heights: Sequence[float], width: float) -> str:
    """Draw the upper edges of bars, as one line of steps; heights from 0 to 1."""
    points = []
    for place, height in enumerate(heights):
        y = HEIGHT - BOTTOM - height * PLOT_HEIGHT
        left = LEFT + place * width
        points += [f"{left:.1f},{y:.1f}", f"{left + width:.1f},{y:.1f}"]
    return f'<polyline class="chance" points="{" ".join(points)}"/>'
