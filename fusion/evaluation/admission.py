"""Admission: whether a run may be published at all.

The conditions themselves are registered checks, in the files of `fusion.evaluation.checks`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import fusion.evaluation.checks  # noqa: F401  importing the room registers its checks
from fusion.evaluation.check import Check, run_checks
from fusion.evaluation.checks.evidence import (
    ExposureEvidence,
    FeaturesEvidence,
    ListsEvidence,
    ServingEvidence,
    VerdictEvidence,
)
from fusion.evaluation.evaluate import Verdict
from fusion.evaluation.exposure.report import ExposureReport
from fusion.evaluation.serving.report import ServingReport
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.runs.context import RunContext
from fusion.runs.run_folder import ListsFolder


@dataclass(frozen=True)
class Measured:
    """What was measured after the lists were made.

    Attributes:
        shift: PSI by feature, as `feature_shift.feature_shift` gives it.
        serving: what serves, beside what was judged.
        exposure: of item groups in the lists.
    """

    shift: Mapping[str, float]
    serving: ServingReport
    exposure: ExposureReport


def admit(
    context: RunContext,
    verdict: Verdict,
    lists: ListsFolder,
    measured: Measured,
    rules: Rules | None = None,
) -> list[Check]:
    """Judge a run by every check of a training; it is admitted when all of them hold.

    Args:
        context: configuration, data and folds of the run.
        verdict: what the verdict fold says of the methods.
        lists: the lists to publish.
        measured: after the lists were made.
        rules: what the lists follow; None without rules.

    Returns:
        The checks that apply, in the order in which people read them.
    """
    on_verdict = VerdictEvidence(context, verdict)
    on_lists = ListsEvidence(context, lists, rules)
    on_features = FeaturesEvidence(context, measured.shift)
    on_serving = ServingEvidence(measured.serving)
    on_exposure = ExposureEvidence(context, measured.exposure)
    return [
        *run_checks("verdict", on_verdict),
        *run_checks("lists", on_lists),
        *run_checks("features", on_features),
        *run_checks("serving", on_serving),
        *run_checks("exposure", on_exposure),
    ]
