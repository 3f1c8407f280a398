"""The contract of a source: fit once, then score any user whose history is handed over."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from fusion.core.arrays import Flags, Rows, Scores, State, block_rows, blocks
from fusion.core.progress import Progress, quiet
from fusion.core.settings import Settings
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs, TopK, best


@dataclass(frozen=True)
class FitContext:
    """How to fit, apart from what: chance, device, budgets.

    `rng`: the source's own stream; `device`: "cpu" or "cuda"; `threads`: cores to use; `max_steps`:
    training steps that a fit from nothing takes exactly, or None to find them by early stopping;
    `seconds`: safety cap; `warm`: state of an earlier cut, to begin from; `keep`: a later fit will
    begin from this one, whose state must allow it; `cache`: folder for what depends on content
    alone, such as text vectors, or None.
    """

    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    device: str = "cpu"
    threads: int = 1
    max_steps: int | None = None
    seconds: float | None = None
    warm: State | None = None
    keep: bool = False
    cache: Path | None = None
    progress: Progress = quiet


@dataclass(frozen=True)
class Allowed:
    """What may be listed: `items` (I,) bool, and whether what a user has met may come again."""

    items: Flags
    seen: bool = False

    def trim_items(self, n_items: int) -> "Allowed":
        """The same for the first `n_items` items."""
        return Allowed(self.items[:n_items], self.seen)

    def mask(self, scores: Scores, users: UserHistories) -> None:
        """Silence in place (NaN) what may not be listed, in scores (B, I) of these users."""
        scores[:, ~self.items] = np.nan
        if not self.seen:
            scores[users.owners, users.items] = np.nan


class Recommender(ABC):
    """A source. Learned attributes end in `_`; fitting forgets earlier fits; nothing is learned in the constructor.

    `scores_new_items`: it can score items that had no interaction when it was fitted; otherwise
    those are NaN. `proposes`: it adds candidates and is a feature; the random control is not.
    `needs`: what the data must have ("times", "text"), else the source leaves itself out.
    `because`: why it proposes something, in words for everyone. `slow`: fitting takes far longer
    than that of others, so that it begins first. `warms`: a fit can begin from `ctx.warm`, the
    state of an earlier cut that was fitted with `ctx.keep`; it refuses anything fitted later.
    Fitting never needs to have seen a user to score them. Scoring may be asked by two threads at
    once.
    """

    Config: ClassVar[type[Settings]]
    scores_new_items: ClassVar[bool] = False
    proposes: ClassVar[bool] = True
    slow: ClassVar[bool] = False
    supports_warm_start: ClassVar[bool] = False
    reason_text: ClassVar[str] = "a source of your own proposes it"
    needs: ClassVar[frozenset[str]] = frozenset()
    block_bytes: ClassVar[int] = 256 * 2**20
    """Memory budget of one dense block of scores."""
    config: Any

    def __init__(self, config: Any = None) -> None:
        self.config = self.Config() if config is None else config
        self.notes: dict[str, str | int | float | bool] = {}
        """What a fit wants the manifest to know: device, steps taken, caps that fired."""

    @abstractmethod
    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Learn from every interaction in `data`."""

    @abstractmethod
    def scores(self, users: UserHistories) -> Scores:
        """Scores (B, I) float32, higher is better, only their order within a user has meaning; NaN is silent."""

    @abstractmethod
    def state(self) -> State:
        """Everything learned, as named arrays."""

    @classmethod
    @abstractmethod
    def restore(cls, config: Any, state: State) -> Self:
        """The fitted source that gave this state; scores are bit-identical."""

    @abstractmethod
    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Peak memory of a fit, in bytes, told before it starts."""

    def top(self, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        """The best k allowed items of each user; ties go to the lower item row."""
        parts = []
        for part in blocks(len(users), block_rows(users.n_items, self.block_bytes)):
            block = users.block(part)
            scores = self.scores(block)
            allowed.mask(scores, block)
            parts.append(best(scores, k))
        return TopK.concat(parts, k)

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Scores (C,) of the pairs: what `scores` gives there."""
        found = np.empty(len(pairs), np.float32)
        for part in blocks(len(users), block_rows(users.n_items, self.block_bytes)):
            some = pairs.of_users(part)
            owners = pairs.owners[some] - part.start
            found[some] = self.scores(users.block(part))[owners, pairs.items[some]]
        return found

    def predict_ratings(self, users: UserHistories, pairs: Pairs) -> Scores | None:
        """The weights (C,) that the pairs would have, in the data's own unit, NaN where silent; None: it tells none."""
        return None

    def history_similarity(self, users: UserHistories, pairs: Pairs) -> Scores | None:
        """Likeness (C,) in [-1, 1] of each pair's item to the nearest of the user's newest; None: it knows none."""
        return None

    def tuning_overrides(self, data: Dataset) -> dict[str, Any]:
        """Settings under which a search on `data` is quicker and finds the same; none by default."""
        return {}

    def cache_key(self) -> str:
        """What of this machine a fit depends on beside libraries, such as the files of a model; part of a fit's key."""
        return ""

    def required(self) -> frozenset[str]:
        """What the data must have with these settings: `needs`, unless a setting asks for more."""
        return self.needs


def item_rows_with_history(data: Dataset) -> Rows:
    """Items that have at least one interaction in `data`."""
    return np.flatnonzero(data.item_counts).astype(np.int32)
