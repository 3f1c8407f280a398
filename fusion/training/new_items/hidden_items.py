"""The item cold-start fold: items hidden from every fit, and how each row ranks them."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fusion.config import SourceSettings
from fusion.core.arrays import Flags, distinct
from fusion.core.hashing import shares
from fusion.core.progress import run_plain
from fusion.data.dataset import Dataset
from fusion.data.id_map import draws
from fusion.data.splitting.as_if_new import fold_of_dropped, treat_as_new
from fusion.data.splitting.fold import Fold, Plan, has_training_users
from fusion.evaluation.cold_items import cold_items_report
from fusion.evaluation.verdict_report import ColdItemsReport
from fusion.models.base.allowed import Allowed
from fusion.ranking.ranker import Ranker
from fusion.runs.context import RunContext
from fusion.runs.stages.runtime import Runtime
from fusion.training.fit_task import FitTask
from fusion.training.new_items.as_if_new import DROPPED, proposes_new_items
from fusion.training.new_items.defaults import DEFAULTS
from fusion.training.source_fits import SourceFit, SourceFits
from fusion.training.sources import RANDOM_SOURCE, declared_cost
from fusion.training.table_stage import TableInputs, table_stage
from fusion.training.tuning.stage import TuningTask

log = logging.getLogger(__name__)
HIDDEN = "hidden"
"""Stream of the draw of hidden items, and the place where they are listed alone."""
AVAILABLE_FROM = "available_from"
"""Column of the items' table with the date since which an item can be taken."""
USERS_SALT = 0xC01D
"""Added to the seed, so that who judges is independent of who trains the ranker."""


def judge_hidden_items(
    context: RunContext, fits: SourceFits, ranker: Ranker
) -> ColdItemsReport | None:
    """Hide items from fits on the verdict fold, and judge all rows by who liked these.

    None of them was as if new in a label fold, so nothing was chosen or learned by them.

    Args:
        context: of the training, as `learn_new_items` returned it.
        fits: of its sources, on all folds.
        ranker: trained on the label folds.

    Returns:
        The report; None where new items do not matter, or a source fails on this fold.
    """
    if not proposes_new_items(context):
        return None
    began = time.process_time()
    hidden, by = choose_hidden(context.data, context.plan.verdict, context.config.seed)
    fold = hidden_fold(context.plan.verdict, hidden, context.config.seed)
    if not has_training_users(fold):
        return None
    asked, left_out = affordable(fits.in_use, context.plan, fold)
    # Within the step that is under way, so that its cost is all in one place.
    runtime = replace(context.runtime, step=run_plain)
    sources = _fit(context, fits, asked, fold, runtime)
    if sources is None:
        return None
    allowed = context.allowed(fold.cut)
    places = {HIDDEN: Allowed(allowed.items & hidden, allowed.seen), "catalogue": allowed}
    tables = {
        place: (runtime.run(table_stage(TableInputs(sources, fold, items))), items)
        for place, items in places.items()
    }
    report = cold_items_report(fold, tables, ranker, by, context.config.seed)
    cpu_seconds = time.process_time() - began
    log.info("hidden items judged cpu_seconds=%.1f not_asked=%s", cpu_seconds, list(left_out))
    return report.model_copy(update={"not_asked": list(left_out)})


def affordable(
    sources: Sequence[SourceSettings], plan: Plan, fold: Fold
) -> tuple[tuple[SourceSettings, ...], tuple[str, ...]]:
    """Leave dear sources out of the fold of hidden items, until its fits are cheap enough.

    By declared costs alone, against those of every fit of the plan: what of these is in the store
    already must not decide what is judged.

    Args:
        sources: those in use.
        plan: folds of the run.
        fold: without the hidden items' interactions.

    Returns:
        The sources to fit, in their order, and the names of those left out.
    """
    others = sum(
        declared_cost(source, each.known)
        for each in (*plan.labels, plan.verdict, plan.serving)
        for source in sources
    )
    # A share of the whole, of which these fits are a part themselves.
    most = others * DEFAULTS.hidden_cost / (1 - DEFAULTS.hidden_cost)
    costs = {source.name: declared_cost(source, fold.known) for source in sources}
    left_out: list[str] = []
    while (beyond := sum(costs.values()) - most) > 0:
        # One that is dear enough by itself, and no dearer than need be; else the dearest.
        enough = {name: cost for name, cost in costs.items() if cost >= beyond}
        name = min(enough, key=enough.__getitem__) if enough else max(costs, key=costs.__getitem__)
        del costs[name]
        left_out.append(name)
    return tuple(source for source in sources if source.name in costs), tuple(left_out)


def choose_hidden(data: Dataset, verdict: Fold, seed: int) -> tuple[Flags, str]:
    """Choose the items to hide, among those that were taken and were never as if new.

    Args:
        data: all items.
        verdict: the verdict fold.
        seed: of the run.

    Returns:
        Which items (I,), and how they were chosen: the newest where most have a date since which
        they can be taken, else by hash.
    """
    eligible = draws(data.item_ids, seed, DROPPED) >= DEFAULTS.dropped_share
    eligible &= verdict.known.item_counts > 0
    if AVAILABLE_FROM in data.item_table.columns:
        begins = data.item_table[AVAILABLE_FROM].fill_null(-1).to_numpy()
        dated = eligible & (begins >= 0)
        if dated.sum() > eligible.sum() / 2:
            newest = np.quantile(begins[dated], 1 - DEFAULTS.hidden_share)
            return dated & (begins >= newest), "newest"
    return eligible & (draws(data.item_ids, seed, HIDDEN) < DEFAULTS.hidden_share), "hash"


def hidden_fold(verdict: Fold, hidden: Flags, seed: int) -> Fold:
    """Take hidden items out of what the verdict fold knows; who liked one is a label.

    Args:
        verdict: the verdict fold.
        hidden: which items (I,).
        seed: draws users where there are many.

    Returns:
        A fold with the likes of hidden items as labels, those known by the cut and those of the
        window.
    """
    without = treat_as_new(verdict, hidden)
    fold = fold_of_dropped(without)
    later = hidden[verdict.label_items]
    n_items = verdict.known.n_items
    users = np.concatenate([fold.label_users, verdict.label_users[later]])
    items = np.concatenate([fold.label_items, verdict.label_items[later]])
    pairs = distinct(users.astype(np.int64) * n_items + items)
    users = (pairs // n_items).astype(np.int32)
    items = (pairs % n_items).astype(np.int32)
    # Who has no other history is a cold user, whom no ranker serves.
    judging = np.unique(users[without.known.user_counts[users] > 0])
    share = DEFAULTS.hidden_users / max(1, len(judging))
    judging = judging[shares(seed + USERS_SALT, judging) < share]
    kept = np.isin(users, judging)
    return replace(
        fold, name="hidden items", label_users=users[kept], label_items=items[kept], held_out=None
    )


def _fit(
    context: RunContext,
    fits: SourceFits,
    asked: Sequence[SourceSettings],
    fold: Fold,
    runtime: Runtime,
) -> tuple[SourceFit, ...] | None:
    """Fit sources as on the other folds; None where one fails."""
    task = FitTask((fold,), TuningTask.of(context), context.config.seed, context.device, runtime)
    fitted = []
    for source in asked:
        first = fits.results[source.name][0]
        assert first.fit is not None
        steps = first.fit.notes.get("steps") or None
        result = task.fit(fold, first.source, steps)
        if result.fit is None:
            return None
        name = "random" if source.name == RANDOM_SOURCE.name else source.name
        fitted.append(SourceFit(name, source.k, result.fit, fits.k_new))
    return tuple(fitted)
