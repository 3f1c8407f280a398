"""Figures as bullets: the value as a bar, what chance gives as a band, the limit as a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from dashboards.language.catalogue import Say, marked
from dashboards.plots.labels import figure, label
from dashboards.plots.picture import Picture, svg

WIDTH, STEP, TOP, BOTTOM = 480, 24, 6, 24
LEFT, RIGHT = 166, 74
"""Room for labels at the left and figures at the right."""
ROOM = WIDTH - LEFT - RIGHT
LONGEST = 3.0
"""Limits at which a bar is cut: what is past that is as bad, and others could not be read."""
COLUMNS = (marked("name"), marked("value"), marked("chance"), marked("limit"), marked("counts"))


@dataclass(frozen=True)
class Bullet:
    """A figure beside what it may be.

    Attributes:
        label: at its left.
        value: of the figure.
        chance: what chance alone gives.
        limit: above which it counts.
        is_over: whether it counts.
    """

    label: str
    value: float
    chance: float
    limit: float
    is_over: bool


def bullets(title: str, description: str, rows: Sequence[Bullet], say: Say = marked) -> Picture:
    """Draw figures in multiples of their own limits, which then stand in one line.

    Args:
        title: what is shown.
        description: what it says, in a sentence.
        rows: from top to bottom; one at least.
        say: gives a word in the language of the page.

    Returns:
        The picture.
    """
    past = max(max(row.value, row.chance) / row.limit for row in rows)
    scale = ROOM / min(LONGEST, max(1.25, past))
    height = TOP + STEP * len(rows) + BOTTOM
    parts = [_bullet(row, TOP + STEP * place, scale) for place, row in enumerate(rows)]
    x, bottom = LEFT + scale, height - BOTTOM
    parts.append(f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>')
    parts.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 14}">{escape(say("limit"))}</text>')
    cells = [_cells(row, say) for row in rows]
    return Picture(
        title, svg(title, description, parts, WIDTH, height), [say(one) for one in COLUMNS], cells
    )


def _bullet(row: Bullet, y: int, scale: float) -> str:
    chance = min(row.chance / row.limit * scale, ROOM)
    value = min(row.value / row.limit * scale, ROOM)
    kind = "bar over" if row.is_over else "bar"
    return "".join(
        (
            label(row.label, LEFT - 10, y + 15),
            f'<rect class="band" x="{LEFT}" y="{y + 2}" width="{chance:.1f}" height="18"/>',
            f'<rect class="{kind}" x="{LEFT}" y="{y + 7}" width="{value:.1f}" height="8"/>',
            figure(f"{row.value:.3f}", LEFT + ROOM + 8, y + 15),
        )
    )


def _cells(row: Bullet, say: Say) -> tuple[str, ...]:
    figures = [f"{value:.4f}" for value in (row.value, row.chance, row.limit)]
    return (row.label, *figures, say(marked("yes") if row.is_over else marked("no")))
