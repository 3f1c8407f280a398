"""Reasons for items that are listed from attributes: the attribute that speaks most for each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from fusion.core.arrays import Rows
from fusion.data.ranked_lists import RankedLists
from fusion.lists.business_rules.compiled_rules import BOOSTED, PINNED
from fusion.lists.cold_users.attributes import VECTORS
from fusion.lists.cold_users.map_lists import MapBlock
from fusion.lists.cold_users.query_likeness import QueryLikeness
from fusion.lists.cold_users.taste_map import MapSettings, TasteMap
from fusion.lists.explain import SCHEMA, Explainer
from fusion.lists.reasons import BACKFILLED, MOVED_UP, PUT_HERE
from fusion.models.popularity import Popularity
from fusion.ranking.features.query_columns import ALIKE

OF_VALUE = "people with {column} = {value} like it more than others"
OF_NUMBER = "people of a similar {column} like it more than others"
OF_VECTORS = "people with like {name} like it more than others"


@dataclass(frozen=True)
class MapReasons:
    """Puts into words why items are listed from attributes.

    Attributes:
        taste: the map that ordered them.
        settings: how far attributes and queries are believed.
        likeness: of items to what users wrote.
    """

    taste: TasteMap
    settings: MapSettings
    likeness: QueryLikeness

    def add(
        self, explainer: Explainer, block: MapBlock, lists: RankedLists, marks: Rows | None
    ) -> None:
        """Explain the shown items of the users whom the explainer draws.

        Args:
            explainer: takes the rows.
            block: candidates of B users.
            lists: finished lists (B, size) of the same users.
            marks: what put each item there (B, size), as `Rules.marks` says; None without rules.
        """
        drawn = np.flatnonzero(explainer.draws(lists.users)).tolist()
        explainer.explained += len(drawn)
        rows = [
            row
            for at in drawn
            for row in self._of_user(block, lists, None if marks is None else marks[at], at)
        ]
        none = [None] * len(rows)
        columns: dict[str, list[Any]] = dict.fromkeys(SCHEMA, none)
        for name, column in zip(("user", "item", "reason"), zip(*rows, strict=True), strict=False):
            columns[name] = list(column)
        explainer.rows.append(pl.DataFrame(columns, schema_overrides=SCHEMA))

    def _of_user(
        self, block: MapBlock, lists: RankedLists, marks: Rows | None, at: int
    ) -> Iterator[tuple[int, int, str]]:
        """Yield user, item and reason of each shown item of the user at a place of the block."""
        user = int(lists.users[at])
        items = lists.items[at]
        items = items[items >= 0]
        is_candidate = block.candidates.positions(np.full(len(items), at), items) >= 0
        words = self._words(user, items[is_candidate])
        for place, item in enumerate(items.tolist()):
            if marks is not None and marks[place] == PINNED:
                yield user, item, PUT_HERE
            elif marks is not None and marks[place] == BOOSTED:
                yield user, item, MOVED_UP
            else:
                yield user, item, words.get(item, BACKFILLED)

    def _words(self, user: int, items: Rows) -> Mapping[int, str]:
        """Say of each candidate (n,) which attribute or query speaks most for it, by item."""
        words = dict.fromkeys(items.tolist(), Popularity.reason_text)
        lifts = self.likeness.lifts(np.array([user], np.int32), self.settings.queries)[0]
        for item in items[np.broadcast_to(lifts, self.taste.popularity.everyone.shape)[items] > 1]:
            words[int(item)] = ALIKE
        if not self.taste.attributes.names:
            return words
        weighed = items[np.isin(items, self.taste.items)]
        parts = self.taste.contributions(user, weighed, self.settings.reg)
        names = self.taste.attributes.names
        columns = np.array(self.taste.attributes.columns)
        by_name = np.stack([parts[:, columns == name].sum(axis=1) for name in names], axis=1)
        for item, gains in zip(weighed.tolist(), by_name, strict=True):
            strongest = int(gains.argmax())
            # Where attributes speak against it, it is listed since everyone takes it. What somebody
            # wrote is what they are after now, whoever they are.
            if words[item] != ALIKE and gains.sum() > 0 and gains[strongest] > 0:
                words[item] = self._sentence(user, names[strongest])
        return words

    def _sentence(self, user: int, name: str) -> str:
        known = self.taste.popularity.known
        of_vectors = {VECTORS.format(vectors): vectors for vectors in known.user_vectors}
        if name in of_vectors:
            return OF_VECTORS.format(name=of_vectors[name])
        cells = known.user_table[name]
        if cells.dtype.is_numeric() or cells[user] is None:
            return OF_NUMBER.format(column=name)
        return OF_VALUE.format(column=name, value=cells[user])
