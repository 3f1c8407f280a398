"""Facts that candidates share with the user's newest items, counted by relation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Offsets, Rows, Scores, Times, blocks, ragged_index
from fusion.data.facts import FactIndex
from fusion.data.histories import UserHistories

if TYPE_CHECKING:
    from fusion.ranking.features.registry import FeatureBlock

CHUNK_CELLS = 4_000_000
"""Users times values of a table of what users took: 32 MB."""
CHUNK_USERS = 64
"""Users looked at together, so that the facts of their candidates take some 50 MB."""


@dataclass(frozen=True)
class SharedFacts:
    """Facts that each of C candidates shares with the user's newest items.

    Attributes:
        counts: different facts (C,); NaN for items without any fact.
        by_relation: (C, R) sum over shared facts of their rarity times the share of the newest
            items that have them; NaN likewise.
    """

    counts: Scores
    by_relation: Scores


@dataclass(frozen=True)
class _Facts:
    """Facts of some items in a row.

    Attributes:
        places: (n,) whose fact it is, an index of the items asked for.
        values: (n,) numbers of values.
        moments: (n,) ms from which each counts.
    """

    places: NDArray[np.int64]
    values: Rows
    moments: Times


def shared_facts(block: "FeatureBlock", n_recent: int) -> SharedFacts:
    """Compare the facts of candidates with those of the user's newest items.

    Only facts that counted before the user's own moment are looked at, on either side.

    Args:
        block: candidates of a block of users.
        n_recent: the user's newest interactions that are compared with.

    Returns:
        What they share.
    """
    statistics = block.statistics
    index, n_relations = statistics.facts, len(statistics.data.facts.relations)
    n_candidates = len(block.items)
    has_facts = np.zeros(n_candidates, bool)
    counts = np.zeros(n_candidates, np.float32)
    by_relation = np.zeros((n_candidates, n_relations), np.float32)
    recent = block.candidates.users.last(n_recent)
    size = min(CHUNK_USERS, max(1, CHUNK_CELLS // max(index.n_values, 1)))
    borders = block.candidates.pairs.borders
    for part in blocks(len(recent), size):
        taken = _taken(index, recent.block(part))
        rows = slice(int(borders[part.start]), int(borders[part.stop]))
        facts = _facts_of(index, block.items[rows])
        owners = block.owners[rows][facts.places] - part.start
        has_counted = facts.moments < block.as_of[rows][facts.places]
        share = taken[owners, facts.values]
        n_rows = rows.stop - rows.start
        has_facts[rows] = np.bincount(facts.places[has_counted], minlength=n_rows) > 0
        is_shared = has_counted & (share > 0)
        places, values = facts.places[is_shared], facts.values[is_shared]
        counts[rows] = np.bincount(places, minlength=n_rows)
        weights = share[is_shared] * statistics.fact_rarity[values]
        cells = places * n_relations + index.relations[values]
        sums = np.bincount(cells, weights, minlength=n_rows * n_relations)
        by_relation[rows] = sums.reshape(n_rows, n_relations)
    counts[~has_facts] = np.nan
    by_relation[~has_facts] = np.nan
    return SharedFacts(counts, by_relation)


def _taken(index: FactIndex, recent: UserHistories) -> NDArray[np.float64]:
    """Share (B, V) of each user's newest items that have each value."""
    facts = _facts_of(index, recent.items)
    owners = recent.owners[facts.places]
    has_counted = facts.moments < recent.as_of[owners]
    cells = owners.astype(np.int64) * index.n_values + facts.values
    counts = np.bincount(cells[has_counted], minlength=len(recent) * index.n_values)
    table = counts.reshape(len(recent), index.n_values)
    taken: NDArray[np.float64] = table / np.maximum(recent.counts, 1)[:, None]
    return taken


def _facts_of(index: FactIndex, items: Rows) -> _Facts:
    """List the facts of items, one item after the other."""
    starts: Offsets = index.borders[items]
    n_facts = index.borders[items + 1] - starts
    positions = ragged_index(starts, n_facts)
    places = np.repeat(np.arange(len(items), dtype=np.int64), n_facts)
    return _Facts(places, index.values[positions], index.moments[positions])
