"""Judgement of accounts: odd by themselves, and together with others who promote the same items."""

from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Rows
from fusion.data.dataset import Dataset
from fusion.data.suspicion.campaigns import odd_groups, window_groups
from fusion.data.suspicion.defaults import DEFAULTS
from fusion.data.suspicion.signals import user_signals
from fusion.data.suspicion.taken_sets import Ints, TakenSets


@dataclass(frozen=True)
class Suspicion:
    """Accounts that seem to act together, and what they seem to promote.

    Attributes:
        users: (n,) int32 rows, ascending.
        items: (m,) int32 rows, those with most suspected takers first.
        counts: (m,) suspected takers of each of these items.
    """

    users: Rows
    items: Rows
    counts: Ints

    def __bool__(self) -> bool:
        return len(self.users) > 0


NOBODY = Suspicion(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64))


def suspicious_users(data: Dataset) -> Suspicion:
    """Find accounts that act together to promote items, from histories alone.

    An account is suspected where three things meet: it is odd beside others with histories as long
    (`user_signals`), it took an item whose takers are odd, or began together and are odd, far
    beyond chance (`odd_groups`, `window_groups`), and it is one of the odd ones there. Limits
    are those of chance, widened by how much the data's own items vary (`scale`). The cost is linear
    in interactions.

    Args:
        data: interactions of U users with I items.

    Returns:
        The accounts; neither names nor numbers of users and items nor the order of rows matter.
    """
    if np.count_nonzero(data.user_counts) < DEFAULTS.min_users:
        return NOBODY
    taken = TakenSets.of(data)
    rarities = user_signals(data, taken)
    groups = [*odd_groups(rarities, taken)]
    if data.has_times:
        groups += window_groups(rarities, taken)
    if not groups:
        return NOBODY
    users = np.unique(np.concatenate([group.users for group in groups]))
    promoted = np.unique([group.item for group in groups])
    is_suspected = np.zeros(data.n_users, np.float64)
    is_suspected[users] = 1
    counts = np.rint(taken.matrix[:, promoted].T @ is_suspected).astype(np.int64)
    order = np.lexsort((taken.item_ranks[promoted], -counts))
    return Suspicion(users.astype(np.int32), promoted[order].astype(np.int32), counts[order])
