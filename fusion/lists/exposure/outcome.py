"""What became of limits of exposure in the lists of a run, as its notes and manifest keep it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from fusion.core.arrays import Rows
from fusion.lists.business_rules.exposure_limits import ExposedItems
from fusion.lists.exposure.defaults import DEFAULTS
from fusion.lists.exposure.fit import FittedPrices, keeps, share_of
from fusion.lists.exposure.prices import group_counts


@dataclass(frozen=True)
class ExposureOutcome:
    """A limit of exposure, and what the lists that were made have.

    Attributes:
        rule: in words.
        least: share that was asked for at least.
        most: share that was asked for at most.
        before: share without any price, of the users that prices were found on.
        share: share in all lists as they were written.
        price: of the group, in standard deviations of a user's scores.
        kept: whether the share is within the limits, but for the tolerance.
        users: users with lists whom it is for.
    """

    rule: str
    least: float
    most: float
    before: float
    share: float
    price: float
    kept: bool
    users: int


def outcomes(
    rules: Sequence[ExposedItems], fitted: FittedPrices, lists: Path, k: int
) -> list[dict[str, Any]]:
    """Measure the share of each limited group in the lists that were written.

    Args:
        rules: limits of exposure.
        fitted: their prices.
        lists: `lists.parquet`.
        k: places of a list that are shown.

    Returns:
        An `ExposureOutcome` for each rule, for JSON.
    """
    if not rules:
        return []
    rows = pl.read_parquet(lists, columns=["user", "rank", "item"]).filter(pl.col("rank") <= k)
    users, owners = np.unique(rows["user"].to_numpy(), return_inverse=True)
    shown: Rows = np.full((len(users), k), -1, np.int32)
    shown[owners, rows["rank"].to_numpy() - 1] = rows["item"].to_numpy()
    found = []
    for index, rule in enumerate(rules):
        share = share_of(rule, group_counts(rule, users, shown))
        outcome = ExposureOutcome(
            rule=str(rule.rule),
            least=rule.rule.least,
            most=rule.rule.most,
            before=fitted.before[index],
            share=share,
            price=fitted.prices.values[index].value,
            kept=keeps(rule, share, DEFAULTS.tolerance),
            users=int(rule.users[users].sum()),
        )
        found.append(asdict(outcome))
    return found
