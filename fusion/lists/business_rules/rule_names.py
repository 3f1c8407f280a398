"""Names in rules: looked up in the data, and what is missing there becomes a finding."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from fusion.core.arrays import Flags
from fusion.core.findings import Finding, FindingKind, declare
from fusion.data.categories import category_matrix
from fusion.data.dataset import Dataset
from fusion.lists.business_rules.rule_forms import Aimed, Named

MAX_NAMES = 10
"""Known names that a message lists: enough to find a typo, short enough to read."""

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
        "Correct the name, or declare the column under [data.item_features] or"
        " [data.user_features] category.",
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


@dataclass(frozen=True)
class NameKinds:
    """Findings about names that the data does not have.

    Attributes:
        table: what the findings are about.
        item: an id of no item.
        column: no category column.
        value: a category of nobody and nothing.
    """

    table: str
    item: FindingKind
    column: FindingKind
    value: FindingKind


RULE_NAMES = NameKinds("rules", NO_ITEM, NO_COLUMN, NO_VALUE)


@dataclass
class NameResolver:
    """Looks up what rules name, and notes what the data does not have.

    Attributes:
        data: items and users.
        findings: what was missing so far.
        kinds: of the findings.
    """

    data: Dataset
    findings: list[Finding] = field(default_factory=list)
    kinds: NameKinds = RULE_NAMES

    def has_item_column(self, rule: object, name: str) -> bool:
        """Tell whether the items have a category column; note it where they have not.

        Args:
            rule: who names it, for the message.
            name: of the column.

        Returns:
            Whether it is there.
        """
        return self._has_column(rule, "items", self.data.item_table, pl.List(pl.String), name)

    def _has_column(
        self, rule: object, owners: str, table: pl.DataFrame, dtype: pl.DataType, name: str
    ) -> bool:
        known = [column for column in table.columns if table.schema[column] == dtype]
        if name not in known:
            message = f"the {owners} have no category column {name!r}{_suggestion(name, known)}"
            self.note(self.kinds.column, rule, message, [{"column": name}])
        return name in known

    def users(self, rule: Aimed) -> Flags:
        """Look up the users that a rule is for.

        Args:
            rule: with a segment, or for everyone.

        Returns:
            Flags (U,).
        """
        if rule.segment is None:
            return np.ones(self.data.n_users, bool)
        column, _, value = rule.segment.partition("=")
        if not self._has_column(rule, "users", self.data.user_table, pl.String(), column):
            return np.zeros(self.data.n_users, bool)
        values = self.data.user_table[column]
        members: Flags = (values == value).fill_null(False).to_numpy()
        if not members.any():
            known = values.drop_nulls().unique().sort().to_list()
            message = f"no user has {rule.segment}{_suggestion(value, known)}"
            self.note(self.kinds.value, rule, message, [{column: value}])
        return members

    def items(self, rule: Named) -> Flags:
        """Look up the items that a rule names, one by one or by category.

        Args:
            rule: with items, categories or both.

        Returns:
            Flags (I,).
        """
        # Ids and categories add up: an item that either names is meant.
        is_named = np.zeros(self.data.n_items, bool)
        rows = self.data.item_ids.rows(pl.Series(rule.items, dtype=pl.String))
        is_known = rows >= 0
        is_named[rows[is_known]] = True
        missing = [rule.items[index] for index in np.flatnonzero(~is_known)]
        if missing:
            message = f"{len(missing)} of {len(rows)} items are not in the data"
            examples: list[dict[str, object]] = [{"item": name} for name in missing]
            self.note(self.kinds.item, rule, message, examples, len(missing))
        for category in rule.categories:
            matrix = self.category(rule, category)
            if matrix is not None:
                is_named |= matrix.sum(axis=1) > 0
        return is_named

    def category(self, rule: object, category: str) -> csr_array | None:
        """Look up the items that have a category, or each of a column's categories.

        Args:
            rule: who names it, for the message.
            category: "column=value", or a column.

        Returns:
            Matrix (I, K) of ones; None where there is no such column.
        """
        column, _, value = category.partition("=")
        if not self.has_item_column(rule, column):
            return None
        matrix = category_matrix(self.data, category)
        if value and not matrix.sum():
            values = self.data.item_table[column].explode().drop_nulls()
            known = values.unique().sort().to_list()
            message = f"no item has {category}{_suggestion(value, known)}"
            self.note(self.kinds.value, rule, message, [{column: value}])
        return matrix

    def note(
        self,
        kind: FindingKind,
        rule: object,
        message: str,
        examples: list[dict[str, object]],
        count: int = 1,
    ) -> None:
        """Add a finding about a rule.

        Args:
            kind: what is wrong.
            rule: the rule, whose text begins the message.
            message: what exactly is wrong with it.
            examples: names, of which the first few are shown.
            count: how many names are concerned.
        """
        self.findings.append(kind.finding(self.kinds.table, count, f"{rule}: {message}", examples))


def _suggestion(name: str, known: Iterable[str]) -> str:
    """Return the nearest known name and the first of all, as the end of a message."""
    names = list(known)
    if not names:
        return "; there is none"
    close = get_close_matches(name, names, n=1)
    did_you_mean = f". Did you mean {close[0]!r}?" if close else ""
    more = ", ..." if len(names) > MAX_NAMES else ""
    return f"{did_you_mean} Known: {', '.join(names[:MAX_NAMES])}{more}"
