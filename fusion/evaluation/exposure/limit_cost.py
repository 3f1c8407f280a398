"""Cost of limits of exposure: the chosen row judged with them and without, on the same users."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from fusion.core.arrays import Rows, Scores
from fusion.data.ranked_lists import RankedLists, top_k_lists
from fusion.evaluation.verdict_report import KeptShare, LimitCostReport
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.business_rules.exposure_limits import ExposedItems
from fusion.lists.exposure.defaults import DEFAULTS
from fusion.lists.exposure.fit import ListedBlock, fit_prices, keeps
from fusion.lists.exposure.limits import exposure_limits
from fusion.lists.exposure.prices import PricedOrder, Prices
from fusion.metrics.bootstrap import Interval, paired_gap, resampled_means
from fusion.metrics.ranking import hits_of, ndcg
from fusion.ranking.table import RankingTable
from fusion.runs.context import RunContext

PLACES = 10
"""Places that NDCG looks at."""


@dataclass(frozen=True)
class _Judged:
    """Orders of the chosen row's candidates, of judged users."""

    order: PricedOrder
    size: int

    def lists(self, prices: Prices) -> Rows:
        """Return lists (n, size) at some prices."""
        return prices.reranked(self.order)[:, : self.size]


def limit_cost(
    context: RunContext,
    table: RankingTable,
    scores: Scores,
    users: Rows,
    rules: Rules | None,
) -> LimitCostReport | None:
    """Judge the chosen row with limits of exposure and without, on the verdict fold.

    Prices are found anew for these users: a share is asked of the lists of whoever comes.
    Other rules take no part, as in all of the verdict.

    Args:
        context: configuration, data and folds.
        table: candidates of the verdict fold.
        scores: of the chosen row (C,), NaN where it is silent.
        users: who is judged (n,), ascending; each has a label and a history.
        rules: that lists follow; None without any.

    Returns:
        Shares, and NDCG@10 with its difference; None without a limit of exposure.
    """
    # What is new, or of the head, as it was known at the verdict's cut: a label that was new then
    # would not be by the time lists are served.
    rules = exposure_limits(context, rules, context.plan.verdict.known)
    if rules is None or not rules.exposure:
        return None
    size = context.config.lists.size
    order = _order(table, scores, users).pruned(rules.exposure, max(size, PLACES))
    judged = _Judged(order, max(size, PLACES))
    block = ListedBlock(users, judged.lists, order.widest())
    everyone = [np.ones(context.data.n_users, bool)] * len(rules.exposure)
    fitted = fit_prices(rules.exposure, [block], everyone, size)
    fold = context.plan.verdict
    score = partial(_ndcg, users, fold.label_users, fold.label_items)
    plain, limited = score(order.items), score(judged.lists(fitted.prices))
    seed = context.config.seed
    draws = resampled_means(limited[:, None], seed)[:, 0]
    return LimitCostReport(
        users=len(users),
        ndcg=Interval.of(float(limited.mean(dtype=np.float64)), draws),
        difference=paired_gap(limited, plain, seed),
        limits=[
            _kept(rule, before, share)
            for rule, before, share in zip(rules.exposure, fitted.before, fitted.after, strict=True)
        ],
    )


def _order(table: RankingTable, scores: Scores, users: Rows) -> PricedOrder:
    """Order all candidates of each of some users; who has none has an empty row."""
    deepest = int(np.diff(table.borders).max(initial=1))
    ranked = top_k_lists(table.group_users, table.borders, table.items, scores, scores, deepest)
    items = np.full((len(users), deepest), -1, np.int32)
    values = np.full(items.shape, np.nan, np.float32)
    is_judged = np.isin(ranked.users, users)
    places = np.searchsorted(users, ranked.users[is_judged])
    items[places], values[places] = ranked.items[is_judged], ranked.scores[is_judged]
    nothing = np.empty((len(users), 0), np.int32)
    return PricedOrder.of(RankedLists(users, items, values), items, nothing, nothing)


def _ndcg(users: Rows, label_users: Rows, label_items: Rows, lists: Rows) -> Scores:
    return ndcg(*hits_of(lists[:, :PLACES], users, label_users, label_items), PLACES)


def _kept(rule: ExposedItems, before: float, share: float) -> KeptShare:
    return KeptShare(
        rule=str(rule.rule),
        before=before,
        share=share,
        kept=keeps(rule, share, DEFAULTS.tolerance),
    )
