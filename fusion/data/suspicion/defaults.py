"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("suspicion")
@dataclass(frozen=True)
class SuspicionDefaults:
    """Thresholds by which accounts are suspected."""

    min_users: int = threshold(
        100, "a hundredth of fewer is not one user: oddness cannot be told from chance"
    )
    rare_shares: tuple[float, ...] = threshold(
        (0.01, 0.02, 0.05, 0.1),
        "a campaign holds about as many of the accounts, and is then the odd ones in full",
    )
    false_items: float = threshold(
        0.001, "items that chance alone would suspect in clean data: one in a thousand data sets"
    )
    min_group: int = threshold(
        5, "fewer accounts move no list, and as few odd people take the same thing by chance"
    )
    min_takers: int = threshold(5, "below it a share of the takers says nothing")
    min_share: float = threshold(
        0.2, "a promoted item is one that few others took; where many did, bots gain it nothing"
    )
    min_excess: float = threshold(
        3.0, "times what is usual: with very many takers the least difference is beyond chance"
    )
    windows: int = threshold(
        50,
        "by the beginning of accounts: each window has a fiftieth of them, as many as a campaign",
    )
    min_both: float = threshold(
        5.0, "of a window, and of oddness within it, each must say so, as -log10 of a probability"
    )
    wider: float = threshold(
        2.0, "a campaign's accounts stand a little behind the border by which it was found, too"
    )
    max_length: float = threshold(
        3.0, "times the usual items of a group: who took more takes most things, these among them"
    )
    scale_quantile: float = threshold(
        0.97,
        "of the items' own results, which says how much wider than chance they vary: above "
        "most items, and below those that a campaign promotes",
    )


DEFAULTS = SuspicionDefaults()
