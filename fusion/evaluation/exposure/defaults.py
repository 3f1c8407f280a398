"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("exposure")
@dataclass(frozen=True)
class ExposureDefaults:
    """Thresholds of item groups, and of intervals over users."""

    min_days: int = threshold(
        28, "a shorter window than four weeks holds few events of the items of a small group"
    )
    max_values: int = threshold(
        20, "values of a category column that are measured; the rest have few events each"
    )
    popularity_borders: tuple[float, float] = threshold(
        (0.5, 0.8), "shares of events that the head, and head and middle, have taken"
    )
    cells: int = threshold(
        4000,
        "sums of users that a resample draws from where there are more users: the variance of a "
        "mean is that of drawing users, and known to two hundredths",
    )
    resamples: int = threshold(1000, "two digits of a 95 % interval")


DEFAULTS = ExposureDefaults()
