"""Checks of admission on features: whether they mean in serving what the ranker learned."""

from fusion.evaluation.check import EXAMPLES, Check, check, fails, passes
from fusion.evaluation.checks.evidence import FeaturesEvidence
from fusion.evaluation.feature_shift import past
from fusion.lists.samples import feature_sample


@check("features keep their meaning", needs="features")
def features_keep_their_meaning(evidence: FeaturesEvidence) -> Check:
    """Check that steady features mean in serving what they meant in the last training table.

    Args:
        evidence: PSI by feature.

    Returns:
        A check that names the features past `gate.max_feature_psi`; it holds where too few users
        stand in both tables.
    """
    gate, shift = evidence.context.config.gate, evidence.shift
    users = len(feature_sample(evidence.context))
    # Of few users a PSI is large by chance.
    if users < gate.users:
        return passes(f"not judged: {users} users are in both tables, gate.users = {gate.users}")
    limit = gate.max_feature_psi
    moved = past(shift, limit)
    if not moved:
        largest = next(iter(shift), None)
        most = f"; the most is {shift[largest]:.2f}, {largest}" if largest else ""
        return passes(
            f"PSI of {len(shift)} features is within gate.max_feature_psi = {limit:g}{most}"
        )
    worst = list(moved.items())[:EXAMPLES]
    examples = ", ".join(f"{feature} {value:.2f}" for feature, value in worst)
    message = (
        f"{len(moved)} of {len(shift)} features moved between the last training table and what is"
        f" served by a PSI above gate.max_feature_psi = {limit:g}, e.g. {examples}; look for"
        " weights in another unit, or a source gone silent, since the last window began, or set"
        " another gate.max_feature_psi if that is meant"
    )
    return fails(message, len(moved))
