"""Rules of lists as other processes have them: looked up anew in the same data."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from fusion.data.dataset import Dataset
from fusion.lists.business_rules.blocked import NO_BLOCKS, Blocked
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.business_rules.exposure_limits import ExposedItems, LimitExposure, NewItemsLimit
from fusion.lists.business_rules.resolve_rules import resolve
from fusion.lists.business_rules.rules import RuleSet
from fusion.models.foreign.files import read_arrays
from fusion.runs.stages.handover import Handover


def hand_over_rules(rules: Rules | None, handover: Handover) -> dict[str, Any] | None:
    """Hand rules over.

    Args:
        rules: that lists follow; None without any.
        handover: takes their arrays.

    Returns:
        Plain values, as `open_rules` takes them.
    """
    if rules is None:
        return None
    arrays = {"items": rules.blocked.items, "pairs": rules.blocked.pairs}
    limits = []
    # What is blocked, and the items of these limits, are not in the rules as written.
    for number, limit in enumerate(rules.exposure):
        arrays[f"users {number}"], arrays[f"items {number}"] = limit.users, limit.items
        if isinstance(limit.rule, NewItemsLimit):
            limits.append({"new": asdict(limit.rule)})
        else:
            limits.append(_written(limit.rule))
    return {"source": _written(rules.source), "limits": limits, "arrays": handover.arrays(arrays)}


def open_rules(handed: Mapping[str, Any] | None, data: Dataset, size: int) -> Rules | None:
    """Return rules that were handed over.

    Args:
        handed: of `hand_over_rules`.
        data: that they were resolved for.
        size: items that a list shows.
    """
    if handed is None:
        return None
    rules, _ = resolve(RuleSet(**handed["source"]), data, NO_BLOCKS, size)
    arrays = read_arrays(Path(handed["arrays"]))
    limits = [
        ExposedItems(
            NewItemsLimit(**written["new"]) if "new" in written else LimitExposure(**written),
            arrays[f"users {number}"],
            arrays[f"items {number}"],
        )
        for number, written in enumerate(handed["limits"])
    ]
    blocked = Blocked(arrays["items"], arrays["pairs"])
    return replace(rules, blocked=blocked, exposure=tuple(limits))


def _written(rules: RuleSet | LimitExposure) -> dict[str, Any]:
    """Return rules as their file has them."""
    written: dict[str, Any] = json.loads(rules.model_dump_json())
    return written
