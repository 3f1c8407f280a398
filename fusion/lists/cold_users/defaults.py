"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("cold users")
@dataclass(frozen=True)
class ColdUserDefaults:
    """Thresholds of lists from attributes."""

    fewest_users: int = threshold(
        10, "users who share a value of a category: of fewer their tastes say more than it does"
    )
    most_values: int = threshold(
        100, "values of a category that are told apart, the most frequent; the map stays small"
    )
    bins: int = threshold(
        5, "groups of equal size of a number, since tastes need not rise or fall with it"
    )
    vector_columns: int = threshold(
        64,
        "columns of all vectors of users together: the map stays small, and a cell takes 8 bytes",
    )
    fewest_likes: int = threshold(3, "users who like an item, below which attributes say nothing")
    most_items: int = threshold(
        20_000, "items that the map weighs, those that most users like: all others are as popular"
    )
    recent_queries: int = threshold(
        10, "newest texts of a user that say what they are after, as in the ranker's features"
    )


DEFAULTS = ColdUserDefaults()
"""Thresholds of this room that shape results."""
