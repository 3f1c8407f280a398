"""The report on the serving fits of a training: ranker, twin, and the sources of the method."""

from pathlib import Path

from fusion.data.splitting.fold import Fold
from fusion.evaluation.serving.ranker_fit import ranker_report
from fusion.evaluation.serving.report import RankerReport, ServingReport, SourceReport
from fusion.ranking.method import BLEND, RANKER
from fusion.ranking.ranker import Ranker
from fusion.runs.context import RunContext
from fusion.training.lists_stage import ServedMethod
from fusion.training.serving.refit_stage import RefitInputs, read_comparison, refit_stage
from fusion.training.source_fits import SourceFits


def measure_serving(
    context: RunContext, fits: SourceFits, served: ServedMethod, label_table: Path, table: Path
) -> ServingReport:
    """Measure what serves beside what was judged.

    Args:
        context: of the training.
        fits: of its sources, on all folds.
        served: the method that lists are made by.
        label_table: folder of the newest label fold's table.
        table: folder of the verdict fold's table.

    Returns:
        The report; of sources that the method does not use it says nothing.

    Raises:
        SourceFailed: a source failed while it was asked.
    """
    return ServingReport(
        ranker=_ranker(context, served.ranker, table),
        twin=_ranker(context, served.twin, table),
        sources=_sources(context, fits, served.name, label_table, table),
    )


def _ranker(context: RunContext, folder: Path | None, table: Path) -> RankerReport | None:
    """Score the verdict's table by a ranker; None without one."""
    if folder is None:
        return None
    ranker = Ranker.load(folder, context.threads)
    return ranker_report(table, ranker, context.plan.verdict, context.config.seed)


def _sources(
    context: RunContext, fits: SourceFits, method: str, label_table: Path, table: Path
) -> dict[str, SourceReport]:
    """Compare the serving fits with those of the verdict, and these with the newest labels'."""
    plan = context.plan
    served = _compared(context, fits, plan.verdict, plan.serving, table)
    judged = _compared(context, fits, plan.labels[-1], plan.verdict, label_table)
    used = served if method in (RANKER, BLEND) else {method: served[method]}
    reports = {}
    for name, figures in used.items():
        earlier = judged[name]
        usual = {
            "usual": earlier["overlap"],
            "usual_silent": earlier["silent"],
            "usual_lists": earlier["lists"],
        }
        reports[name] = SourceReport.model_validate({**figures, **usual})
    return reports


def _compared(
    context: RunContext, fits: SourceFits, earlier: Fold, later: Fold, table: Path
) -> dict[str, dict[str, float]]:
    """Compare the fits of all sources on two folds."""
    inputs = RefitInputs.of(context, fits, earlier, later, table)
    label = f"lists of {later.name} beside {earlier.name}"
    return read_comparison(context.runtime.run(refit_stage(inputs, label)))
