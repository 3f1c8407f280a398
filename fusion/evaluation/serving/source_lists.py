"""Lists of a source by a later fit, beside those of the fit before, for the same histories."""

from dataclasses import asdict, dataclass

import numpy as np

from fusion.core.arrays import Rows
from fusion.data.histories import UserHistories
from fusion.models.base.allowed import Allowed
from fusion.models.base.fitted import FittedSource

PLACES = 10
"""Items compared: what a first screen shows, as everywhere."""


@dataclass(frozen=True)
class ListsOfFit:
    """Lists of a later fit beside those of an earlier one.

    Attributes:
        users: who has a list of the earlier fit.
        overlap: mean share of these lists' items that the later fit lists too.
        silent: share of all users for whom the later fit lists nothing.
        lists: different lists of the later fit, where seen items may be listed again.
    """

    users: int
    overlap: float
    silent: float
    lists: int

    def as_dict(self) -> dict[str, float]:
        """Return the figures by name, for JSON."""
        return asdict(self)


def compare_fits(
    later: FittedSource, histories: UserHistories, earlier_lists: Rows, allowed: Allowed
) -> ListsOfFit:
    """Compare what a later fit lists for some histories with what an earlier fit listed for them.

    No label takes part. A source that learned one window more should list much of the same.

    Args:
        later: the source's later fit.
        histories: of n users, as the earlier fit knew them.
        earlier_lists: lists (n, at least PLACES) of the earlier fit, -1 past the end.
        allowed: items that the earlier fit could list.

    Returns:
        The comparison.

    Raises:
        SourceFailed: the source raised anything at all.
    """
    lists = later.top(histories, PLACES, allowed).items
    # What somebody has seen is left out of their list, which makes equal lists differ: without
    # that, a source that says the same to everybody has one list.
    unfiltered = later.top(histories, PLACES, Allowed(allowed.items, seen=True)).items
    earlier = earlier_lists[:, :PLACES]
    has_list = (earlier >= 0).any(axis=1)
    shared = overlap(lists[has_list], earlier[has_list])
    return ListsOfFit(
        users=int(has_list.sum()),
        overlap=float(shared.mean()) if len(shared) else 0.0,
        silent=float((lists < 0).all(axis=1).mean()) if len(lists) else 0.0,
        lists=len(np.unique(unfiltered, axis=0)),
    )


def overlap(lists: Rows, earlier: Rows) -> np.ndarray:
    """Return the share of each earlier list that stands in the list beside it.

    Args:
        lists: (n, k), -1 past the end.
        earlier: (n, k), each with an item at least.

    Returns:
        Shares (n,) in [0, 1].
    """
    is_item = earlier >= 0
    is_shared = (earlier[:, :, None] == lists[:, None, :]).any(axis=2) & is_item
    shares: np.ndarray = is_shared.sum(axis=1) / is_item.sum(axis=1)
    return shares
