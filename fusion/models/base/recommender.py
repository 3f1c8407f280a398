"""The contract of a source: fit once, then score any user whose history is handed over."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np

from fusion.core.arrays import Scores, State, block_rows, blocks
from fusion.core.settings import Settings
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs, TopK, best
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext

SLOW_SECONDS = 50.0
"""Seconds of a slow fit on hardly any data: early stopping needs its steps there, too."""


class Recommender(ABC):
    """A source: it proposes items to users and scores them.

    Learned attributes end in `_`; a fit forgets earlier fits. A user can be scored whom no fit has
    seen: all that a source may know of them is the history handed over. Scoring changes nothing
    in the source, since two threads may ask at once.
    """

    Config: ClassVar[type[Settings]]
    """Settings of the source; tuning searches the fields declared by `tunable`."""
    scores_new_items: ClassVar[bool] = False
    """Whether items without interactions in the fit get scores; otherwise theirs are NaN."""
    proposes: ClassVar[bool] = True
    """Whether it adds candidates and is a feature of the ranker; `random` does neither."""
    slow: ClassVar[bool] = False
    """Whether a fit takes far longer than those of other sources, so that it should begin first."""
    supports_warm_start: ClassVar[bool] = False
    """Whether a fit can begin from `ctx.warm`; it refuses a later state with ValueError."""
    reason_text: ClassVar[str] = ""
    """Why it proposes an item, as what follows "because"; "": explanations name the source."""
    needs: ClassVar[frozenset[str]] = frozenset()
    """Capabilities of the data without which the source is left out, such as "times" or "texts"."""
    extra: ClassVar[str] = ""
    """Extra of this package without which one of its own sources is left out, such as "neural"."""
    block_bytes: ClassVar[int] = 256 * 2**20
    """Memory budget of one dense block of scores; more users than fit are scored in parts."""
    config: Any
    """The settings, an instance of `Config`."""

    def __init__(self, config: Any = None) -> None:
        """Keep the settings, an instance of `Config`; None: its defaults."""
        self.config = self.Config() if config is None else config
        self.notes: dict[str, str | int | float | bool] = {}
        """What a fit reports to the manifest: device, steps taken, caps that fired."""

    @abstractmethod
    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Learn from every interaction in the data.

        Args:
            data: all that the fold knows; its arrays must be left as they are.
            ctx: randomness, device and budgets.

        Returns:
            The source itself.
        """

    @abstractmethod
    def scores(self, users: UserHistories) -> Scores:
        """Score every item for every user.

        Args:
            users: B users with the histories to score from.

        Returns:
            (B, I) float32, higher is better, NaN where the source is silent. The ranker reads
            ranks and z-scores of a row, which never depends on other users of the block.
        """

    @abstractmethod
    def state(self) -> State:
        """Return everything learned, as named arrays."""

    @classmethod
    @abstractmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Make the fitted source from its state.

        Args:
            config: the settings that it was fitted with.
            state: what `state` returned.

        Returns:
            A source with scores bit-identical to those of the one that gave the state.
        """

    @abstractmethod
    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit, before it starts.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes; over the budget the source is left out.
        """

    def fit_cost(self, n_users: int, n_items: int, n_events: int) -> float:
        """Estimate what a fit costs, before it starts: what a source must be worth follows from it.

        Of sizes and settings alone, never of a clock, so that every machine decides alike.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Seconds of one core, about; by default those of counting, or of many passes if `slow`.
        """
        if self.slow:
            return SLOW_SECONDS + 100e-6 * n_events
        return 1e-6 * (5 * n_events + 20 * (n_users + n_items))

    def top(self, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        """Return the k best allowed items of each user.

        Args:
            users: B users with their histories.
            k: places of a list.
            allowed: items that may be listed.

        Returns:
            Items and scores (B, k); ties go to the lower item row, -1 and NaN past the end.
        """
        parts = []
        for part in blocks(len(users), block_rows(users.n_items, self.block_bytes)):
            block = users.block(part)
            scores = self.scores(block)
            allowed.mask(scores, block)
            parts.append(best(scores, k))
        return TopK.concat(parts, k)

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Score some (user, item) pairs only.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            (C,) float32, equal to `scores` at the pairs to the last bit.
        """
        pair_scores = np.empty(len(pairs), np.float32)
        for part in blocks(len(users), block_rows(users.n_items, self.block_bytes)):
            in_block = pairs.of_users(part)
            owners = pairs.owners[in_block] - part.start
            block_scores = self.scores(users.block(part))
            # One look-up for all pairs of the block.
            pair_scores[in_block] = block_scores[owners, pairs.items[in_block]]
        return pair_scores

    def predict_ratings(self, users: UserHistories, pairs: Pairs) -> Scores | None:
        """Predict the weights that pairs would have.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            (C,) float32 in the data's own unit, NaN where silent; None (the default): it predicts
            no weights.
        """
        return None

    def history_similarity(self, users: UserHistories, pairs: Pairs) -> Scores | None:
        """Compare each pair's item with the most similar of the user's newest items.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            (C,) float32 in [-1, 1], NaN where silent; None (the default) where it knows none.
        """
        return None

    def tuning_overrides(self, data: Dataset) -> dict[str, Any]:
        """Return settings under which a search is quicker and finds the same.

        Args:
            data: what the trials are fitted on.

        Returns:
            Settings by name; none by default.
        """
        return {}

    def cache_key(self) -> str:
        """Identify what a fit reads besides data, settings and libraries, such as a model's files.

        It is a part of the key of a stored fit, so that fits from other files are other fits.
        """
        return ""

    def required_extra(self) -> str:
        """Return the extra that a fit needs: `extra`, unless a setting asks for another."""
        return self.extra

    def required(self) -> frozenset[str]:
        """Return what the data must offer: `needs`, unless a setting asks for more."""
        return self.needs
