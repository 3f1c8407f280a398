"""A picture of a page: an SVG element with a title and a description, and the numbers it shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape


@dataclass(frozen=True)
class Picture:
    """A picture and the table of its numbers.

    Attributes:
        title: what is shown; also the name that a screen reader says.
        markup: an SVG element, everything from data in it escaped.
        columns: headings of the table.
        rows: cells of the table as texts, a row each; not escaped.
    """

    title: str
    markup: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def svg(title: str, description: str, parts: Sequence[str], width: int, height: int) -> str:
    """Return an SVG element that screen readers can name.

    Args:
        title: what is shown.
        description: what it says, in a sentence.
        parts: elements, everything from data in them escaped.
        width: in pixels of its own.
        height: likewise.
    """
    key = sha256("\n".join((title, description, *parts)).encode()).hexdigest()[:10]
    names = f'aria-labelledby="t{key} d{key}"'
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" {names}>'
        f'<title id="t{key}">{escape(title)}</title><desc id="d{key}">{escape(description)}</desc>'
        f"{''.join(parts)}</svg>"
    )
