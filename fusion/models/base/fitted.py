"""`FittedSource`: a source by its configured name, and the one place that handles items newer than its fit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Scores, offsets
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs, TopK
from fusion.errors import SourceFailed
from fusion.models.base.recommender import Allowed, FitContext, Recommender


@dataclass(frozen=True)
class FittedSource:
    """A fitted source that answers for any catalogue: items numbered `n_items` and up are silent (NaN)."""

    name: str
    model: Recommender
    n_items: int
    k: int

    @property
    def proposes(self) -> bool:
        """Whether it adds candidates and is a feature."""
        return self.model.proposes

    def top(self, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        """The best k allowed items of each user; SourceFailed when the source dies of it."""
        with self.attribute_errors():
            return self.model.top(
                users.trim_items(self.n_items), k, allowed.trim_items(self.n_items)
            )

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Scores (C,) of the pairs, NaN for what is not finite; SourceFailed when the source dies of it."""
        found = self._told(users, pairs, self.model.score_pairs)
        assert found is not None
        return found

    def predict_ratings(self, users: UserHistories, pairs: Pairs) -> Scores | None:
        """Weights (C,) told of the pairs, NaN for what is not finite; None where the source tells none."""
        return self._told(users, pairs, self.model.predict_ratings)

    def history_similarity(self, users: UserHistories, pairs: Pairs) -> Scores | None:
        """Likeness (C,) of the pairs' items to what the user took, NaN for what is not finite; None: it knows none."""
        return self._told(users, pairs, self.model.history_similarity)

    def _told(
        self,
        users: UserHistories,
        pairs: Pairs,
        ask: Callable[[UserHistories, Pairs], Scores | None],
    ) -> Scores | None:
        """What the source answers about those of the pairs whose items it was fitted with."""
        old = pairs.items < self.n_items
        counts = np.bincount(pairs.owners[old], minlength=len(users))
        known = Pairs(offsets(counts), pairs.items[old])
        found = np.full(len(pairs), np.nan, np.float32)
        with self.attribute_errors():
            told = ask(users.trim_items(self.n_items), known)
            if told is None:
                return None
            found[old] = told
        found[~np.isfinite(found)] = np.nan
        return found

    @contextmanager
    def attribute_errors(self) -> Iterator[None]:
        """Raise whatever goes wrong as SourceFailed: a source is foreign code and may die of anything."""
        try:
            yield
        except Exception as failure:
            raise SourceFailed(self.name, f"{type(failure).__name__}: {failure}") from failure


def fit_items(model: Recommender, data: Dataset) -> int:
    """How many items a source is fitted with: the whole catalogue if it scores new items, else those known by now.

    Items are numbered by first appearance, so a fit is not touched by what the catalogue gains
    later.
    """
    if model.scores_new_items or not len(data):
        return data.n_items
    return int(data.items.max()) + 1


def fit(name: str, model: Recommender, data: Dataset, k: int, ctx: FitContext) -> FittedSource:
    """Fit a source on the known interactions of a fold."""
    n_items = fit_items(model, data)
    return FittedSource(name, model.fit(data.trim_items(n_items), ctx), n_items, k)
