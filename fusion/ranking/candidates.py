"""Candidates of users: the union of what the sources propose, all of it scored by every source."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Offsets, Rows, Scores, blocks
from fusion.core.parallel import BlockBudget
from fusion.data.histories import UserHistories
from fusion.data.splitting.fold import Fold
from fusion.data.topk import Pairs, TopK
from fusion.models.base.allowed import Allowed
from fusion.models.base.fitted import FittedSource

BYTES_PER_CANDIDATE = 800
"""Memory of one candidate on its way through features: about 100 float32 columns, and temporaries
of the same size.
"""
MAX_BLOCK_USERS = 2048
"""Users of a block at most, however large the memory is: progress is reported block by block."""


@dataclass(frozen=True)
class Candidates:
    """C candidates of a block of B users, and what S proposing sources say of them.

    Attributes:
        users: the users with their histories.
        names: names of the sources that propose, in the order of the columns below.
        pairs: the candidates, grouped by user, ascending by item within a user.
        scores: each source's scores (C, S) float32, NaN where it is silent.
        places: rank (C, S) float32 from 1 among the source's own proposals, NaN where it did not
            propose the item.
        lists: those proposals, by source.
        similarities: similarity (C,) of each candidate to the user's history, by source; only of
            sources that compute one.
    """

    users: UserHistories
    names: tuple[str, ...]
    pairs: Pairs
    scores: Scores
    places: Scores
    lists: dict[str, TopK]
    similarities: dict[str, Scores]

    def positions(self, owners: NDArray[np.integer], items: Rows) -> Rows:
        """Return where pairs of a user and an item stand among the candidates.

        Args:
            owners: index (n,) of each pair's user in the block.
            items: item rows (n,).

        Returns:
            Positions (n,); -1 for pairs that are no candidates.
        """
        keys = _pair_keys(self.pairs.owners, self.pairs.items, self.users.n_items)
        if not len(keys):
            return np.full(len(items), -1)
        wanted = _pair_keys(owners, items, self.users.n_items)
        # Keys ascend, since pairs are sorted by user and item.
        nearest = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[nearest] == wanted, nearest, -1).astype(np.int32)


def propose(sources: Sequence[FittedSource], users: UserHistories, allowed: Allowed) -> Candidates:
    """Gather the candidates of a block of users, and every source's scores of them.

    Args:
        sources: fitted sources; only those that propose take part.
        users: B users with their histories.
        allowed: items that may be listed.

    Returns:
        The union of what the sources propose to each user.

    Raises:
        SourceFailed: a source died of it.
    """
    proposing = [source for source in sources if source.proposes]
    lists = {source.name: source.proposals(users, allowed) for source in proposing}
    union = np.concatenate([top.items for top in lists.values()], axis=1)
    pairs = Pairs.from_lists(union)
    scores = np.column_stack([source.score_pairs(users, pairs) for source in proposing])
    tops = lists.values()
    places = np.column_stack([places_in(top.items, pairs, users.n_items) for top in tops])
    similarities: dict[str, Scores] = {}
    for source in proposing:
        similarity = source.history_similarity(users, pairs)
        if similarity is not None:
            similarities[source.name] = similarity
    return Candidates(users, tuple(lists), pairs, scores, places, lists, similarities)


def places_in(items: Rows, pairs: Pairs, n_items: int) -> Scores:
    """Return the rank of each pair's item in its user's list.

    Args:
        items: lists (B, k) best first, -1 past their end; all of them stand among the pairs.
        pairs: C pairs of the same users.
        n_items: items of the catalogue.

    Returns:
        Ranks (C,) float32 from 1, NaN for items that are not in the list.
    """
    owners, columns = np.nonzero(items >= 0)
    # Pairs are sorted by user and item, so one binary search leads to each listed item.
    keys = _pair_keys(pairs.owners, pairs.items, n_items)
    listed_keys = _pair_keys(owners, items[owners, columns], n_items)
    positions = np.searchsorted(keys, listed_keys)
    places = np.full(len(pairs), np.nan, np.float32)
    places[positions] = columns + 1
    return places


def _pair_keys(owners: NDArray[np.integer], items: Rows, n_items: int) -> Offsets:
    """Number pairs of a user and an item (n,) so that they order by user, then item."""
    return owners.astype(np.int64) * n_items + items


def block_users(sources: Sequence[FittedSource], budget_bytes: int) -> int:
    """Return how many users' candidates fit into the memory budget at once.

    Args:
        sources: fitted sources; each that proposes adds up to k + k_new candidates a user.
        budget_bytes: memory of one block.

    Returns:
        At least one user, `MAX_BLOCK_USERS` at most.
    """
    most_candidates = sum(source.k + source.k_new for source in sources if source.proposes)
    users = budget_bytes // (most_candidates * BYTES_PER_CANDIDATE)
    return int(np.clip(users, 1, MAX_BLOCK_USERS))


def candidate_blocks(
    sources: Sequence[FittedSource],
    fold: Fold,
    users: Rows,
    allowed: Allowed,
    block_budget: BlockBudget,
) -> Iterator[Candidates]:
    """Gather the candidates of users, block after block.

    Further blocks, one a thread, are gathered while the caller works on one.

    Args:
        sources: fitted sources.
        fold: what is known of the users, and their moments.
        users: user rows (n,).
        allowed: items that may be listed.
        block_budget: memory of one block, and threads.

    Yields:
        Candidates of a block, in the order of `users`.

    Raises:
        SourceFailed: a source died of it.
    """

    def gather(part: slice) -> Candidates:
        rows = users[part]
        histories = fold.known.users_at(rows, fold.as_of[rows])
        return propose(sources, histories, allowed)

    gathering: deque[Future[Candidates]] = deque()
    block_size = block_users(sources, block_budget.block_bytes)
    pool = ThreadPoolExecutor(block_budget.threads)
    try:
        for part in blocks(len(users), block_size):
            gathering.append(pool.submit(gather, part))
            # No more blocks than threads wait in memory while one is worked on.
            if len(gathering) > block_budget.threads:
                yield gathering.popleft().result()
        while gathering:
            yield gathering.popleft().result()
    except BaseException:
        # Blocks under way may be held up in other processes: whoever stops a run waits for none.
        pool.shutdown(wait=False, cancel_futures=True)
        for source in sources:
            source.interrupt()
        raise
    finally:
        pool.shutdown()
