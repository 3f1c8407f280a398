"""A sparkline: how figures moved over runs or days, with their limits always in view."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from dashboards.plots.picture import Picture, svg

WIDTH, HEIGHT = 360, 120
LEFT, RIGHT, TOP, BOTTOM = 8, 134, 12, 24
"""Margins: names stand at the right of their lines, the first and last moment below."""
ROW = 14
"""Least distance of two names, in pixels."""
NOTHING = "–"
MOST_DOTS = 60


@dataclass(frozen=True)
class Line:
    """A figure over moments.

    Attributes:
        name: that stands beside its end.
        values: (n,), one a moment; None where there is none.
        kind: "line" the figure that the picture is about, "soft" one to compare it with, "limit"
            what it may be.
    """

    name: str
    values: Sequence[float | None]
    kind: Literal["line", "soft", "limit"] = "line"


CLASSES = {"line": "line", "soft": "line soft", "limit": "limit"}


@dataclass(frozen=True)
class Scale:
    """Where values lie in the picture."""

    positions: Sequence[float]
    low: float
    high: float

    def x(self, place: int) -> float:
        """Return the distance from the left of a moment.

        Args:
            place: of the moment.
        """
        first, last = self.positions[0], self.positions[-1]
        part = (self.positions[place] - first) / (last - first) if last > first else 1.0
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Return the distance from the top of a value.

        Args:
            value: within the scale.
        """
        part = (value - self.low) / (self.high - self.low)
        return TOP + (1 - part) * (HEIGHT - TOP - BOTTOM)


def sparkline(  # noqa: PLR0913 what a picture shows, one argument each
    title: str,
    description: str,
    moments: Sequence[str],
    lines: Sequence[Line],
    form: Callable[[float], str],
    *,
    positions: Sequence[float] | None = None,
    heading: str = "",
    beginning: str = "",
) -> Picture | None:
    """Draw figures over moments.

    Args:
        title: what is shown.
        description: what it says, in a sentence.
        moments: (n,) names of moments, oldest first.
        lines: figures and limits; the first one is what the picture is about.
        form: writes a value.
        positions: (n,) where the moments lie, rising; evenly when None.
        heading: of the moments in the table of numbers.
        beginning: a word before the value at which the axis begins, where values that lie close
            together are to fill the picture; "" for an axis from 0.

    Returns:
        The picture; None where no line has a value.
    """
    values = [one for line in lines for one in line.values if one is not None]
    if not values:
        return None
    scale = _scale(values, positions or range(len(moments)), is_near=bool(beginning))
    parts = [
        *_axis(moments, f"{beginning} {form(scale.low)}" if scale.low > 0 else ""),
        *(part for line in lines for part in _line(line, moments, form, scale)),
        *_names(lines, form, scale),
    ]
    rows = []
    for place, moment in enumerate(moments):
        cells = [line.values[place] for line in lines]
        rows.append([moment, *(NOTHING if one is None else form(one) for one in cells)])
    columns = [heading, *(line.name for line in lines)]
    return Picture(title, svg(title, description, parts, WIDTH, HEIGHT), columns, rows[::-1])


def _scale(values: Sequence[float], positions: Sequence[float], is_near: bool) -> Scale:
    """Begin at 0, so that a small step is no cliff; near the values only where that is said."""
    low, high = min(0.0, *values), max(values)
    lowest = min(values)
    if is_near and lowest > high / 2:
        low = max(0.0, lowest - (high - lowest))
    return Scale(positions, low, high if high > low else low + 1.0)


def _axis(moments: Sequence[str], beginning: str) -> Iterator[str]:
    y = HEIGHT - BOTTOM
    yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
    below = HEIGHT - 7
    if len(moments) > 1:
        yield f'<text x="{LEFT}" y="{below}">{escape(moments[0])}</text>'
    yield f'<text class="label" x="{WIDTH - RIGHT}" y="{below}">{escape(moments[-1])}</text>'
    if beginning:
        yield f'<text x="{WIDTH - RIGHT + 8}" y="{below}">{escape(beginning)}</text>'


def _line(
    line: Line, moments: Sequence[str], form: Callable[[float], str], scale: Scale
) -> Iterator[str]:
    """Draw a line, broken where there is no value, and of the main one every point."""
    kind = CLASSES[line.kind]
    for piece in _pieces(line.values):
        points = [f"{scale.x(place):.1f},{scale.y(value):.1f}" for place, value in piece]
        if len(points) > 1:
            yield f'<polyline class="{kind}" points="{" ".join(points)}"/>'
        elif line.kind == "limit":
            # A limit of one moment is no less a limit.
            y = scale.y(piece[0][1])
            ends = f'x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"'
            yield f'<line class="{kind}" {ends}/>'
    if line.kind == "limit":
        return
    dot = "dot" if line.kind == "line" else "dot soft"
    # So many points would be a wall: the table has all.
    shown = range(len(moments)) if len(moments) <= MOST_DOTS else [len(moments) - 1]
    for place in shown:
        value = line.values[place]
        if value is not None:
            said = escape(f"{moments[place]}: {line.name} {form(value)}")
            at = f'cx="{scale.x(place):.1f}" cy="{scale.y(value):.1f}"'
            yield f'<circle class="{dot}" {at} r="2.2"><title>{said}</title></circle>'


def _pieces(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Return runs of neighbours that have a value, with their places."""
    pieces: list[list[tuple[int, float]]] = [[]]
    for place, value in enumerate(values):
        if value is not None:
            pieces[-1].append((place, value))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _names(lines: Sequence[Line], form: Callable[[float], str], scale: Scale) -> Iterator[str]:
    """Write the name and newest value of each line beside its end, none over another."""
    ends = []
    for line in lines:
        newest = [one for one in line.values if one is not None]
        if newest:
            ends.append((scale.y(newest[-1]), line, newest[-1]))
    ends.sort(key=lambda end: end[0])
    heights = _apart([end[0] for end in ends])
    for (_, line, value), y in zip(ends, heights, strict=True):
        kind = ' class="figure"' if line.kind == "line" else ""
        x = WIDTH - RIGHT + 8
        said = escape(f"{line.name} {form(value)}")
        yield f'<text{kind} x="{x}" y="{y + 4:.1f}">{said}</text>'


def _apart(heights: Sequence[float]) -> list[float]:
    """Push heights apart that are too near each other, within the picture; sorted both times."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + ROW) if placed else height)
    bottom = HEIGHT - BOTTOM - 2.0
    for place in reversed(range(len(placed))):
        placed[place] = min(placed[place], bottom)
        bottom = placed[place] - ROW
    return placed
