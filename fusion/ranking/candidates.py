"""Candidates: the union of what the sources propose, every one of them scored by every source."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Rows, Scores, blocks
from fusion.core.parallel import BlockBudget
from fusion.data.fold import Fold
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs, TopK
from fusion.models.base.fitted import FittedSource
from fusion.models.base.recommender import Allowed


@dataclass(frozen=True)
class Candidates:
    """C candidates of a block of users and what S proposing sources say of them.

    `scores` (C, S) float32, NaN where a source is silent; `places` (C, S) float32: rank from 1 in
    the source's own list of its best k, NaN where it did not propose the item; `lists`: those
    lists, by source.
    """

    users: UserHistories
    names: tuple[str, ...]
    pairs: Pairs
    scores: Scores
    places: Scores
    lists: dict[str, TopK]
    near: dict[str, Scores]

    def at(self, owners: NDArray[np.integer], items: Rows) -> Rows:
        """Where pairs of users of the block (n,) and items (n,) stand among the candidates; -1 where they do not."""
        keys = self.pairs.owners.astype(np.int64) * self.users.n_items + self.pairs.items
        wanted = owners.astype(np.int64) * self.users.n_items + items
        found = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
        return (
            np.where(keys[found] == wanted, found, -1).astype(np.int32)
            if len(keys)
            else np.full(len(wanted), -1)
        )


def propose(sources: Sequence[FittedSource], users: UserHistories, allowed: Allowed) -> Candidates:
    """Gather the candidates of a block of users. Only sources that propose take part."""
    proposing = [source for source in sources if source.proposes]
    lists = {source.name: source.top(users, source.k, allowed) for source in proposing}
    pairs = Pairs.from_lists(np.concatenate([top.items for top in lists.values()], axis=1))
    scores = np.column_stack([source.score_pairs(users, pairs) for source in proposing])
    places = np.column_stack([places_in(top.items, pairs, users.n_items) for top in lists.values()])
    near = {source.name: source.history_similarity(users, pairs) for source in proposing}
    known = {name: similarity for name, similarity in near.items() if similarity is not None}
    return Candidates(users, tuple(lists), pairs, scores, places, lists, known)


def places_in(items: Rows, pairs: Pairs, n_items: int) -> Scores:
    """Rank from 1 (C,) of each pair's item in its user's list (B, k); NaN where it is not in it."""
    owners, columns = np.nonzero(items >= 0)
    # Pairs are sorted by user and item, so each listed item is found by one binary search.
    keys = pairs.owners.astype(np.int64) * n_items + pairs.items
    at = np.searchsorted(keys, owners * np.int64(n_items) + items[owners, columns])
    places = np.full(len(pairs), np.nan, np.float32)
    places[at] = columns + 1
    return places


BYTES_PER_CANDIDATE = 800
"""Of one candidate on its way through features, about 100 float32 columns and as many temporaries.
"""


def block_users(sources: Sequence[FittedSource], budget_bytes: int) -> int:
    """How many users' candidates fit into the memory budget at once."""
    most = sum(source.k for source in sources if source.proposes)
    return int(np.clip(budget_bytes // (most * BYTES_PER_CANDIDATE), 1, 2048))


def candidate_blocks(
    sources: Sequence[FittedSource],
    fold: Fold,
    users: Rows,
    allowed: Allowed,
    block_budget: BlockBudget,
) -> Iterator[Candidates]:
    """Candidates of `users` (n,), one block after the other; one a thread is gathered while one is worked on."""

    def gathered(part: slice) -> Candidates:
        rows = users[part]
        return propose(sources, fold.known.users_at(rows, fold.as_of[rows]), allowed)

    coming: deque[Future[Candidates]] = deque()
    with ThreadPoolExecutor(block_budget.threads) as ahead:
        for part in blocks(len(users), block_users(sources, block_budget.block_bytes)):
            coming.append(ahead.submit(gathered, part))
            if len(coming) > block_budget.threads:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
