"""Checks of admission on the verdict: the chosen method against random and against what is live."""

from fusion.evaluation.check import Check, check, fails, passes
from fusion.evaluation.checks.evidence import VerdictEvidence

MIN_JUDGED_USERS = 10
"""Users that a verdict needs at least: of fewer, any resample looks like the others."""


@check("beats random", needs="verdict")
def beats_random(evidence: VerdictEvidence) -> Check:
    """Check that the chosen method beats random lists, by the lower bound of its interval.

    Args:
        evidence: the verdict.

    Returns:
        A check that fails also where too few users were judged.
    """
    gap, users = evidence.verdict.random_gap, evidence.verdict.report.users
    if users < MIN_JUDGED_USERS:
        return fails(
            f"judged on {users} users; {MIN_JUDGED_USERS} are needed to tell skill from luck: "
            "give more history, or a longer [split] window"
        )
    message = (
        f"what is chosen minus random is {gap.value:+.4f} NDCG@10 [{gap.low:+.4f}, {gap.high:+.4f}]"
        " on users that did not choose it; the lower bound must be above 0"
    )
    cure = "see what `fusion check` says of the data, or give more history"
    return passes(message) if gap.low > 0 else fails(f"{message}; {cure}")


@check("keeps up with live", needs="verdict")
def keeps_up_with_live(evidence: VerdictEvidence) -> Check:
    """Check that the chosen method loses at most a share of what the live lists reach.

    Args:
        evidence: the verdict.

    Returns:
        A check that holds where too few users have labels that the live run could not know.
    """
    verdict, gate = evidence.verdict, evidence.context.config.gate
    gap = verdict.live.gap
    if gap is None or verdict.live.users < gate.users:
        return passes(
            f"not judged: {verdict.live.users} users have labels later than what live knew"
        )
    # The loss is a share of what the live lists reach on the same users.
    floor = -gate.max_loss * verdict.live.ndcg
    message = (
        f"minus the live lists: {gap.value:+.4f} NDCG@10 [{gap.low:+.4f}, {gap.high:+.4f}] over "
        f"{verdict.live.users} users; gate.max_loss = {gate.max_loss:g} allows {floor:+.4f}"
    )
    cure = "see what changed in the data, or set another gate.max_loss if that is meant"
    return passes(message) if gap.value >= floor else fails(f"{message}; {cure}")
