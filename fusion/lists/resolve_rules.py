"""Rules against the data: what each of them names is looked up, and what is not there becomes a finding."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from fusion.core.arrays import Flags
from fusion.core.findings import Finding, FindingKind, declare
from fusion.data.categories import category_matrix
from fusion.data.dataset import Dataset
from fusion.errors import ConfigError
from fusion.lists.compiled_rules import (
    AllowList,
    Blocked,
    BoostedItems,
    LimitedItems,
    PinnedItem,
    Rules,
)
from fusion.lists.rules import Aimed, Allow, Named, RuleSet

NO_ITEM = declare(
    FindingKind(
        "rule_item",
        "warning",
        "a rule that names items which the data does not have",
        "the rule acts on the others",
        "Correct the id, or take it out of the rules.",
    )
)
NO_COLUMN = declare(
    FindingKind(
        "rule_column",
        "error",
        "a rule that names a category column which the data does not have",
        "nothing is trained: an item might be listed that must not be",
        "Correct the name, or declare the column under [data.item_features] or [data.user_features] category.",
    )
)
NO_VALUE = declare(
    FindingKind(
        "rule_value",
        "warning",
        "a rule that names a category which nobody or nothing has",
        "the rule has no effect there",
        "Correct the value; case counts.",
    )
)
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
NO_BLOCKED = declare(
    FindingKind(
        "blocked_unknown",
        "warning",
        "rows of blocked_item whose item the data does not have",
        "they block nothing in this run's lists; in the views they act as they are",
        "Correct item_id where it should be one of these items.",
    )
)


@dataclass
class _Looking:
    """Looks names up in the data and notes those that are missing."""

    data: Dataset
    findings: list[Finding] = field(default_factory=list)

    def column(self, rule: object, whose: str, name: str) -> bool:
        """Whether the items or users have a category column of that name."""
        data = self.data
        table, kind = (
            (data.item_table, pl.List(pl.String))
            if whose == "items"
            else (data.user_table, pl.String)
        )
        known = [known for known in table.columns if table.schema[known] == kind]
        if name not in known:
            message = f"the {whose} have no category column {name!r}{_near(name, known)}"
            self.note(NO_COLUMN, rule, message, [{"column": name}])
        return name in known

    def segment(self, rule: Aimed) -> Flags:
        """Users (U,) the rule is for."""
        if rule.segment is None:
            return np.ones(self.data.n_users, bool)
        column, _, value = rule.segment.partition("=")
        if not self.column(rule, "users", column):
            return np.zeros(self.data.n_users, bool)
        values = self.data.user_table[column]
        found = (values == value).fill_null(False).to_numpy()
        if not found.any():
            known = values.drop_nulls().unique().sort().to_list()
            self.note(
                NO_VALUE,
                rule,
                f"no user has {rule.segment}{_near(value, known)}",
                [{column: value}],
            )
        return found

    def items(self, rule: Named) -> Flags:
        """Items (I,) the rule names."""
        found = np.zeros(self.data.n_items, bool)
        rows = self.data.item_ids.rows(pl.Series(rule.items, dtype=pl.String))
        found[rows[rows >= 0]] = True
        missing = [name for name, row in zip(rule.items, rows, strict=True) if row < 0]
        if missing:
            message = f"{len(missing)} of {len(rows)} items are not in the data"
            self.note(NO_ITEM, rule, message, [{"item": name} for name in missing], len(missing))
        for category in rule.categories:
            if (matrix := self.category(rule, category)) is not None:
                found |= matrix.sum(axis=1) > 0
        return found

    def category(self, rule: object, category: str) -> csr_array | None:
        """Which items have it (I, K); None for a column that is not there."""
        column, _, value = category.partition("=")
        if not self.column(rule, "items", column):
            return None
        matrix = category_matrix(self.data, category)
        if value and not matrix.sum():
            known = self.data.item_table[column].explode().drop_nulls().unique().sort().to_list()
            self.note(
                NO_VALUE, rule, f"no item has {category}{_near(value, known)}", [{column: value}]
            )
        return matrix

    def note(
        self,
        kind: FindingKind,
        rule: object,
        message: str,
        examples: list[dict[str, object]],
        count: int = 1,
    ) -> None:
        self.findings.append(kind.finding("rules", count, f"{rule}: {message}", examples))


def _near(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = get_close_matches(name, names, n=1)
    some = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    return (f". Did you mean {close[0]!r}?" if close else "") + (
        f" Known: {some}" if names else "; there is none"
    )


def resolve(
    source: RuleSet, data: Dataset, blocked: pl.DataFrame, size: int
) -> tuple[Rules, list[Finding]]:
    """Rules by row number, and every problem with what they name; with an error among them the rules are not usable.

    `blocked`: rows `item_id`, `user_id` (null: for everyone) that are blocked now. `size`: items a
    list shows.
    """
    look = _Looking(data)
    rules = Rules(
        source=source,
        blocked=Blocked.of(data, blocked),
        allow=_allow_lists(look, source.allow),
        pins=_pins(look, source, size),
        boosts=tuple(
            BoostedItems(rule, look.segment(rule), look.items(rule)) for rule in source.boost
        ),
        limits=_limits(look, source),
        diversity=source.diversity,
    )
    _check_diversity(look, source)
    _check_blocked(look, blocked)
    return rules, look.findings


def usable(
    source: RuleSet, data: Dataset, blocked: pl.DataFrame, size: int
) -> tuple[Rules | None, list[Finding]]:
    """Rules as `resolve` gives them, None where there is nothing to keep, and warnings.

    Raises ConfigError that lists every finding of severity error.
    """
    rules, found = resolve(source, data, blocked, size)
    errors = [one.text() for one in found if one.severity == "error"]
    if errors:
        raise ConfigError("\n".join(errors))
    return (None if rules.empty else rules), found


def _allow_lists(look: _Looking, entries: tuple[Allow, ...]) -> tuple[AllowList, ...]:
    """One list for each segment: entries for the same one add up."""
    lists: dict[str | None, AllowList] = {}
    for entry in entries:
        items = look.items(entry)
        if not items.any():
            look.note(NOTHING_ALLOWED, entry, "none of it is in the data", [])
        if entry.segment in lists:
            before = lists[entry.segment]
            lists[entry.segment] = replace(
                before, words=(*before.words, str(entry)), items=before.items | items
            )
        else:
            lists[entry.segment] = AllowList(
                (str(entry),), entry.segment, look.segment(entry), items
            )
    return tuple(lists.values())


def _pins(look: _Looking, source: RuleSet, size: int) -> tuple[PinnedItem, ...]:
    found = []
    for rule in sorted(source.pin, key=lambda pin: pin.rank):
        row = int(look.data.item_ids.rows(pl.Series([rule.item], dtype=pl.String))[0])
        users = look.segment(rule)
        if rule.rank > size:
            look.note(TOO_DEEP, rule, f"lists show {size} items", [{"rank": rule.rank}])
        if row < 0:
            look.note(NO_ITEM, rule, "the item is not in the data", [{"item": rule.item}])
        else:
            found.append(PinnedItem(rule, users, row))
    return tuple(found)


def _limits(look: _Looking, source: RuleSet) -> tuple[LimitedItems, ...]:
    found = []
    for rule in source.limit:
        users, values = look.segment(rule), look.category(rule, rule.category)
        if values is not None:
            found.append(LimitedItems(rule, users, values))
    return tuple(found)


def _check_diversity(look: _Looking, source: RuleSet) -> None:
    table = look.data.item_table
    has_text = "text" in table.columns and table["text"].null_count() < len(table)
    if source.diversity and not (source.diversity.by == "text" and has_text):
        look.column(source.diversity, "items", source.diversity.by)


def _check_blocked(look: _Looking, blocked: pl.DataFrame) -> None:
    unknown = blocked.filter(
        pl.Series(look.data.item_ids.rows(blocked["item_id"]) < 0, dtype=pl.Boolean)
    )
    if len(unknown):
        names = unknown["item_id"].unique().sort()
        message = f"{len(unknown)} of {len(blocked)} active rows name {len(names)} items that are not in the data"
        examples = [{"item_id": name} for name in names.head(3)]
        look.findings.append(NO_BLOCKED.finding("blocked_item", len(unknown), message, examples))
