"""First places of lists with the scores of their items, by which their worth is estimated."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows, Scores
from fusion.core.hashing import shares
from fusion.data.ranked_lists import RankedLists, z_scores
from fusion.lists.candidate_blocks import CandidateBlock
from fusion.runs.run_folder import ListsFolder

PLACES = 10
"""Places that count: what a first screen shows."""
MOST_USERS = 20_000
"""Users looked at: a mean over so many is known to a hundredth, and what is kept stays small."""
SALT = 0x3E71
"""Added to the seed, so that the sample is independent of everything else drawn by hash."""


def drawn_users(users: Rows, seed: int) -> Flags:
    """Return which users are looked at: all of them, or about `MOST_USERS` by hash.

    Args:
        users: (n,) rows.
        seed: of the run.
    """
    is_drawn: Flags = shares(seed + SALT, users) < MOST_USERS / max(1, len(users))
    return is_drawn


@dataclass
class PlacesCollector:
    """Collects first places of sampled users, block by block.

    Attributes:
        users: the sample, ascending.
        shown: places of a list that are shown.
    """

    users: Rows
    shown: int
    _parts: list[pl.DataFrame] = field(default_factory=list)

    def add(self, block: CandidateBlock, scores: Scores, lists: RankedLists) -> None:
        """Collect the places of the sampled users of a block.

        Args:
            block: candidates of B users.
            scores: by which they are listed (C,).
            lists: of the same users.
        """
        n_places = min(PLACES, self.shown)
        listed, items = lists.scores[:, :n_places], lists.items[:, :n_places]
        z = z_scores(listed, block.candidates.pairs.borders, scores)
        owners, places = np.nonzero((items >= 0) & np.isin(lists.users, self.users)[:, None])
        self._parts.append(
            pl.DataFrame(
                {
                    "user": lists.users[owners],
                    "rank": (places + 1).astype(np.int32),
                    "z": z[owners, places],
                }
            )
        )

    def take(self, part: ListsFolder) -> None:
        """Take the places that another process collected.

        Args:
            part: where `write` wrote them.
        """
        self._parts.append(pl.read_parquet(part.first_places))

    def write(self, folder: ListsFolder) -> None:
        """Write the places.

        Args:
            folder: that of the lists.
        """
        pl.concat(self._parts, rechunk=True).write_parquet(folder.first_places)
