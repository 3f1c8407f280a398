"""Training, stage by stage, from the fits of the sources to admitted lists."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from threadpoolctl import threadpool_limits

from fusion.errors import SourceFailed
from fusion.evaluation.admission import Measured, admit
from fusion.evaluation.check import Check
from fusion.evaluation.cold_users.judge import judge_cold_users
from fusion.evaluation.cold_users.report import ColdUsersReport
from fusion.evaluation.estimate.report import EstimateReport
from fusion.evaluation.evaluate import Verdict
from fusion.evaluation.exposure.measure import measure_exposure
from fusion.evaluation.exposure.report import ExposureReport
from fusion.evaluation.feature_shift import feature_shift
from fusion.evaluation.live_baseline import Live
from fusion.evaluation.serving.report import ServingReport
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.exposure.limits import exposure_limits
from fusion.ranking.extra_parameters import require_extra
from fusion.ranking.method import RANKER
from fusion.ranking.source_prior import SourcePrior
from fusion.runs.context import RunContext
from fusion.runs.run_folder import ListsFolder
from fusion.training.contributions.pruning import prune
from fusion.training.elsewhere.session import with_processes
from fusion.training.estimate.measure import estimate_lists_of
from fusion.training.fits import fit_further, fit_sources
from fusion.training.judging import Judged, fold_tables, judge, training_folds
from fusion.training.lists_stage import ListsInputs, ServedMethod, lists_stage
from fusion.training.new_items.as_if_new import learn_new_items
from fusion.training.prior_effects import PriorEffect, prior_effects
from fusion.training.queries.encode import with_query_vectors
from fusion.training.ranker_stages import (
    ServingInputs,
    serving_stage,
)
from fusion.training.serving.measure import measure_serving
from fusion.training.source_fits import SourceFit, SourceFits, evict
from fusion.training.sources import RANDOM_SOURCE, SourceReport, leave_out
from fusion.training.tuning.stage import Tuned

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Trained:
    """Everything that a training made.

    Attributes:
        verdict: of the evaluation.
        method: that was chosen.
        lists: folder of the lists.
        serving_ranker: folder of the ranker that serves; None where another method was chosen.
        sources: rows of the sources for the manifest.
        checks: of admission.
        trees: of the ranker that was judged.
        importance: share of its total gain of each feature.
        source_prior: source towards which it is drawn; None draws nowhere.
        shift: PSI of steady features between the verdict's table and what is served, largest first.
        serving: what serves, beside what was judged.
        exposure: of item groups in the lists, beside the interest in them.
        estimate: what the lists are expected to be worth; None where it cannot be told.
        priors: as the ranker weighs them.
        cold_users: lists from attributes; None where there is nobody whom they could serve.
        serving_fits: of the sources in use.
        tuned: what tuning found.
        rules: that lists follow; None without any.
    """

    verdict: Verdict
    method: str
    lists: Path
    serving_ranker: Path | None
    sources: tuple[SourceReport, ...]
    checks: tuple[Check, ...]
    trees: int
    importance: dict[str, float]
    source_prior: SourcePrior | None
    shift: dict[str, float]
    serving: ServingReport
    exposure: ExposureReport
    estimate: EstimateReport | None = None
    priors: tuple[PriorEffect, ...] = ()
    cold_users: ColdUsersReport | None = None
    serving_fits: tuple[SourceFit, ...] = ()
    tuned: tuple[Tuned, ...] = ()
    rules: Rules | None = None

    @property
    def admitted(self) -> bool:
        """True where every check holds."""
        return all(check.holds for check in self.checks)


def train(context: RunContext, live: Live | None = None, rules: Rules | None = None) -> Trained:
    """Train, judge, choose a method and make lists; publishing is the caller's.

    Args:
        context: of the training.
        live: the run that is live, to compare with.
        rules: that lists follow.

    Raises:
        ConfigError: no source or worker can take part, or something is configured wrong.
        ExecutorLost: workers of Dask or their scheduler have gone.
        DataError: there is nothing to learn from, or nobody to list for.
    """
    require_extra(context.config.ranker)
    context.store.sweep()
    with with_processes(context) as ready:
        return _train(with_query_vectors(ready), live, rules)


def _train(context: RunContext, live: Live | None, rules: Rules | None) -> Trained:
    """Train with whichever sources get through it."""
    context = learn_new_items(context, rules)
    plan = context.plan
    fits = fit_sources(context, plan.labels, live.left_out if live else {})
    # Before anything is judged, so that what is judged is what serves; and before the fits on the
    # largest folds, which a source that leaves need not make.
    if context.config.tune.contributions:
        _without_failing(fits, lambda: _leave_out_costly(context, fits))
    all_fits = fit_further(context, fits, (plan.verdict, plan.serving))
    trained = _without_failing(all_fits, lambda: _fuse(context, all_fits, live, rules))
    evict(all_fits.fits, plan.serving, context.config.artifacts.keep_fit_mb)
    return trained


def _without_failing(fits: SourceFits, work: Callable[[], T]) -> T:
    """Do a piece of work until no source fails in it any more.

    A source that fails while it scores leaves; its stages are made again without it, the others'
    fits are taken from the store.
    """
    while True:
        try:
            # A limit of the whole process: no sum may depend on how many cores it has.
            with threadpool_limits(1, "blas"):
                return work()
        except SourceFailed as failure:
            log.warning("source failed while scoring name=%s", failure.source, exc_info=True)
            leave_out(fits.reports, failure)


def _leave_out_costly(context: RunContext, fits: SourceFits) -> None:
    """Leave out the sources that are not worth their cost, by the label folds alone."""
    folds = training_folds(context)
    tables = fold_tables(context, fits, folds)
    configured = [source for source in fits.in_use if source is not RANDOM_SOURCE]
    prune(context, configured, fits.reports, folds, tables)


def _fuse(context: RunContext, fits: SourceFits, live: Live | None, rules: Rules | None) -> Trained:
    """Everything after the fits, with the sources in use; SourceFailed when one of them fails."""
    judged = judge(context, fits, live, rules)
    runtime, verdict, ranker = context.runtime, judged.verdict, judged.ranker
    *label_tables, verdict_table = judged.tables
    followed = exposure_limits(context, rules, context.plan.serving.known)
    served = _served_method(context, judged)

    live_lists, serving_fits = live.lists if live else None, fits.on(context.plan.serving)
    inputs = ListsInputs.of(context, serving_fits, served, verdict_table, followed, live_lists)
    if cold_users := judge_cold_users(context):
        inputs = replace(inputs, attributes=cold_users.served)
    lists = ListsFolder(runtime.run(lists_stage(inputs)))
    # Measured as it will serve, after the lists, which a source may not survive.
    serving_report = runtime.step(
        "serving fits",
        lambda: measure_serving(context, fits, served, label_tables[-1], verdict_table),
    )
    measured = Measured(
        shift=feature_shift(lists, served.name),
        serving=serving_report,
        exposure=runtime.step("exposure", lambda: measure_exposure(context, lists)),
    )
    return Trained(
        verdict=verdict,
        method=served.name,
        lists=lists.path,
        serving_ranker=served.ranker,
        sources=tuple(fits.reports),
        checks=tuple(admit(context, verdict, lists, measured, followed)),
        trees=ranker.settings.trees,
        importance=ranker.ranker.importance(),
        source_prior=ranker.ranker.source_prior,
        shift=dict(measured.shift),
        serving=measured.serving,
        exposure=measured.exposure,
        estimate=runtime.step(
            "estimate",
            lambda: estimate_lists_of(context, verdict, judged.tables, ranker, lists, judged.past),
        ),
        priors=prior_effects(context.data.priors, verdict_table, ranker.ranker),
        cold_users=cold_users,
        serving_fits=serving_fits,
        tuned=tuple(fits.tuned),
        rules=followed,
    )


def _served_method(context: RunContext, judged: Judged) -> ServedMethod:
    """Return the chosen method as it serves.

    Only a ranker needs another fit to serve, and a twin: with the verdict's labels as its newest
    fold.
    """
    chosen = judged.verdict.choice.method
    if chosen != RANKER:
        return ServedMethod(chosen)
    inputs = ServingInputs.of(context, judged.tables, judged.ranker, judged.only_new)
    return ServedMethod(
        name=RANKER,
        ranker=context.runtime.run(serving_stage(inputs, "serving ranker")),
        twin=context.runtime.run(serving_stage(inputs.of_twin(), "twin ranker")),
    )
