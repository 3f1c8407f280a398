"""Fitted sources under their configured names; only here are items newer than a fit handled."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from fusion.core.arrays import Flags, Scores, State, offsets
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs, TopK
from fusion.errors import SourceFailed
from fusion.isolation.failure import what_happened
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.recommender import Recommender
from fusion.models.foreign.source import ForeignSource


@dataclass(frozen=True)
class FittedSource:
    """A fitted source that answers for any catalogue; items newer than its fit are NaN.

    Attributes:
        name: name of the source in the configuration.
        model: the fitted recommender.
        n_items: items that the fit knew; rows from `n_items` on came later.
        k: candidates that the source proposes to each user.
        new_items: (n_items,) items without interactions in the fit of which it proposes `k_new`
            more; None where it proposes none beside its best k.
        k_new: that number.
    """

    name: str
    model: Recommender
    n_items: int
    k: int
    new_items: Flags | None = None
    k_new: int = 0

    def restored(self, state: State) -> "FittedSource":
        """Return the source with what a fit of the same settings learned.

        Args:
            state: of that fit.

        Raises:
            SourceFailed: its code cannot restore it.
        """
        with self.attribute_errors():
            return replace(self, model=type(self.model).restore(self.model.config, state))

    @property
    def proposes(self) -> bool:
        """Tell whether the source adds candidates and is a feature."""
        return self.model.proposes

    def top(self, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        """Return the k best allowed items of each user.

        Args:
            users: B users with histories over today's catalogue.
            k: places of a list.
            allowed: items of today's catalogue that may be listed.

        Returns:
            Items and scores (B, k), only of items that the fit knew.

        Raises:
            SourceFailed: the source raised anything at all.
        """
        with self.attribute_errors():
            known_users = users.trim_items(self.n_items)
            return self.model.top(known_users, k, allowed.trim_items(self.n_items))

    def proposals(self, users: UserHistories, allowed: Allowed) -> TopK:
        """Return the candidates that the source proposes to each user.

        Its best new items stand behind its best k: among thousands of items that people are known
        to take, few new ones would come that far, and what is no candidate cannot be learned.

        Args:
            users: B users with histories over today's catalogue.
            allowed: items of today's catalogue that may be listed.

        Returns:
            Items and scores (B, k + k_new), each item once a user, -1 where there are no more.

        Raises:
            SourceFailed: the source raised anything at all.
        """
        best = self.top(users, self.k, allowed)
        if self.new_items is None:
            return best
        items = allowed.items.copy()
        items[: self.n_items] &= self.new_items
        items[self.n_items :] = False
        new = self.top(users, self.k_new, Allowed(items, allowed.seen))
        is_twice = (new.items[:, :, None] == best.items[:, None, :]).any(axis=2)
        further = np.where(is_twice, -1, new.items)
        scores = np.where(further < 0, np.nan, new.scores).astype(np.float32)
        return TopK(
            np.concatenate([best.items, further], axis=1),
            np.concatenate([best.scores, scores], axis=1),
        )

    def interrupt(self) -> None:
        """End the process of a package's source, in which it may be at work; ours have none."""
        if isinstance(self.model, ForeignSource):
            self.model.process.interrupt()

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Score pairs of users and items.

        Args:
            users: B users with histories over today's catalogue.
            pairs: C pairs of these users.

        Returns:
            (C,) float32; NaN for new items and for scores that are not finite.

        Raises:
            SourceFailed: the source raised anything at all.
        """
        scores = self._ask_about_known(users, pairs, self.model.score_pairs)
        # Unlike the two below, every source answers this one.
        assert scores is not None
        return scores

    def predict_ratings(self, users: UserHistories, pairs: Pairs) -> Scores | None:
        """Predict the weights of pairs.

        Args:
            users: B users with histories over today's catalogue.
            pairs: C pairs of these users.

        Returns:
            (C,) float32, NaN where not finite; None where the source predicts no weights.

        Raises:
            SourceFailed: the source raised anything at all.
        """
        return self._ask_about_known(users, pairs, self.model.predict_ratings)

    def history_similarity(self, users: UserHistories, pairs: Pairs) -> Scores | None:
        """Compare the items of pairs with the users' newest items.

        Args:
            users: B users with histories over today's catalogue.
            pairs: C pairs of these users.

        Returns:
            (C,) float32, NaN where not finite; None where the source knows no similarity.

        Raises:
            SourceFailed: the source raised anything at all.
        """
        return self._ask_about_known(users, pairs, self.model.history_similarity)

    def _ask_about_known(
        self,
        users: UserHistories,
        pairs: Pairs,
        ask: Callable[[UserHistories, Pairs], Scores | None],
    ) -> Scores | None:
        """Ask the source about pairs (C,) with items that it was fitted with; else NaN."""
        known = pairs.items < self.n_items
        counts = np.bincount(pairs.owners[known], minlength=len(users))
        known_pairs = Pairs(offsets(counts), pairs.items[known])
        answers = np.full(len(pairs), np.nan, np.float32)
        with self.attribute_errors():
            known_answers = ask(users.trim_items(self.n_items), known_pairs)
            if known_answers is None:
                return None
            # Inside the block: an answer of the wrong shape is the source's fault too.
            answers[known] = known_answers
        # An infinite score would win every list.
        answers[~np.isfinite(answers)] = np.nan
        return answers

    @contextmanager
    def attribute_errors(self) -> Iterator[None]:
        """Raise whatever goes wrong inside as the failure of this source.

        A source may be somebody else's code, which can die of anything.

        Raises:
            SourceFailed: anything was raised inside.
        """
        try:
            yield
        except Exception as failure:
            raise SourceFailed(self.name, what_happened(failure)) from failure


def fit_items(model: Recommender, data: Dataset) -> int:
    """Return how many items a source is fitted with.

    Items are numbered by first appearance, so a fit is not touched by what the catalogue gains
    later.

    Args:
        model: the source, fitted or not.
        data: what the fold knows.

    Returns:
        The whole catalogue for a source that scores new items and for a fold without events;
        else only the items that have appeared by now.
    """
    if model.scores_new_items or not len(data):
        return data.n_items
    return int(data.items.max()) + 1


def fit(name: str, model: Recommender, data: Dataset, k: int, ctx: FitContext) -> FittedSource:
    """Fit a source on the known interactions of a fold.

    Args:
        name: name of the source in the configuration.
        model: the source, unfitted.
        data: what the fold knows.
        k: candidates that the source will propose to each user.
        ctx: randomness, device and budgets.

    Returns:
        The fitted source.
    """
    n_items = fit_items(model, data)
    fitted = model.fit(data.trim_items(n_items), ctx)
    return FittedSource(name, fitted, n_items, k)
