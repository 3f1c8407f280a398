"""Lists of cold users from attributes, block by block, and the reasons for their items."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from fusion.core.arrays import Rows, Scores
from fusion.data.segments import ROUTES
from fusion.data.topk import Pairs, best
from fusion.lists.builder import user_groups
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.cold_users.attributes import UserAttributes, user_attributes
from fusion.lists.cold_users.query_likeness import QueryLikeness
from fusion.lists.cold_users.taste_map import MapSettings, TasteMap, scored_blocks
from fusion.models.base.allowed import Allowed
from fusion.ranking.candidates import Candidates
from fusion.runs.context import RunContext


def described_users(
    attributes: UserAttributes, likeness: QueryLikeness, users: Rows, routes: Rows
) -> Rows:
    """Return the users without an interaction of whom the users file or a query says something.

    Args:
        attributes: of all users.
        likeness: of items to what users wrote.
        users: to serve (n,).
        routes: of each (n,), an index into ROUTES.
    """
    cold = users[routes == ROUTES.index("cold")]
    return cold[attributes.has_any[cold] | likeness.wrote(cold)]


@dataclass(frozen=True)
class MapBlock:
    """Candidates of a block of cold users, on their way to lists.

    Attributes:
        allowed: what these users may be shown.
        candidates: the best C items by the map; no source proposes any.
        scores: of them (C,).
    """

    allowed: Allowed
    candidates: Candidates
    scores: Scores


@dataclass(frozen=True)
class MapLists:
    """Makes the lists of cold users.

    Attributes:
        context: data, folds and settings.
        taste: the map, fitted on all that is known.
        settings: how far attributes are believed.
        users: who gets such a list (n,).
        likeness: of items to what they wrote.
    """

    context: RunContext
    taste: TasteMap
    settings: MapSettings
    users: Rows
    likeness: QueryLikeness

    @classmethod
    def of(cls, context: RunContext, users: Rows, routes: Rows, settings: MapSettings) -> Self:
        """Fit the map for the users to serve.

        Args:
            context: data, folds and settings.
            users: to serve (n,).
            routes: of each (n,), an index into ROUTES.
            settings: how far attributes are believed.
        """
        attributes, serving = user_attributes(context.data), context.plan.serving
        taste, likeness = TasteMap.fit(serving.known, attributes), QueryLikeness.of(serving)
        described = described_users(attributes, likeness, users, routes)
        return cls(context, taste, settings, described, likeness)

    def blocks(self, rules: Rules | None, depth: int) -> Iterator[MapBlock]:
        """Score items for users, group by group of what they may be shown.

        Args:
            rules: what lists follow; None without rules.
            depth: items that lists are chosen from.

        Yields:
            The best items of some users.
        """
        fold = self.context.plan.serving
        for group, allowed in user_groups(self.context, self.users, rules):
            for places, scores in scored_blocks(self.taste, group, self.settings, self.likeness):
                users = group[places]
                scores[:, ~allowed.items] = np.nan
                top = best(scores, depth)
                pairs = Pairs.from_lists(top.items)
                histories = fold.known.users_at(users, fold.as_of[users])
                none = np.empty((len(pairs), 0), np.float32)
                candidates = Candidates(histories, (), pairs, none, none, {}, {})
                yield MapBlock(allowed, candidates, scores[pairs.owners, pairs.items])
