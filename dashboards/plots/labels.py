"""Texts in pictures: cut to their room, escaped, the whole in a tooltip."""

from html import escape
from unicodedata import east_asian_width

LONGEST = 20
"""Letters of a label at the left of a picture; those of Chinese are two wide."""


def label(text: str, x: float, y: float) -> str:
    """Return a label that ends at a place.

    Args:
        text: in full; what does not fit stands in its tooltip.
        x: its right end.
        y: its base line.
    """
    short = text if _width(text) <= LONGEST else _cut(text)
    tooltip = f"<title>{escape(text)}</title>"
    return f'<text class="label" x="{x:g}" y="{y:g}">{tooltip}{escape(short)}</text>'


def figure(text: str, x: float, y: float) -> str:
    """Return a figure that begins at a place.

    Args:
        text: the figure.
        x: its left end.
        y: its base line.
    """
    return f'<text class="figure" x="{x:.1f}" y="{y:g}">{escape(text)}</text>'


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _cut(text: str) -> str:
    """Return as many letters as have room before an ellipsis."""
    while _width(text) > LONGEST - 1:
        text = text[:-1]
    return f"{text}…"
