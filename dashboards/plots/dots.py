"""Figures as dots with their intervals, and a line where a figure would be 0."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.language.catalogue import Say, marked
from dashboards.plots.labels import figure, label
from dashboards.plots.picture import Picture, svg

WIDTH, STEP, TOP, BOTTOM = 480, 28, 8, 26
LEFT, RIGHT = 166, 74
"""Room for labels at the left and figures at the right."""
ROOM = WIDTH - LEFT - RIGHT
COLUMNS = (marked("name"), marked("figure"), marked("low"), marked("high"))


@dataclass(frozen=True)
class Dot:
    """A figure of a dot plot.

    Attributes:
        label: at its left.
        value: of the figure.
        low: lower end of its interval; None where it is not known.
        high: upper end.
        strong: drawn in full colour, or soft.
    """

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    strong: bool = True


def dots(
    title: str,
    description: str,
    rows: Sequence[Dot],
    form: str = "{:+.4f}",
    unit: str = "",
    say: Say = marked,
) -> Picture:
    """Draw figures below each other on one scale, with the line of 0 always in view.

    Where figures are written with signs, that line parts good from bad, and is drawn as a limit is.

    Args:
        title: what is shown.
        description: what it says, in a sentence.
        rows: from top to bottom; one at least.
        form: how a figure is written.
        unit: of the scale, below it.
        say: gives a heading of the table in the language of the page.

    Returns:
        The picture.
    """
    ends = [0.0]
    for row in rows:
        ends += [end for end in (row.value, row.low, row.high) if end is not None]
    scale = _Scale(min(ends), max(ends), "limit" if "+" in form else "grid")
    height = TOP + STEP * len(rows) + BOTTOM
    parts = [scale.axis(height - BOTTOM, form, unit)]
    for place, row in enumerate(rows):
        parts.append(_row(row, TOP + STEP * place + STEP // 2, scale, form))
    cells = [_cells(row, form) for row in rows]
    return Picture(
        title, svg(title, description, parts, WIDTH, height), [say(one) for one in COLUMNS], cells
    )


@dataclass(frozen=True)
class _Scale:
    """From figures to pixels; with a little room at both ends."""

    lowest: float
    highest: float
    zero_line: str

    def x(self, value: float) -> float:
        """Return where a figure stands."""
        span = (self.highest - self.lowest) or 1.0
        return LEFT + 8 + (value - self.lowest) / span * (ROOM - 16)

    def axis(self, bottom: float, form: str, unit: str) -> str:
        """Draw the line of 0, and the figures of both ends where they are far from it."""
        zero = self.x(0.0)
        parts = [
            f'<line class="{self.zero_line}" x1="{zero:.1f}" x2="{zero:.1f}" y1="{TOP}" '
            f'y2="{bottom}"/>',
            f'<text class="tick" x="{zero:.1f}" y="{bottom + 14}">0</text>',
        ]
        for end in (self.lowest, self.highest):
            if abs(self.x(end) - zero) > 60:
                place = f'x="{self.x(end):.1f}" y="{bottom + 14}"'
                parts.append(f'<text class="tick" {place}>{form.format(end)}</text>')
        if unit:
            parts.append(label(unit, LEFT - 10, bottom + 14))
        return "".join(parts)


def _row(row: Dot, y: int, scale: _Scale, form: str) -> str:
    parts = [label(row.label, LEFT - 10, y + 4)]
    if row.low is not None and row.high is not None:
        low, high = scale.x(row.low), scale.x(row.high)
        ends = f"M{low:.1f},{y - 5}V{y + 5}M{high:.1f},{y - 5}V{y + 5}"
        parts.append(f'<path class="whisker" d="M{low:.1f},{y}H{high:.1f}{ends}"/>')
    kind = "dot" if row.strong else "dot soft"
    parts.append(f'<circle class="{kind}" cx="{scale.x(row.value):.1f}" cy="{y}" r="5"/>')
    parts.append(figure(form.format(row.value), LEFT + ROOM + 8, y + 4))
    return "".join(parts)


def _cells(row: Dot, form: str) -> tuple[str, ...]:
    ends = ["–" if end is None else form.format(end) for end in (row.low, row.high)]
    return (row.label, form.format(row.value), *ends)
