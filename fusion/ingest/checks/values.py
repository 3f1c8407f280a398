"""Checks of the values of interactions: times, weights and labels."""

import numpy as np
import polars as pl

from fusion.core.arrays import DAY
from fusion.core.findings import Finding, FindingKind, declare
from fusion.ingest.checks.registry import Facts, data_check

START_OF_1980 = 3652 * DAY
"""Epoch ms; earlier times are mostly small integers that were read as epoch seconds."""

SAME_TIMES = declare(
    FindingKind(
        code="constant_time",
        severity="warning",
        what="all times equal",
        happens="the order of the file counts; nothing can be split by time",
        cure="Give the column with the time of the event, not of the export.",
    )
)
OLD_TIMES = declare(
    FindingKind(
        code="old_time",
        severity="warning",
        what="times before 1980",
        happens="they are kept",
        cure="Check that the column holds times, not numbers of days or steps.",
        limit=0.5,
    )
)
SAME_WEIGHTS = declare(
    FindingKind(
        code="constant_weight",
        severity="warning",
        what="all weights equal",
        happens="weights teach nothing",
        cure="Leave the weight column out, or name another.",
    )
)
NONE_LIKED = declare(
    FindingKind(
        code="none_liked",
        severity="error",
        what="no interaction that [data] positive calls liked",
        happens="there is nothing to learn",
        cure="Mend [data] positive; it may use another scale than the data.",
    )
)


@data_check
def constant_time(facts: Facts) -> Finding | None:
    """Find data in which all interactions have one time.

    Args:
        facts: the interactions are looked at.

    Returns:
        A finding, or None.
    """
    data = facts.dataset
    # Times are sorted: where the first equals the last, all are equal.
    if not data.has_times or data.times[0] != data.times[-1]:
        return None
    message = f"all {len(data)} interactions have the same time"
    examples = [{"time": _iso(int(data.times[0]))}]
    return SAME_TIMES.finding("interactions", len(data), message, examples)


@data_check
def old_time(facts: Facts) -> Finding | None:
    """Count times before 1980.

    Args:
        facts: the interactions are looked at.

    Returns:
        A finding, or None.
    """
    data = facts.dataset
    # Times are sorted, so the place of a moment among them is the number before it.
    count = int(np.searchsorted(data.times, START_OF_1980)) if data.has_times else 0
    if not count:
        return None
    message = f"{count} of {len(data)} interactions happened before 1980"
    examples = [{"time": _iso(int(data.times[0]))}]
    return OLD_TIMES.finding("interactions", count, message, examples, total=len(data))


def _iso(time: int) -> str:
    """Write epoch ms as ISO 8601 text."""
    moment = pl.Series([time]).cast(pl.Datetime("ms"))
    return str(moment.dt.to_string("%Y-%m-%dT%H:%M:%SZ")[0])


@data_check
def constant_weight(facts: Facts) -> Finding | None:
    """Find a weight column of one value.

    Args:
        facts: the interactions are looked at.

    Returns:
        A finding, or None.
    """
    data = facts.dataset
    if not data.has_weights or data.weights.min() != data.weights.max():
        return None
    message = f"all {len(data)} weights are equal"
    examples = [{"weight": float(data.weights[0])}]
    return SAME_WEIGHTS.finding("interactions", len(data), message, examples)


@data_check
def none_liked(facts: Facts) -> Finding | None:
    """Find an expression for liked interactions that none of them meets.

    Args:
        facts: the interactions and the settings are looked at.

    Returns:
        A finding, or None.
    """
    if facts.dataset.liked.any():
        return None
    message = f"no interaction meets [data] positive = {facts.settings.positive!r}"
    return NONE_LIKED.finding("interactions", len(facts.dataset), message)
