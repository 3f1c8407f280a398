"""Lists of users whose whole history is hidden: part by part, from the others' interactions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fusion.core.arrays import Flags, Rows
from fusion.data.dataset import Dataset
from fusion.data.id_map import IdMap, draws
from fusion.data.segments import user_segments
from fusion.data.splitting.fold import Fold
from fusion.data.topk import best
from fusion.evaluation.cold_users.defaults import DEFAULTS
from fusion.evaluation.segments import CUTOFFS
from fusion.lists.business_rules.list_segments import ALL
from fusion.lists.cold_users.attributes import UserAttributes
from fusion.lists.cold_users.query_likeness import QueryLikeness
from fusion.lists.cold_users.taste_map import MapSettings, TasteMap, scored_blocks
from fusion.lists.fallback.segment_lists import assign_segment_lists, fallback_lists
from fusion.runs.context import RunContext

DEPTH = max(CUTOFFS)
"""Places of a list that is judged."""
STREAM = "cold users"
"""Of the draw by which users are cut into parts."""


@dataclass(frozen=True)
class HiddenUsers:
    """Users who are hidden in turn.

    Attributes:
        context: data, folds and settings.
        attributes: of all users.
        part_of: part (U,) of each, by a hash of their id.
        fit: makes the map; benchmarks compare others with it.
    """

    context: RunContext
    attributes: UserAttributes
    part_of: Rows
    fit: Callable[[Dataset, UserAttributes], TasteMap] = TasteMap.fit

    @classmethod
    def of(cls, context: RunContext, attributes: UserAttributes) -> "HiddenUsers":
        """Cut users into parts.

        Args:
            context: data, folds and settings.
            attributes: of all users.
        """
        drawn = draws(context.data.user_ids, context.config.seed, STREAM)
        return cls(context, attributes, (drawn * DEFAULTS.parts).astype(np.int32))

    def judged(self, fold: Fold, most: int) -> Rows:
        """Return users with a label, and with attributes or something that they wrote before.

        Args:
            fold: with labels.
            most: of more than so many, those with the lowest hash stay.

        Returns:
            Rows (n,), ascending.
        """
        rows = fold.label_rows
        users = rows[self.attributes.has_any[rows] | QueryLikeness.of(fold).wrote(rows)]
        ids = IdMap(self.context.data.user_ids.texts(users))
        drawn = draws(ids, self.context.config.seed, "judged")
        return np.sort(users[np.argsort(drawn, kind="stable")[:most]])

    def without(self, fold: Fold, part: int) -> Fold:
        """Take all interactions of a part's users out of what a fold knows.

        Args:
            fold: any.
            part: number of the part.

        Returns:
            The fold, with the same labels.
        """
        is_hidden = self.part_of == part
        return replace(fold, known=fold.known.take(~is_hidden[fold.known.users]))

    def by_part(self, fold: Fold, users: Rows) -> Iterator[tuple[int, Flags, Fold]]:
        """Go through the parts that have users.

        Args:
            fold: with labels.
            users: rows (n,).

        Yields:
            Number of the part, who of `users` is in it (n,), and the fold without them.
        """
        for part in range(DEFAULTS.parts):
            members = self.part_of[users] == part
            if members.any():
                yield part, members, self.without(fold, part)

    def map_lists(
        self, fold: Fold, users: Rows, settings_of: Sequence[Sequence[MapSettings]]
    ) -> Rows:
        """List items from attributes.

        Args:
            fold: with labels.
            users: rows (n,).
            settings_of: by part, settings (S,) to make a list with each.

        Returns:
            Items (S, n, DEPTH), -1 past the end of a list.
        """
        lists = np.full((len(settings_of[0]), len(users), DEPTH), -1, np.int32)
        allowed = self.context.allowed(fold.cut).items
        likeness = QueryLikeness.of(fold)
        for part, members, without in self.by_part(fold, users):
            taste = self.fit(without.known, self.attributes)
            place = np.flatnonzero(members)
            for index, settings in enumerate(settings_of[part]):
                for at, scores in scored_blocks(taste, users[members], settings, likeness):
                    scores[:, ~allowed] = np.nan
                    lists[index, place[at]] = best(scores, DEPTH).items
        return lists

    def fallback(self, fold: Fold, users: Rows) -> tuple[Rows, Rows]:
        """List what would serve them without attributes, made of the same interactions.

        Args:
            fold: with labels.
            users: rows (n,).

        Returns:
            Items (n, DEPTH) of their segments' fallback, and of that of all.
        """
        own = np.full((len(users), DEPTH), -1, np.int32)
        everyone = own.copy()
        for _, members, without in self.by_part(fold, users):
            lists = fallback_lists(self.context, without)
            segments = user_segments(self.context.data).gather(users[members]).fill_null(ALL)
            own[members] = assign_segment_lists(lists, segments, DEPTH)
            of_all = lists.filter(lists["segment"] == ALL)
            everyone[members] = assign_segment_lists(of_all, segments, DEPTH)
        return own, everyone
