"""All limits of exposure of a training, over the items that they have at a moment."""

from dataclasses import replace

import numpy as np

from fusion.config.list_settings import AUTO, ListSettings, NewItemPlaces
from fusion.data.dataset import Dataset
from fusion.data.item_groups.groups import NEW
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.business_rules.exposure_limits import ExposedItems, NewItemsLimit
from fusion.runs.context import RunContext


def exposure_limits(context: RunContext, rules: Rules | None, known: Dataset) -> Rules | None:
    """Give rules all limits of exposure as of a moment: items of groups, and `lists.new_items`.

    What is new, or of the head, is another thing for the verdict than for the lists to serve.

    Args:
        context: settings and folds.
        rules: as resolved; None without any.
        known: what is known at that moment.

    Returns:
        The rules with these limits; None where there is nothing to follow.
    """
    asked = context.config.lists.new_items
    if rules is None and asked == AUTO:
        return None
    rules = rules or Rules.none(context.data)
    limits = [limit.as_of(known, context.plan.window) for limit in rules.exposure]
    if isinstance(asked, NewItemPlaces):
        everyone = np.ones(context.data.n_users, bool)
        limit = NewItemsLimit(asked.min, asked.max)
        limits.append(ExposedItems(limit, everyone, known.item_counts == 0))
    return replace(rules, exposure=tuple(limits))


def asks_for_new_items(lists: ListSettings, rules: Rules | None) -> bool:
    """Tell whether lists must hold a least share of new items.

    Args:
        lists: settings.
        rules: that lists follow; None without any.
    """
    if isinstance(lists.new_items, NewItemPlaces) and lists.new_items.min > 0:
        return True
    limits = rules.exposure if rules else ()
    return any(NEW in limit.groups and limit.rule.least > 0 for limit in limits)
