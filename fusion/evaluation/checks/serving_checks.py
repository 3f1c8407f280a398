"""Checks of admission on the serving fits: what is served was judged by nobody else.

They find breakage and say nothing of quality: the serving ranker has seen the labels it is scored
on, and sources are compared with themselves.
"""

from fusion.evaluation.check import Check, check, fails, passes
from fusion.evaluation.checks.evidence import ServingEvidence
from fusion.evaluation.serving.report import BROKEN_SHARE, RankerReport


@check("serving ranker is not broken", needs="serving")
def serving_ranker_is_not_broken(evidence: ServingEvidence) -> Check | None:
    """Check that the serving ranker is not surely below a source on labels that it was fitted on.

    Args:
        evidence: what was measured of the serving fits.

    Returns:
        A check; None where no ranker serves.
    """
    ranker = evidence.serving.ranker
    if ranker is None:
        return None
    message = (
        "on the verdict's table, which it was fitted on, the ranker that serves has "
        f"{describe(ranker)}; that is no figure of quality"
    )
    if not ranker.is_broken:
        return passes(message)
    return fails(
        f"{message}: a ranker that fell below a source on labels it has seen is broken. Train "
        "again; where that does not help, remove `store/serving` in the artifacts' folder, or see "
        "what [ranker] extra asks for"
    )


def describe(ranker: RankerReport) -> str:
    """Say how a ranker stands to the best source of a table that it was fitted on.

    Args:
        ranker: what was measured of it.

    Returns:
        A part of a sentence.
    """
    gap = ranker.difference
    return (
        f"{ranker.ndcg:.4f} NDCG@10 beside {ranker.source_ndcg:.4f} of {ranker.source}, the best "
        f"source there ({gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}], {ranker.users} users)"
    )


@check("serving sources list what they listed", needs="serving")
def serving_sources_list_the_same(evidence: ServingEvidence) -> Check | None:
    """Check that no serving fit lists hardly anything of what its fit on the verdict fold lists.

    Args:
        evidence: what was measured of the serving fits.

    Returns:
        A check with the number of broken sources; None where none was compared.
    """
    kept = {name: source.kept for name, source in evidence.serving.sources.items()}
    judged = {name: share for name, share in kept.items() if share is not None}
    if not judged:
        return passes("not judged: too few users have lists of both fits") if kept else None
    broken = [name for name, share in judged.items() if share < BROKEN_SHARE]
    if not broken:
        least = min(judged, key=lambda name: judged[name])
        return passes(
            f"for the same histories every source keeps {BROKEN_SHARE:.0%} of its usual overlap or "
            f"more; the least is {judged[least]:.0%}, {least}"
        )
    named = ", ".join(_overlap(evidence, name) for name in broken)
    message = (
        f"for the same histories the serving fit lists hardly anything that the verdict's fit "
        f"listed: {named}. Something is wrong with that fit: look for items or users missing from "
        "the newest data and for warnings of the source in the log, or leave the source out"
    )
    return fails(message, len(broken))


def _overlap(evidence: ServingEvidence, name: str) -> str:
    source = evidence.serving.sources[name]
    return f"{name} (overlap@10 {source.overlap:.2f}, usually {source.usual:.2f})"
