"""Checks of the amount of data: sizes and repeats."""

import numpy as np

from fusion.core.arrays import pair_keys
from fusion.core.findings import EXAMPLES, Finding, FindingKind, declare
from fusion.ingest.checks.registry import Facts, data_check

MIN_INTERACTIONS = 1000
"""Interactions below which no window is large enough to compare recommenders on."""
MIN_ACTIVE_USERS = 50
"""Active users below which the interval round a metric covers every difference of interest ..."""
ACTIVE_EVENTS = 3
"""... where an active user has events to learn from, to validate on and to be judged on."""

REPEATS = declare(
    FindingKind(
        code="repeats",
        severity="warning",
        what="a user who interacts with an item again",
        happens="all are kept; sources see them added up",
        cure="Nothing needs doing where people come back to things.",
    )
)
SINGLE_USER = declare(
    FindingKind(
        code="single_user",
        severity="error",
        what="one user only",
        happens="nothing can be learned",
        cure="Check [data.columns] user.",
    )
)
SINGLE_ITEM = declare(
    FindingKind(
        code="single_item",
        severity="error",
        what="one item only",
        happens="nothing can be learned",
        cure="Check [data.columns] item.",
    )
)
TOO_FEW = declare(
    FindingKind(
        code="too_few_interactions",
        severity="warning",
        what=f"fewer than {MIN_INTERACTIONS} interactions, or fewer than {MIN_ACTIVE_USERS} users "
        f"with {ACTIVE_EVENTS} or more",
        happens="training goes on; windows to judge it will be too small to trust",
        cure="Give more history.",
    )
)


@data_check
def repeats(facts: Facts) -> Finding | None:
    """Count interactions of a user with an item they already interacted with.

    Args:
        facts: the interactions are looked at.

    Returns:
        A finding, or None.
    """
    data = facts.dataset
    pairs = pair_keys(data.users, data.items, data.n_items)
    pairs.sort()
    is_repeated = pairs[1:] == pairs[:-1]
    repeated = pairs[1:][is_repeated]
    if not len(repeated):
        return None
    user_rows, item_rows = np.divmod(np.unique(repeated)[:EXAMPLES], data.n_items)
    users = data.user_ids.texts(user_rows.astype(np.int32))
    items = data.item_ids.texts(item_rows.astype(np.int32))
    examples = [{"user": user, "item": item} for user, item in zip(users, items, strict=True)]
    count = len(repeated)
    message = f"{count} of {len(data)} interactions are repeats of a user's with the same item"
    return REPEATS.finding("interactions", count, message, examples)


@data_check
def single_user(facts: Facts) -> Finding | None:
    """Refuse the interactions of one user: there is nobody to compare with.

    Args:
        facts: the interactions are looked at.

    Returns:
        A finding, or None.
    """
    # The users file may name more people than the interactions do.
    n_users = int((facts.dataset.user_counts > 0).sum())
    if n_users > 1:
        return None
    examples = [{"id": facts.dataset.user_ids.values[0]}]
    return SINGLE_USER.finding("users", 1, "all interactions are of one user", examples)


@data_check
def single_item(facts: Facts) -> Finding | None:
    """Refuse interactions with one item: there is nothing to choose from.

    Args:
        facts: the interactions are looked at.

    Returns:
        A finding, or None.
    """
    n_items = int((facts.dataset.item_counts > 0).sum())
    if n_items > 1:
        return None
    examples = [{"id": facts.dataset.item_ids.values[0]}]
    return SINGLE_ITEM.finding("items", 1, "all interactions are with one item", examples)


@data_check
def too_few_interactions(facts: Facts) -> Finding | None:
    """Count interactions and active users.

    Args:
        facts: the interactions are looked at.

    Returns:
        A finding, or None where there are enough of both.
    """
    count = len(facts.dataset)
    n_active = int((facts.dataset.user_counts >= ACTIVE_EVENTS).sum())
    # Both are needed: a few users may have made all of many interactions.
    if count >= MIN_INTERACTIONS and n_active >= MIN_ACTIVE_USERS:
        return None
    message = f"there are {count} interactions, and {n_active} users with {ACTIVE_EVENTS} or more"
    return TOO_FEW.finding("interactions", count, message)
