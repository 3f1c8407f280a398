"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("item groups")
@dataclass(frozen=True)
class ItemGroupDefaults:
    """Thresholds by which items are grouped."""

    min_days: int = threshold(
        28, "a shorter window than four weeks holds few events of the items of a small group"
    )
    max_values: int = threshold(
        20, "values of a category column that are measured; the rest have few events each"
    )
    popularity_borders: tuple[float, float] = threshold(
        (0.5, 0.8), "shares of events that the head, and head and middle, have taken"
    )


DEFAULTS = ItemGroupDefaults()
