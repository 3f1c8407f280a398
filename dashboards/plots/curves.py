"""A figure over bins of a value: its median as a line, its quartiles as a band."""

from collections.abc import Sequence

from dashboards.language.catalogue import Say, marked
from dashboards.plots.picture import Picture, svg

WIDTH, HEIGHT = 300, 170
LEFT, RIGHT, TOP, BOTTOM = 52, 24, 10, 26
PLOT_WIDTH = WIDTH - LEFT - RIGHT
PLOT_HEIGHT = HEIGHT - TOP - BOTTOM
COLUMNS = (marked("value"), marked("lower quartile"), marked("median"), marked("upper quartile"))


def curve(  # noqa: PLR0913 what a picture shows, one argument each
    title: str,
    description: str,
    values: Sequence[float],
    low: Sequence[float],
    middle: Sequence[float],
    high: Sequence[float],
    *,
    say: Say = marked,
) -> Picture:
    """Draw bins side by side, each as wide as the others, with the line of 0 in view.

    Args:
        title: what is shown.
        description: what it says, in a sentence.
        values: mean value of each bin (b,), two at least.
        low: lower quartile of the figure there (b,).
        middle: its median (b,).
        high: upper quartile (b,).
        say: gives a heading of the table in the language of the page.

    Returns:
        The picture.
    """
    bottom, top = min(0.0, *low), max(0.0, *high)
    span = (top - bottom) or 1.0
    xs = [LEFT + PLOT_WIDTH * place / (len(values) - 1) for place in range(len(values))]

    def _y(value: float) -> float:
        return TOP + PLOT_HEIGHT * (top - value) / span

    upper = [f"{x:.1f},{_y(one):.1f}" for x, one in zip(xs, high, strict=True)]
    lower = [f"{x:.1f},{_y(one):.1f}" for x, one in zip(xs, low, strict=True)]
    line = [f"{x:.1f},{_y(one):.1f}" for x, one in zip(xs, middle, strict=True)]
    parts = [
        f'<polygon class="band" points="{" ".join([*upper, *reversed(lower)])}"/>',
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(0):.1f}" y2="{_y(0):.1f}"/>',
        f'<polyline class="line" points="{" ".join(line)}"/>',
        *(_mark(end, _y(end)) for end in dict.fromkeys((top, 0.0, bottom))),
        _tick(values[0], xs[0]),
        _tick(values[len(values) // 2], xs[len(values) // 2]) if len(values) > 2 else "",
        _tick(values[-1], xs[-1]),
    ]
    table = zip(values, low, middle, high, strict=True)
    cells = [(f"{row[0]:.4g}", *(f"{one:+.4f}" for one in row[1:])) for row in table]
    return Picture(
        title, svg(title, description, parts, WIDTH, HEIGHT), [say(one) for one in COLUMNS], cells
    )


def _mark(value: float, y: float) -> str:
    text = f"{value:+.2g}" if value else "0"
    return f'<text class="label" x="{LEFT - 6}" y="{y + 4:.1f}">{text}</text>'


def _tick(value: float, x: float) -> str:
    return f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 8}">{value:.3g}</text>'
