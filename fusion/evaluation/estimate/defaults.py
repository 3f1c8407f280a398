"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("estimate")
@dataclass(frozen=True)
class EstimateDefaults:
    """Thresholds of what published lists are expected to be worth."""

    widest_z: float = threshold(
        6.0, "deviations beyond which a score says no more: a single outlier would bend the curve"
    )
    ridge: float = threshold(
        1.0, "pull of weights to 0, as much as one like weighs: where likes are few, rank decides"
    )
    least_likes: int = threshold(
        5, "likes in lists of past windows, below which a chance by rank cannot be told"
    )


DEFAULTS = EstimateDefaults()
"""Thresholds of this room that shape results."""
