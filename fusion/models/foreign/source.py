"""A package's source as the training sees it: a recommender that asks another process."""

import shutil
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, Self
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Scores, State
from fusion.core.progress import Progress, quiet
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.on_disk.dataset_folder import write_dataset
from fusion.data.topk import Pairs, TopK
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.recommender import Recommender
from fusion.models.foreign.answers import check_answers, check_lists
from fusion.models.foreign.description import SourceDescription
from fusion.models.foreign.files import read_arrays, write_question
from fusion.models.foreign.processes import SourceProcess

STATE = "state.npz"
"""File of what a fit learned, in the folder of the model."""


class ForeignSource(Recommender):
    """A source of a package. Each has a class of its own, which `source_model` makes.

    Whatever its code does is `WorkFailed` here, and what it answers is checked.
    """

    description: ClassVar[SourceDescription]
    process: ClassVar[SourceProcess]
    given: ClassVar[Mapping[str, Any]]
    """Settings as the configuration gives them, plain values."""

    def _call(self, function: str, progress: Progress = quiet, **more: Any) -> Any:
        return self.process.call(function, self.given, progress, **more)

    def _own_folder(self) -> Path:
        """Make a folder that goes when this model does."""
        folder = self.process.new_folder()
        finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Fit it there.

        Args:
            data: all that the fold knows.
            ctx: randomness, device and budgets.

        Returns:
            The source itself.
        """
        folder = self._own_folder()
        if ctx.warm is not None:
            np.savez(folder / "warm.npz", allow_pickle=False, **ctx.warm)
        context = {
            "rng": ctx.rng.bit_generator.state,
            "device": ctx.device,
            "threads": ctx.threads,
            "max_steps": ctx.max_steps,
            "seconds": ctx.seconds,
            "keep": ctx.keep,
            "cache": str(ctx.cache.absolute()) if ctx.cache else None,
        }
        write_dataset(folder, data)
        notes = self._call("fit", ctx.progress, folder=str(folder), context=context)
        self.notes = dict(notes)
        self._state_file = folder / STATE
        for file in folder.iterdir():
            if file != self._state_file:
                file.unlink()
        return self

    def state(self) -> State:
        """Return everything learned, as the other process wrote it."""
        return read_arrays(self._state_file)

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Make the fitted source there.

        Args:
            config: the settings, which the class has already.
            state: what `state` returned.

        Returns:
            The fitted source.
        """
        model = cls(config)
        model._state_file = model._own_folder() / STATE
        np.savez(model._state_file, allow_pickle=False, **state)
        model._call("restore", state=str(model._state_file))
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Ask for the peak memory of a fit.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes, or whatever number it gives.
        """
        return self._call("memory_bytes", n_users=n_users, n_items=n_items, n_events=n_events)

    def fit_cost(self, n_users: int, n_items: int, n_events: int) -> float:
        """Ask for the cost of a fit.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Seconds of one core, or whatever number it gives.
        """
        return self._call("fit_cost", n_users=n_users, n_items=n_items, n_events=n_events)

    def scores(self, users: UserHistories) -> Scores:
        """Score every item for every user.

        Args:
            users: B users with the histories to score from.

        Returns:
            (B, I) float32, NaN where the source is silent.
        """
        n_users, n_items = len(users), users.n_items
        every = np.tile(np.arange(n_items, dtype=np.int32), n_users)
        pairs = Pairs(np.arange(n_users + 1, dtype=np.int64) * n_items, every)
        return self.score_pairs(users, pairs).reshape(n_users, n_items)

    def top(self, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        """Return the k best allowed items of each user.

        Args:
            users: B users with their histories.
            k: places of a list.
            allowed: items that may be listed.

        Returns:
            Items and scores (B, k), only of what is allowed.
        """
        more = {"k": k, "seen": allowed.seen}
        answer = self._ask("top", users, {"allowed": allowed.items}, more)
        assert answer is not None
        return check_lists(answer, users, k, allowed)

    def score_pairs(self, users: UserHistories, pairs: Pairs) -> Scores:
        """Score some pairs only.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            (C,) float32.
        """
        scores = self._about_pairs("score_pairs", users, pairs)
        if scores is None:
            raise TypeError("score_pairs returned None")
        return scores

    def predict_ratings(self, users: UserHistories, pairs: Pairs) -> Scores | None:
        """Predict the weights of pairs, where it does that.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            (C,) float32; None: it predicts no weights.
        """
        if not self.description.predicts_ratings:
            return None
        return self._about_pairs("predict_ratings", users, pairs)

    def history_similarity(self, users: UserHistories, pairs: Pairs) -> Scores | None:
        """Compare items of pairs with the users' newest items, where it does that.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            (C,) float32; None: it knows no similarity.
        """
        if not self.description.compares_items:
            return None
        return self._about_pairs("history_similarity", users, pairs)

    def tuning_overrides(self, data: Dataset) -> dict[str, Any]:
        """Ask for settings under which a search is quicker.

        Args:
            data: what the trials are fitted on.

        Returns:
            Settings by name.
        """
        if not self.description.overrides_tuning:
            return {}
        folder = self._own_folder()
        write_dataset(folder, data)
        return dict(self._call("tuning_overrides", folder=str(folder)))

    def cache_key(self) -> str:
        """Identify what its fits read besides data, settings and libraries."""
        return self.description.cache_key

    def required(self) -> frozenset[str]:
        """Return what the data must offer."""
        return frozenset(self.description.required)

    def _about_pairs(self, method: str, users: UserHistories, pairs: Pairs) -> Scores | None:
        """Ask a method about pairs (C,); None where it answers None."""
        arrays = {field.name: getattr(pairs, field.name) for field in fields(pairs)}
        answer = self._ask("about_pairs", users, arrays, {"method": method})
        return None if answer is None else check_answers(answer, len(pairs))

    def _ask(
        self,
        function: str,
        users: UserHistories,
        arrays: Mapping[str, NDArray[Any] | Flags],
        more: Mapping[str, Any],
    ) -> State | None:
        """Ask about a block of users; the arrays that answer, or None where it has none."""
        folder = self.process.new_folder()
        try:
            file = folder / "question.npz"
            plain = write_question(file, users, arrays)
            state, question = str(self._state_file), str(file)
            answered = self._call(function, state=state, question=question, more={**plain, **more})
            return None if answered is False else read_arrays(file)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
