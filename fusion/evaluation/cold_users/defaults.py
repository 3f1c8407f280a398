"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("judging cold users")
@dataclass(frozen=True)
class JudgingDefaults:
    """Thresholds of the judgement of lists from attributes."""

    parts: int = threshold(5, "shares of users that are hidden in turn: four fifths are fitted on")
    fewest_users: int = threshold(
        50, "users to be judged by, below which an interval is no evidence and nothing is tried"
    )
    choosing_users: int = threshold(
        1_000, "users of a label fold by whom settings are compared: two dozen lists each, paired"
    )
    judged_users: int = threshold(5_000, "users judged: an interval is then narrow enough")
    regs: tuple[float, ...] = threshold(
        (10.0, 30.0, 100.0, 300.0), "from what few users say to what only many do"
    )
    priors: tuple[float, ...] = threshold(
        (5.0, 50.0), "the prior of segments, and ten times as much, as a map is less sure"
    )
    weights: tuple[float, ...] = threshold(
        (0.5, 0.75, 1.0), "halfway between the segment and the map, and the map alone"
    )
    queries: tuple[float, ...] = threshold(
        (0.0, 3.0, 6.0, 12.0), "from what users wrote saying nothing to the nearest items alone"
    )


DEFAULTS = JudgingDefaults()
"""Thresholds of this room that shape results."""
