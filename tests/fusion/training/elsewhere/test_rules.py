"""Rules that another process looks up are those of the training, down to each flag."""

import json
from dataclasses import fields, is_dataclass, replace

import numpy as np
from scipy.sparse import sparray

from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.business_rules.exposure_limits import ExposedItems, NewItemsLimit
from fusion.lists.business_rules.resolve_rules import usable
from fusion.lists.business_rules.rules import RuleSet
from fusion.runs.stages.handover import Handover
from fusion.training.elsewhere.rules import hand_over_rules, open_rules
from tests.fusion.training.elsewhere.ruled_world import BLOCKED, RULES


def plain(value):
    """Anything as plain values, that compare."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, sparray):
        return value.toarray().tolist()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def handed(rules, data, folder):
    """The rules as they come out of the text that a worker is told."""
    told = json.loads(json.dumps(hand_over_rules(rules, Handover(folder))))
    return open_rules(told, data, 5)


def test_every_rule_comes_back(data, tmp_path):
    rules, _ = usable(RuleSet(**RULES), data, BLOCKED, 5)
    everyone, new = np.ones(data.n_users, bool), np.arange(data.n_items) % 7 == 0
    # As a training has them: groups as of a moment, and the share of new items.
    limits = [limit.as_of(data, 7) for limit in rules.exposure]
    limits.append(ExposedItems(NewItemsLimit(0.1, 0.5), everyone, new))
    rules = replace(rules, exposure=tuple(limits))
    again = handed(rules, data, tmp_path)
    assert again.key == rules.key
    assert plain(again) == plain(rules)


def test_none_stays_none_and_empty_rules_stay_empty(data, tmp_path):
    assert handed(None, data, tmp_path) is None
    assert plain(handed(Rules.none(data), data, tmp_path)) == plain(Rules.none(data))
