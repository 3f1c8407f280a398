"""Admission: whether a run may be published at all.

The conditions themselves are registered checks, in the files of `fusion.evaluation.checks`.
"""

from collections.abc import Mapping

import fusion.evaluation.checks  # noqa: F401  importing the room registers its checks
from fusion.evaluation.check import Check, run_checks
from fusion.evaluation.checks.evidence import (
    FeaturesEvidence,
    ListsEvidence,
    ServingEvidence,
    VerdictEvidence,
)
from fusion.evaluation.evaluate import Verdict
from fusion.evaluation.serving.report import ServingReport
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.runs.context import RunContext
from fusion.runs.run_folder import ListsFolder


def admit(
    context: RunContext,
    verdict: Verdict,
    lists: ListsFolder,
    shift: Mapping[str, float],
    serving: ServingReport,
    rules: Rules | None = None,
) -> list[Check]:
    """Judge a run by every check of a training; it is admitted when all of them hold.

    Args:
        context: configuration, data and folds of the run.
        verdict: what the verdict fold says of the methods.
        lists: the lists to publish.
        shift: PSI by feature, as `feature_shift.feature_shift` gives it.
        serving: what serves, beside what was judged.
        rules: what the lists follow; None without rules.

    Returns:
        The checks that apply, in the order in which people read them.
    """
    on_verdict = VerdictEvidence(context, verdict)
    on_lists = ListsEvidence(context, lists, rules)
    on_features = FeaturesEvidence(context, shift)
    on_serving = ServingEvidence(serving)
    return [
        *run_checks("verdict", on_verdict),
        *run_checks("lists", on_lists),
        *run_checks("features", on_features),
        *run_checks("serving", on_serving),
    ]
