"""Label folds in which a share of the items is as if new, so that the ranker learns that state."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fusion.data.id_map import draws
from fusion.data.splitting.as_if_new import treat_as_new
from fusion.data.splitting.fold import Fold, has_training_users
from fusion.errors import UnusableSource
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.exposure.limits import asks_for_new_items
from fusion.runs.context import RunContext
from fusion.training.new_items.defaults import DEFAULTS
from fusion.training.sources import build_source, left_out

log = logging.getLogger(__name__)
DROPPED = "as if new"
"""Stream of the draw of items that label folds treat as new."""


def learn_new_items(context: RunContext, rules: Rules | None = None) -> RunContext:
    """Treat a share of the items as new in the label folds, where new items matter.

    They do where a source can score them, and enough labels of the label folds are new items, a
    limit asks for a least share of them, or an allow list is mostly made of them; else nothing
    changes. All fits, histories and features of a
    label fold then are those of a world in which nobody has taken the dropped items yet: what a new
    item is when lists are served. Labels that are dropped items stay, and teach who wants an item
    of which only content is known. Who had taken one before is no example of either: the table has
    no such row.

    Args:
        context: of the training.
        rules: that lists follow.

    Returns:
        The context with other label folds, or as it is.
    """
    labels = context.plan.labels
    share = new_label_share(labels)
    are_wanted = share >= DEFAULTS.min_label_share or _are_asked_for(context, rules)
    if not are_wanted or not _scores_new_items(context):
        return context
    dropped = draws(context.data.item_ids, context.config.seed, DROPPED) < DEFAULTS.dropped_share
    folds = tuple(treat_as_new(fold, dropped) for fold in labels)
    # On very little data somebody's whole history may be gone.
    if not all(has_training_users(fold) for fold in folds):
        return context
    log.info("items as if new=%d of=%d new_labels=%.3f", dropped.sum(), len(dropped), share)
    return replace(context, plan=replace(context.plan, labels=folds))


def new_label_share(folds: Sequence[Fold]) -> float:
    """Return which share of the labels are items that nobody had taken.

    Args:
        folds: with labels.
    """
    counts = [fold.known.item_counts[fold.label_items] for fold in folds]
    return float((np.concatenate(counts) == 0).mean())


def proposes_new_items(context: RunContext) -> bool:
    """Return whether sources propose new items beside their best candidates.

    Args:
        context: of the training, as `learn_new_items` returned it.
    """
    return any(fold.dropped is not None for fold in context.plan.labels)


def _are_asked_for(context: RunContext, rules: Rules | None) -> bool:
    """Tell whether lists must hold new items, or an allow list is mostly made of them.

    Such a list is that of a page of new arrivals.
    """
    if asks_for_new_items(context.config.lists, rules):
        return True
    is_new = context.plan.serving.known.item_counts == 0
    lists = [entry.items for entry in rules.allow] if rules else []
    return any(is_new[items].mean() >= DEFAULTS.min_allowed_share for items in lists if items.any())


def _scores_new_items(context: RunContext) -> bool:
    """Tell whether a source that can take part scores items without interactions."""
    for source in context.sources:
        try:
            model = build_source(source)
        except UnusableSource:
            continue
        scores = model.proposes and model.scores_new_items
        if scores and left_out(model, context.plan.serving.known, context.config.memory) is None:
            return True
    return False
