"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("data")
@dataclass(frozen=True)
class DataDefaults:
    """Thresholds of folds and segments."""

    windows: tuple[int, ...] = threshold(
        (1, 7, 14, 28, 91, 182, 365),
        "days that a label window may last; the shorter, the fresher the verdict",
    )
    short_windows: tuple[int, ...] = threshold(
        (1, 7, 14, 28),
        "windows that hold enough users only where users still come; no share of them is asked for",
    )
    min_active_share: float = threshold(
        0.25,
        "where fewer of all users were seen within the folds, the data is an archive of users who "
        "left, and the others stand for few",
    )
    min_warm_users: int = threshold(
        50, "few to judge by, and still more telling of the next window than a split by last events"
    )
    max_held_out_share: float = threshold(
        0.1,
        "held-out items stand among the candidates: with many of them the first places are easy, "
        "and a ranker that learned from such lists trusts the best source too little",
    )
    min_held_out_share: float = threshold(
        0.05, "a fold of a random split holds out at least so much of however much data"
    )
    enough_held_out: int = threshold(
        40_000, "interactions that are enough to hold out; with more data the share falls"
    )
    max_segments: int = threshold(
        20, "values of a category column that are judged apart; the rest have few users each"
    )


DEFAULTS = DataDefaults()
