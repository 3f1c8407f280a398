"""Offline evaluation: all methods judged on the verdict fold, and one of them chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fusion.core.arrays import Flags, Rows
from fusion.data.segments import ROUTES, route_of, segments_among
from fusion.data.splitting.fold import Plan
from fusion.evaluation.cold_start import cold_report, new_items_report
from fusion.evaluation.estimate.places import LabelledPlaces
from fusion.evaluation.exposure.limit_cost import limit_cost
from fusion.evaluation.judged_lists import candidate_scores, lists_by_row, read_scored_table
from fusion.evaluation.live_baseline import Live, LiveComparison, compare_with_live
from fusion.evaluation.promise.promise import promise_report
from fusion.evaluation.promise.window_figure import PastWindow
from fusion.evaluation.rating_errors import rating_error_report
from fusion.evaluation.row_figures import (
    auc_report,
    candidate_recall,
    list_figures,
    metrics_by_row,
)
from fusion.evaluation.segment_gaps import segment_gaps
from fusion.evaluation.segments import Hits, among, hits_by_row, metrics_by_segment
from fusion.evaluation.selection import (
    Choice,
    chosen_by_others,
    cross_fitted,
    select_method,
)
from fusion.evaluation.verdict_report import (
    LiveReport,
    SegmentReport,
    SplitReport,
    VerdictReport,
)
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.metrics.bootstrap import Interval
from fusion.metrics.ranking import ndcg
from fusion.ranking.method import RANDOM
from fusion.ranking.ranker import Ranker
from fusion.runs.context import RunContext


@dataclass(frozen=True)
class Verdict:
    """The choice between methods on the verdict fold, and how sure it is.

    Attributes:
        choice: the method that is published, and why.
        report: all figures, as they are stored.
        random_gap: chosen minus random lists in NDCG@10, paired and cross-fitted, since the best of
            n rows of luck would be no skill.
        live: the comparison with the lists that are live.
        places: first places by the choice, as they would have been served; None where the split is
            not by time.
    """

    choice: Choice
    report: VerdictReport
    random_gap: Interval
    live: LiveComparison
    places: LabelledPlaces | None = None


@dataclass(frozen=True)
class _Judged:
    """Lists of every row on the verdict fold, and the labels in them.

    Attributes:
        users: (n,), ascending.
        routes: (n,) an index into ROUTES.
        lists: (n, k) by row.
        hits: labels in these lists.
    """

    users: Rows
    routes: Rows
    lists: dict[str, Rows]
    hits: Hits

    @classmethod
    def of(cls, context: RunContext, users: Rows, lists: dict[str, Rows]) -> "_Judged":
        """Find routes and hits.

        Args:
            context: data, folds and settings.
            users: (n,), ascending.
            lists: (n, k) by row.

        Returns:
            All of the users.
        """
        fold = context.plan.verdict
        routes = route_of(fold.known.user_counts[users], context.config.split.sparse)
        return cls(users, routes, lists, hits_by_row(users, lists, fold))

    def among(self, members: Flags) -> "_Judged":
        """Select some of the users.

        Args:
            members: which of them (n,).

        Returns:
            The same for them alone.
        """
        lists = {name: rows[members] for name, rows in self.lists.items()}
        hits = among(self.hits, members)
        return _Judged(self.users[members], self.routes[members], lists, hits)


def evaluate(
    context: RunContext,
    folder: Path,
    ranker: Ranker,
    live: Live | None,
    past: Sequence[PastWindow] = (),
    rules: Rules | None = None,
) -> Verdict:
    """Judge all rows on the verdict fold and choose the method to publish.

    A row is the ranker, the blend, a source, or random. They are judged by users with a label and a
    history; users without one get the fallback whatever is chosen, and are reported apart.

    Args:
        context: configuration, data and folds.
        folder: the verdict fold's table.
        ranker: trained on the label folds.
        live: the run that is live; None where nothing is.
        past: what rows that need no ranker scored in past windows, oldest first.
        rules: that lists follow; no row does, but what limits of exposure cost is judged apart.

    Returns:
        The verdict.
    """
    seed, table = context.config.seed, read_scored_table(folder, ranker)
    scores = candidate_scores(table)
    everyone = _Judged.of(context, *lists_by_row(folder, table, scores))
    is_cold = everyone.routes == ROUTES.index("cold")
    judged, cold = everyone.among(~is_cold), everyone.among(is_cold)
    users = judged.users
    # The choice is made by NDCG@10 alone; every other figure is for people.
    values = {name: ndcg(places, counts, 10) for name, (places, counts) in judged.hits.items()}
    live_method = live.method if live else None
    choice = select_method(values, seed, live_method)
    segments = segments_among(context.data, users)
    comparison = compare_with_live(values[choice.method], users, context, live)
    report = VerdictReport(
        split=split_report(context.plan),
        users=len(users),
        chosen=choice.method,
        reason=choice.reason,
        rival=choice.rival,
        difference=choice.difference,
        reported=cross_fitted(values, users, seed, live_method),
        rows=metrics_by_row(judged.hits, seed),
        weights=rating_error_report(folder, seed),
        auc=auc_report(table, scores, users, seed),
        lists=list_figures(context, users, judged.lists),
        routes=_metrics_by_route(everyone, seed),
        segments=metrics_by_segment(judged.hits, segments, seed),
        gaps=segment_gaps(values[choice.method], segments),
        cold=cold_report(context, cold.users, cold.lists[RANDOM]),
        new_items=new_items_report(context, users, judged.lists),
        candidate_recall=candidate_recall(everyone.lists, context.plan.verdict, table),
        live=_live_report(live, comparison),
        limit_exposure=limit_cost(context, table, scores[choice.method], users, rules),
        promise=promise_report(
            context.plan,
            users,
            judged.lists,
            chosen_by_others(values, users, seed, live_method),
            past,
            live.realised if live else {},
        ),
    )
    # Cross-fitted like what is reported: the choice would flatter itself against random too.
    over_random = {name: ndcgs - values[RANDOM] for name, ndcgs in values.items()}
    random_gap = cross_fitted(over_random, users, seed, live_method)
    places = LabelledPlaces.of(context, context.plan.verdict, table, scores, choice.method)
    return Verdict(choice, report, random_gap, comparison, places)


def split_report(plan: Plan) -> SplitReport:
    """Describe how the folds were cut, for the manifest and for people.

    Args:
        plan: the folds of a run.

    Returns:
        Kind, window, reason, and labels by fold.
    """
    n_labels = {fold.name: len(fold.label_users) for fold in (*plan.labels, plan.verdict)}
    return SplitReport(
        kind=plan.kind,
        window=plan.window,
        why=plan.why,
        optimistic=plan.optimistic,
        labels=n_labels,
    )


def _metrics_by_route(everyone: _Judged, seed: int) -> dict[str, SegmentReport]:
    """Compute the metrics of users by the route that serves them; cold users count here too."""
    members = {name: everyone.routes == index for index, name in enumerate(ROUTES)}
    return metrics_by_segment(everyone.hits, members, seed)


def _live_report(live: Live | None, comparison: LiveComparison) -> LiveReport | None:
    if live is None:
        return None
    return LiveReport(run=live.run_id, users=comparison.users, difference=comparison.gap)
