"""Checks of admission on fairness: exposure of item groups, and gaps between segments of users.

Both are off by default: which gap is too large is for a shop to say, not for a recommender.
"""

from collections.abc import Sequence

from fusion.evaluation.check import Check, check, fails, passes
from fusion.evaluation.checks.evidence import ExposureEvidence, VerdictEvidence

MAX_NAMED = 3
"""Groups or segments that a message names; the page of the run has all of them."""


@check("exposure follows interest", needs="exposure")
def exposure_follows_interest(evidence: ExposureEvidence) -> Check | None:
    """Check that no item group is shown far more or less than users show interest in it.

    Args:
        evidence: figures by item group.

    Returns:
        A check that fails where the whole interval of a ratio is beyond [1 / r, r]; None without
        `gate.exposure_ratio`.
    """
    limit = evidence.context.config.gate.exposure_ratio
    if limit is None:
        return None
    groups = evidence.exposure.groups
    far = [
        f"{name} {group.ratio:.2f} times ({group.exposure:.1%} of exposure, {group.interest:.1%} "
        "of events)"
        for name, group in groups.items()
        if group.ratio is not None and group.leaves(limit)
    ]
    allowed = f"gate.exposure_ratio = {limit:g} allows {1 / limit:.2f} to {limit:g} times"
    if not far:
        return passes(f"{len(groups)} item groups; {allowed} the share of interest")
    return fails(
        f"{_named(far)}: {allowed} the share of interest. Keep shares with [[limit_exposure]] in "
        "the rules file, or set another gate.exposure_ratio if that is meant",
        broken=len(far),
    )


@check("no segment is far behind", needs="verdict")
def no_segment_is_far_behind(evidence: VerdictEvidence) -> Check | None:
    """Check that no segment of users is surely served far worse than everyone else.

    Args:
        evidence: the verdict.

    Returns:
        A check that fails where the whole corrected interval of a segment's gap is below the share
        that may be lost; None without `gate.segment_gap`.
    """
    share = evidence.context.config.gate.segment_gap
    if share is None:
        return None
    gaps = evidence.verdict.report.gaps
    behind = [
        f"{name} {gap.difference.value:+.4f} [{gap.difference.low:+.4f}, "
        f"{gap.difference.high:+.4f}] beside {gap.others:.4f}"
        for name, gap in gaps.items()
        if gap.difference.high < -share * gap.others
    ]
    allowed = f"gate.segment_gap = {share:g} allows {share:.0%} below everyone else"
    if not behind:
        return passes(f"{len(gaps)} segments; {allowed} in NDCG@10")
    return fails(
        f"{_named(behind)}: {allowed} in NDCG@10. See what the data lacks of these users, or set "
        "another gate.segment_gap if that is meant",
        broken=len(behind),
    )


def _named(sentences: Sequence[str]) -> str:
    """Join the first of some sentences, and count the others."""
    more = len(sentences) - MAX_NAMED
    return "; ".join(sentences[:MAX_NAMED]) + (f"; and {more} more" if more > 0 else "")
