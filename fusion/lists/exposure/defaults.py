"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("exposure limits")
@dataclass(frozen=True)
class ExposureLimitDefaults:
    """Thresholds of the search for prices."""

    tolerance: float = threshold(
        0.005, "half a point: what a share of all lists may be off, as prices come of some of them"
    )
    users: int = threshold(
        50_000,
        "users of each limit whose lists its price is found on; of more the share is off by less "
        "than the tolerance in nearly all samples",
    )
    rounds: int = threshold(8, "rounds over all prices, where limits of several groups meet")
    halvings: int = threshold(20, "a price is then known to a millionth of the largest")
    part_halvings: int = threshold(
        14, "of users who turn at one price, as many turn as are needed, to one in 16,000"
    )


DEFAULTS = ExposureLimitDefaults()
