"""Rules against the data: from names to row numbers, with every problem as a finding."""

from dataclasses import replace

import numpy as np
import polars as pl

from fusion.core.findings import Finding, FindingKind, declare
from fusion.data.dataset import Dataset
from fusion.errors import ConfigError
from fusion.lists.business_rules.block_findings import nothing_left, unknown_names
from fusion.lists.business_rules.blocked import Blocked
from fusion.lists.business_rules.compiled_rules import (
    AllowList,
    BoostedItems,
    LimitedItems,
    PinnedItem,
    Rules,
)
from fusion.lists.business_rules.exposure_limits import ExposedItems, LimitExposure
from fusion.lists.business_rules.list_segments import ALL, fallback_segments
from fusion.lists.business_rules.rule_names import NO_ITEM, NameResolver
from fusion.lists.business_rules.rules import Allow, Boost, Limit, Pin, RuleSet

TOO_DEEP = declare(
    FindingKind(
        "rule_rank",
        "error",
        "a pin at a rank that lists do not show",
        "nothing is trained",
        "Pin to a rank of at most [lists] size.",
    )
)
NOTHING_ALLOWED = declare(
    FindingKind(
        "rule_allows_nothing",
        "error",
        "an allow list without any item that the data has",
        "nothing is trained: lists would be empty",
        "Correct the ids or categories, or take the entry out.",
    )
)
NOTHING_SHOWN = declare(
    FindingKind(
        "rule_shows_nothing",
        "error",
        "allow lists that leave some users no item which is available and not blocked",
        "nothing is trained: their lists would be empty",
        "Allow more items, or take an entry, a block or an end of availability back.",
    )
)


def resolve(
    source: RuleSet, data: Dataset, blocked: pl.DataFrame, size: int
) -> tuple[Rules, list[Finding]]:
    """Resolve what rules name in the data.

    Args:
        source: rules as written.
        data: items and users.
        blocked: rows `item_id`, `user_id` (null: for everyone) that are blocked now.
        size: items that a list shows.

    Returns:
        Rules by row number, and every problem with what they name. With an error among them the
        rules are not usable.
    """
    names = NameResolver(data)
    rules = Rules(
        source=source,
        blocked=Blocked.of(data, blocked),
        allow=_allow_lists(names, source.allow),
        pins=_pins(names, source.pin, size),
        boosts=_boosts(names, source.boost),
        limits=_limits(names, source.limit),
        exposure=_exposure(names, source.limit_exposure),
        diversity=source.diversity,
    )
    _check_shown(names, rules)
    _check_diversity(names, source)
    names.findings.extend(unknown_names(data, blocked))
    names.findings.extend(nothing_left(data, rules.blocked.items))
    return rules, names.findings


def usable(
    source: RuleSet, data: Dataset, blocked: pl.DataFrame, size: int
) -> tuple[Rules | None, list[Finding]]:
    """Resolve rules that a run can follow.

    Args:
        source: rules as written.
        data: items and users.
        blocked: rows `item_id`, `user_id` (null: for everyone) that are blocked now.
        size: items that a list shows.

    Returns:
        Rules by row number, None where there is nothing to follow, and warnings.

    Raises:
        ConfigError: with every finding of severity error.
    """
    rules, findings = resolve(source, data, blocked, size)
    errors = [finding.text() for finding in findings if finding.severity == "error"]
    if errors:
        raise ConfigError("\n".join(errors))
    return (None if rules.empty else rules), findings


def _allow_lists(names: NameResolver, entries: tuple[Allow, ...]) -> tuple[AllowList, ...]:
    """Make one list for each segment; entries for the same one add up."""
    lists: dict[str | None, AllowList] = {}
    for entry in entries:
        items = names.items(entry)
        if not items.any():
            names.note(NOTHING_ALLOWED, entry, "none of it is in the data", [])
        earlier = lists.get(entry.segment)
        if earlier is None:
            users = names.users(entry)
            lists[entry.segment] = AllowList((str(entry),), entry.segment, users, items)
        else:
            words = (*earlier.words, str(entry))
            lists[entry.segment] = replace(earlier, words=words, items=earlier.items | items)
    return tuple(lists.values())


def _pins(names: NameResolver, rules: tuple[Pin, ...], size: int) -> tuple[PinnedItem, ...]:
    """Look up pins, by rank; one whose item is not in the data drops out."""
    pins = []
    for rule in sorted(rules, key=lambda pin: pin.rank):
        row = int(names.data.item_ids.rows(pl.Series([rule.item], dtype=pl.String))[0])
        users = names.users(rule)
        if rule.rank > size:
            names.note(TOO_DEEP, rule, f"lists show {size} items", [{"rank": rule.rank}])
        if row < 0:
            names.note(NO_ITEM, rule, "the item is not in the data", [{"item": rule.item}])
        else:
            pins.append(PinnedItem(rule, users, row))
    return tuple(pins)


def _boosts(names: NameResolver, rules: tuple[Boost, ...]) -> tuple[BoostedItems, ...]:
    boosts = []
    for rule in rules:
        users = names.users(rule)
        boosts.append(BoostedItems(rule, users, names.items(rule)))
    return tuple(boosts)


def _limits(names: NameResolver, rules: tuple[Limit, ...]) -> tuple[LimitedItems, ...]:
    """Look up limits; one about a column that is not there drops out."""
    limits = []
    for rule in rules:
        users, categories = names.users(rule), names.category(rule, rule.category)
        if categories is not None:
            limits.append(LimitedItems(rule, users, categories))
    return tuple(limits)


def _exposure(names: NameResolver, rules: tuple[LimitExposure, ...]) -> tuple[ExposedItems, ...]:
    exposed = []
    for rule in rules:
        users = names.users(rule)
        exposed.append(ExposedItems(rule, users, names.items(rule)))
    return tuple(exposed)


def _check_shown(names: NameResolver, rules: Rules) -> None:
    """Note users whom allow lists, availability and blocks together leave nothing."""
    data, blocked = names.data, rules.blocked.items
    available = data.listable(data.as_of)
    for segment in fallback_segments(data, rules):
        lists = rules.of_segments(segment.values).allow
        is_empty_itself = any(not entry.items.any() for entry in lists)  # has its own finding
        if not lists or is_empty_itself:
            continue
        allowed = np.logical_and.reduce([entry.items for entry in lists])
        if (allowed & available & ~blocked).any():
            continue
        users = "everyone" if segment.name == ALL else segment.name
        message = f"leaves {users} nothing: no item is in all of these lists"
        if allowed.any():
            n_unavailable = (allowed & ~available).sum()
            n_blocked = (allowed & available & blocked).sum()
            message = (
                f"leaves {users} nothing: of {allowed.sum()} items {n_unavailable} are not"
                f" available and {n_blocked} are blocked"
            )
        entries = " and ".join(text for entry in lists for text in entry.words)
        names.note(NOTHING_SHOWN, entries, message, [])
        if segment.name == ALL:
            return  # what holds for everyone need not be said of each segment


def _check_diversity(names: NameResolver, source: RuleSet) -> None:
    """Note a rule for diversity by what items do not have: texts, or a category column."""
    diversity, table = source.diversity, names.data.item_table
    if diversity is None:
        return
    has_text = "text" in table.columns and table["text"].null_count() < len(table)
    if diversity.by == "text" and has_text:
        return
    # A category column may be called "text" too.
    names.has_item_column(diversity, diversity.by)
