"""Ratios as dots with their intervals on a scale of doublings, with 1 always in view."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log2

from dashboards.language.catalogue import Say, marked
from dashboards.plots.labels import figure, label
from dashboards.plots.picture import Picture, svg

WIDTH, STEP, TOP, BOTTOM = 480, 28, 8, 26
LEFT, RIGHT = 166, 74
"""Room for labels at the left and figures at the right."""
ROOM = WIDTH - LEFT - RIGHT
FURTHEST = 6
"""Doublings at which dots and intervals are cut: 64 times and a 64th."""
TICK_GAP = 44
"""Pixels between two figures of the scale at least."""
COLUMNS = (marked("name"), marked("figure"), marked("low"), marked("high"))


@dataclass(frozen=True)
class Ratio:
    """A ratio of a plot.

    Attributes:
        label: at its left.
        value: of the ratio, 0 or above.
        low: lower end of its interval; None where it is not known.
        high: upper end; None where it is not known, or without end.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None


def ratios(
    title: str,
    description: str,
    rows: Sequence[Ratio],
    limit: float | None = None,
    unit: str = "",
    say: Say = marked,
) -> Picture:
    """Draw ratios below each other; twice as much and half as much are as far from the line of 1.

    Args:
        title: what is shown.
        description: what it says, in a sentence.
        rows: from top to bottom; one at least.
        limit: a ratio may be up to this, and down to one over it; None draws no limit.
        unit: of the scale, below it.
        say: gives a heading of the table in the language of the page.

    Returns:
        The picture.
    """
    ends = [0.0]
    for row in rows:
        ends += [_doublings(end) for end in (row.value, row.low, row.high) if end is not None]
    if limit is not None:
        ends += [-log2(limit), log2(limit)]
    scale = _Scale(floor(min(ends)), max(ceil(max(ends)), floor(min(ends)) + 1))
    height = TOP + STEP * len(rows) + BOTTOM
    parts = [scale.axis(height - BOTTOM, unit)]
    for end in (limit, 1 / limit) if limit is not None else ():
        parts.append(_line("limit", scale.x(log2(end)), height - BOTTOM))
    parts += [_row(row, TOP + STEP * place + STEP // 2, scale) for place, row in enumerate(rows)]
    cells = [(row.label, *map(_text, (row.value, row.low, row.high))) for row in rows]
    return Picture(
        title, svg(title, description, parts, WIDTH, height), [say(one) for one in COLUMNS], cells
    )


def _doublings(ratio: float) -> float:
    """Return how often 1 is doubled to a ratio, cut at both ends."""
    if ratio <= 0:
        return -FURTHEST
    return max(-FURTHEST, min(FURTHEST, log2(ratio)))


def _line(kind: str, x: float, bottom: float) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>'


@dataclass(frozen=True)
class _Scale:
    """From doublings to pixels."""

    lowest: int
    highest: int

    def x(self, doublings: float) -> float:
        """Return where a ratio stands."""
        return LEFT + 8 + (doublings - self.lowest) / (self.highest - self.lowest) * (ROOM - 16)

    def axis(self, bottom: float, unit: str) -> str:
        """Draw the line of 1, and figures as close as there is room for."""
        parts = [_line("grid", self.x(0), bottom)]
        step = ceil(TICK_GAP * (self.highest - self.lowest) / ROOM)
        for tick in range(self.lowest, self.highest + 1):
            if tick % step == 0:
                place = f'x="{self.x(tick):.1f}" y="{bottom + 14}"'
                parts.append(f'<text class="tick" {place}>{_tick(tick)}</text>')
        if unit:
            parts.append(label(unit, LEFT - 10, bottom + 14))
        return "".join(parts)


def _tick(doublings: int) -> str:
    return str(2**doublings) if doublings >= 0 else f"1/{2**-doublings}"


def _row(row: Ratio, y: int, scale: _Scale) -> str:
    parts = [label(row.label, LEFT - 10, y + 4)]
    if row.low is not None:
        low = scale.x(_doublings(row.low))
        high = scale.x(_doublings(row.high) if row.high is not None else scale.highest)
        ends = f"M{low:.1f},{y - 5}V{y + 5}M{high:.1f},{y - 5}V{y + 5}"
        parts.append(f'<path class="whisker" d="M{low:.1f},{y}H{high:.1f}{ends}"/>')
    parts.append(f'<circle class="dot" cx="{scale.x(_doublings(row.value)):.1f}" cy="{y}" r="5"/>')
    parts.append(figure(_text(row.value), LEFT + ROOM + 8, y + 4))
    return "".join(parts)


def _text(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.2f}"
