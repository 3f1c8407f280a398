"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("new_items")
@dataclass(frozen=True)
class NewItemDefaults:
    """Thresholds of items that are treated as new, and of new items among the candidates."""

    min_label_share: float = threshold(
        0.01,
        "share of the label folds' labels that are new items: with fewer, who wants a new item is "
        "too rare for a list to be worth a place to it",
    )
    min_allowed_share: float = threshold(
        0.5,
        "share of an allow list that is new items, from which it is there because of them, however "
        "few of the labels they are",
    )
    dropped_share: float = threshold(
        0.1,
        "share of the items whose history a label fold drops: some hundred labels of items that "
        "are as if new, for a tenth of the events that sources there learn from",
    )
    hidden_share: float = threshold(
        0.2, "share of the items that the verdict hides: enough likes of them for an interval"
    )
    hidden_users: int = threshold(
        1000, "users who judge hidden items: the standard error of a mean NDCG is then about 0.01"
    )
    hidden_cost: float = threshold(
        0.2,
        "most that judging hidden items may cost, as a share of all fits of a run that makes each "
        "of them: beside three fits and more, a source's further one is that or less",
    )
    candidates: int = threshold(
        20, "new items that a source proposes beside its best: as many as a list shows"
    )


DEFAULTS = NewItemDefaults()
