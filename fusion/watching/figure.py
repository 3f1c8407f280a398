"""Figures that are watched: what they are called, how they are judged, and what they point at."""

from dataclasses import dataclass, field

import polars as pl

from fusion.watching.causes import Cause
from fusion.watching.scales import Scale

DAY = "day"
WINDOW = "window"


@dataclass(frozen=True)
class Figure:
    """A figure that each closed day or window has.

    Attributes:
        subject: "interactions", "users", "items" or "lists".
        name: of the figure.
        scale: by which it is judged.
        label: what the value counts, in words.
        column: of the file, where the figure is about one.
        low: cause when it is below what is usual; None where that is no alarm.
        high: cause when it is above.
        far_low: cause when it is far below; None where that is the same one.
        far_high: cause when it is far above.
    """

    subject: str
    name: str
    scale: Scale
    label: str
    column: str = ""
    low: Cause | None = None
    high: Cause | None = None
    far_low: Cause | None = None
    far_high: Cause | None = None

    @property
    def key(self) -> str:
        """Name under which its values are stored."""
        return ".".join(part for part in (self.subject, self.name, self.column) if part)

    def cause(self, effect: float) -> Cause | None:
        """Return what an unusual value points at.

        Args:
            effect: signed, on the figure's scale.

        Returns:
            The cause; None where a value on that side is no alarm.
        """
        is_far = abs(effect) >= self.scale.large
        if effect < 0:
            return (self.far_low if is_far else None) or self.low
        return (self.far_high if is_far else None) or self.high


@dataclass(frozen=True)
class Measurement:
    """The value of a figure in one day or window.

    Attributes:
        value: the figure; None where it is the distance of `counts` from those of other windows.
        cases: how many cases it is of.
        counts: cases by value of the column; empty where the figure is a number.
    """

    value: float | None
    cases: int
    counts: dict[str, int] = field(default_factory=dict)


def share(part: int, cases: int) -> Measurement:
    """Measure a share of cases.

    Args:
        part: cases that count.
        cases: all of them.

    Returns:
        The share; 0 of no cases.
    """
    return Measurement(part / cases if cases else 0.0, cases)


def count_values(values: pl.Series) -> dict[str, int]:
    """Count the rows of each value.

    Args:
        values: (n,) of any type, without nulls.

    Returns:
        Count by the text of the value, in the order of the texts.
    """
    counted = values.cast(pl.String).alias("value").value_counts().sort("value")
    return dict(counted.iter_rows())
