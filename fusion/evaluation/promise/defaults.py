"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("promise")
@dataclass(frozen=True)
class PromiseDefaults:
    """Thresholds of prediction intervals."""

    least_windows: int = threshold(
        8, "fewer windows say next to nothing of how much windows differ: then there is no interval"
    )
    most_windows: int = threshold(
        16, "a quarter of a year of weeks; more would cost more and tell of another time"
    )
    least_users: int = threshold(
        5, "a mean of fewer users is no figure of a window, and its error cannot be told"
    )
    refit_share: float = threshold(
        1.0,
        "variance by which two rankers differ that as many users taught, in variances over the "
        "users of a window: in replayed weeks promises of a ranker were off by three to four of "
        "these, and the users of both windows make two",
    )
    most_events: int = threshold(
        500_000, "whole users up to so many interactions: a fit on a past window takes seconds"
    )
    most_users: int = threshold(
        4000, "users judged in a past window; their sampling error is taken off"
    )


DEFAULTS = PromiseDefaults()
"""Thresholds of this room that shape results."""
