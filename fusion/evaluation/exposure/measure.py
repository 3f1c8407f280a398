"""Share of exposure against share of interest, for each group of items.

Exposure of a place is 1 / log2(rank + 1), as in DCG (Singh and Joachims, "Fairness of exposure in
rankings", 2018). Interest is what users did in the newest window that the run knows.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fusion.core.arrays import Rows
from fusion.data.item_groups.groups import ItemGroups, item_groups
from fusion.data.segments import ROUTES
from fusion.evaluation.exposure.defaults import DEFAULTS
from fusion.evaluation.exposure.report import ExposureReport, GroupExposure
from fusion.metrics.bootstrap import PERCENTILES, STREAM, resampled_means
from fusion.metrics.ranking import rank_discounts
from fusion.runs.context import RunContext
from fusion.runs.run_folder import ListsFolder

COLD = ROUTES[-1]
"""Route of users without a history."""
Floats = NDArray[np.float64]


def measure_exposure(context: RunContext, lists: ListsFolder) -> ExposureReport:
    """Measure the exposure of item groups in the lists of users with a history.

    Those from attributes are left out, as where runs are compared: a training that judges them
    otherwise would move every share, and what their users take is no part of the interest.

    Args:
        context: data, folds and settings.
        lists: that were made.

    Returns:
        Figures by group; those without an item are left out.
    """
    size, known = context.config.lists.size, context.plan.serving.known
    cold = pl.scan_parquet(lists.served).filter(pl.col("route") == COLD).select("user")
    rows = pl.scan_parquet(lists.lists).filter(pl.col("rank") <= size)
    rows = rows.join(cold, on="user", how="anti", maintain_order="left")
    listed = rows.select("user", "item", "rank").collect()
    groups = item_groups(known, context.plan.window)
    sums = sums_by_user(
        (listed["user"].to_numpy(), listed["item"].to_numpy(), listed["rank"].to_numpy()),
        (known.users[groups.recent], known.items[groups.recent]),
        groups,
    )
    return ExposureReport(
        size=size,
        days=groups.days,
        users=listed["user"].n_unique(),
        events=int(groups.recent.sum()),
        groups=group_figures(sums, groups, context.config.seed),
    )


@dataclass(frozen=True)
class GroupSums:
    """Exposure and events of n users, or of n sums of users.

    Attributes:
        exposure: (n, G + 1) by group; the last column is over all items.
        events: (n, G + 1) likewise.
    """

    exposure: Floats
    events: Floats


def sums_by_user(
    listed: tuple[Rows, Rows, Rows], events: tuple[Rows, Rows], groups: ItemGroups
) -> GroupSums:
    """Sum exposure and events by user and group.

    Args:
        listed: user, item and rank of each listed place (R,).
        events: user and item of each event of the window (E,).
        groups: of items.

    Returns:
        Sums of each user who has either; where they are more than `cells`, of users drawn together
        with a fixed seed.
    """
    users, items, ranks = listed
    everyone = np.union1d(users, events[0])
    cell_of = _cells(len(everyone))
    n_cells = int(cell_of.max(initial=-1)) + 1

    def _sums(owners: Rows, items: Rows, values: Floats) -> Floats:
        cells = cell_of[np.searchsorted(everyone, owners)]
        shape = (n_cells, groups.members.shape[0])
        by_item = csr_array((values, (cells, items)), shape=shape)
        by_group = (by_item @ groups.members).toarray()
        return np.column_stack([by_group, np.bincount(cells, values, n_cells)])

    places = rank_discounts(int(ranks.max(initial=1)))
    return GroupSums(
        exposure=_sums(users, items, places[ranks - 1]),
        events=_sums(*events, np.ones(len(events[0]))),
    )


def _cells(n_users: int) -> Rows:
    """Return the cell of each user (n,): themselves, or one of `cells` where there are more.

    Sums of random groups of users vary as much as the users do (Wolter, "Introduction to variance
    estimation", 1985), and a resample of them costs the same for a million users.
    """
    if n_users <= DEFAULTS.cells:
        return np.arange(n_users, dtype=np.int32)
    order = np.random.default_rng(STREAM).permutation(n_users)
    return (order % DEFAULTS.cells).astype(np.int32)


def group_figures(sums: GroupSums, groups: ItemGroups, seed: int) -> dict[str, GroupExposure]:
    """Compute shares and ratios, with the interval of the ratio over resamples of users.

    Args:
        sums: by user, or by sums of users.
        groups: of items.
        seed: of the resamples.

    Returns:
        Figures by group, in the order of the groups; none without any exposure or event.
    """
    if not (sums.exposure[:, -1].sum() and sums.events[:, -1].sum()):
        return {}
    width = sums.exposure.shape[1]
    columns = np.hstack([sums.exposure, sums.events])
    draws = resampled_means(columns, seed, DEFAULTS.resamples)
    exposure, interest = _shares(columns.sum(axis=0)[None], width)
    drawn_exposure, drawn_interest = _shares(draws, width)
    sizes = groups.members.sum(axis=0).astype(int)
    figures = {}
    for index, name in enumerate(groups.names):
        if not sizes[index]:
            continue
        shares = float(exposure[0, index]), float(interest[0, index])
        low, high = _interval(drawn_exposure[:, index], drawn_interest[:, index])
        figures[name] = GroupExposure(
            items=int(sizes[index]),
            exposure=shares[0],
            interest=shares[1],
            ratio=shares[0] / shares[1] if shares[1] else None,
            low=low if shares[1] else None,
            high=high if shares[1] else None,
        )
    return figures


def _shares(sums: Floats, width: int) -> tuple[Floats, Floats]:
    """Return shares (R, G) of exposure and of events from sums (R, 2 * width)."""
    exposure, events = sums[:, :width], sums[:, width:]
    with np.errstate(divide="ignore", invalid="ignore"):
        return exposure[:, :-1] / exposure[:, -1:], events[:, :-1] / events[:, -1:]


def _interval(exposure: Floats, interest: Floats) -> tuple[float | None, float | None]:
    """Return the ends of the ratio over resamples (R,); None where an end is infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(interest > 0, exposure / interest, np.inf)
    # Ends are drawn values: between two of them may lie infinity.
    low, high = np.percentile(ratios, PERCENTILES, method="nearest")
    ends = [float(end) if np.isfinite(end) else None for end in (low, high)]
    return ends[0], ends[1]
