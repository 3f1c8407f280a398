"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("exposure")
@dataclass(frozen=True)
class ExposureDefaults:
    """Thresholds of intervals over users."""

    cells: int = threshold(
        4000,
        "sums of users that a resample draws from where there are more users: the variance of a "
        "mean is that of drawing users, and known to two hundredths",
    )
    resamples: int = threshold(1000, "two digits of a 95 % interval")


DEFAULTS = ExposureDefaults()
