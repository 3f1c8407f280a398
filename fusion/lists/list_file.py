"""Rows of the file of lists."""

import numpy as np
import pyarrow as pa

from fusion.data.ranked_lists import RankedLists
from fusion.ranking.candidates import Candidates


def list_rows(lists: RankedLists, candidates: Candidates) -> pa.Table:
    """Turn lists into rows, one a listed item, with the source that ranks it best and where.

    Both are null for an item that no source proposed, such as what completed a list.

    Args:
        lists: of B users.
        candidates: of the same users; of no source at all where lists come from attributes.

    Returns:
        user, rank, item, score, source and source_rank.
    """
    owners, places = np.nonzero(lists.items >= 0)
    items = lists.items[owners, places]
    positions = candidates.positions(owners, items)
    is_candidate = positions >= 0
    # Infinity stands for "not proposed", so that the best rank is the smallest number.
    # One column more than sources: without any, there would be no smallest number.
    source_ranks = np.full((len(items), len(candidates.names) + 1), np.inf)
    proposed_at = candidates.places[positions[is_candidate]]
    source_ranks[is_candidate, :-1] = np.nan_to_num(proposed_at, nan=np.inf)
    best_source = source_ranks.argmin(axis=1)
    best_rank = source_ranks[np.arange(len(items)), best_source]
    is_proposed = np.isfinite(best_rank)
    source = pa.array(best_source.astype(np.int8), mask=~is_proposed)
    source_rank = np.where(is_proposed, best_rank, 0).astype(np.int32)
    columns = {
        "user": lists.users[owners],
        "rank": (places + 1).astype(np.int32),
        "item": items,
        "score": lists.scores[owners, places],
    }
    # Names of sources are stored once a block, and every row holds a byte.
    columns["source"] = pa.DictionaryArray.from_arrays(
        source, pa.array(candidates.names, pa.string())
    )
    columns["source_rank"] = pa.array(source_rank, mask=~is_proposed)
    return pa.table(columns)
