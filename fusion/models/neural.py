"""Neural: two towers, a GRU over the user's newest items against the item's id and text."""

from typing import Any, Self

import numpy as np
from scipy.special import expit

from fusion.core.arrays import Flags, Rows, Scores, State, blocks, offsets
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs
from fusion.models.base.factor_model import FactorModel
from fusion.models.base.fit_context import FitContext
from fusion.models.base.history_matrix import item_rows_with_history
from fusion.models.base.registry import register
from fusion.models.base.weight_range import WeightRange
from fusion.models.nn.settings import NeuralConfig
from fusion.models.nn.two_tower_warm_start import WarmState, begin, keep
from fusion.models.nn.windows import BUCKET, Windows
from fusion.models.text.encoder_choice import Note, encoder_identity
from fusion.models.text.encoders import encode_items

BATCH = 64
"""Users of every batch when scoring. A float depends on the shape that it is computed in, so
batches always have this size, and lengths in steps of BUCKET."""
SEQUENCE = "sequence "
"""Beginning of the names of the GRU's weights in the state."""
KEPT = "warm "
"""Beginning of the names of what only a later fit needs in the state."""


@register("neural")
class Neural(FactorModel):
    """Two towers with P = σ(⟨u, v⟩).

    u is the state of a GRU over the user's newest items, v an item's id embedding plus its
    projected text vector. Trained to tell the next item of a sequence from a shared sample of
    others (softmax loss, logQ correction). σ keeps the order of a user's items, so scores are
    ⟨u, v⟩. Items without history are scored by their text alone, and are silent without one. The
    data needs neither text nor times, only an order.

    With `loss = "mse"` P is trained by squared error to be the weight of the next item, scaled to
    the range of weights in the fit; the GRU then reads weights beside items, and a user's items
    are in the order of their expected weights.

    Without `ctx.max_steps` the number of steps is found on held-out tails, and then taken on
    everything. A warm fit goes on from the earlier towers with the last of these steps, a share as
    large as that of new events, a quarter at least. Notes: `steps` the model was trained in this
    fit, `capped` whether the seconds cap fired, `capped_at` which step, `device`, `encoder` and
    why; in a warm fit `steps_from_nothing` and the share `new_events`.
    """

    Config = NeuralConfig
    scores_new_items = True
    slow = True
    extra = "neural"
    supports_warm_start = True
    reason_text = "people with a similar sequence took it next"

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Encode texts, find the number of steps if none is given, and train that many.

        Args:
            data: all that the fold knows.
            ctx: randomness, device, budgets, and the state to begin from.

        Returns:
            The source itself.

        Raises:
            ValueError: `ctx.warm` was fitted later than the data.
        """
        from fusion.models.nn.two_tower_fit import Histories, fit_two_tower  # noqa: PLC0415  torch

        self.range_ = WeightRange.of(data.weights)
        order, borders = data.by_user
        known = item_rows_with_history(data)
        if not (np.diff(borders) > 1).any():
            return self._silent()
        has_text, texts, note = self._centered_texts(data, ctx)
        known_texts = None if texts is None else texts[known]
        events = np.searchsorted(known, data.items[order]).astype(np.int32)
        weights = self.range_.to_unit(data.weights[order]) if self._predicts_weights else None
        begun = self._warm_state(ctx.warm, known, len(data))
        histories = Histories(events, borders, known_texts, len(known), weights)
        fitted = fit_two_tower(histories, self.config, ctx, begun)
        vectors = np.zeros((data.n_items, self.config.size), np.float32)
        if texts is not None and fitted.meaning is not None:
            vectors = texts @ fitted.meaning.T
        vectors[known] += fitted.ids
        self.items_ = np.flatnonzero((data.item_counts > 0) | has_text).astype(np.int32)
        self.vectors_ = vectors[self.items_]  # (items with history or text, size)
        self.sequence_ = fitted.sequence
        self.kept_ = keep(known, fitted.ids, fitted.meaning, len(data)) if ctx.keep else {}
        self.notes = {**note, **fitted.notes}
        return self

    def _warm_state(self, warm: State | None, known: Rows, n_events: int) -> WarmState | None:
        """Translate an earlier fit's state to the items `known` (K,); None where it is empty."""
        earlier = None if warm is None else self.restore(self.config, warm)
        if earlier is None or not earlier.sequence_:
            return None
        return begin(earlier.kept_, earlier.sequence_, known, n_events)

    @property
    def _predicts_weights(self) -> bool:
        return bool(self.config.loss == "mse")

    def cache_key(self) -> str:
        """Return the identity of the sentence model that texts are encoded with here."""
        return encoder_identity(self.config.encoder)

    def required(self) -> frozenset[str]:
        """Return the capabilities needed; weights too, where these are what is learned."""
        return self.needs | {"weights"} if self._predicts_weights else self.needs

    def predict_ratings(self, users: UserHistories, pairs: Pairs) -> Scores | None:
        """Predict the weights of pairs as P on the scale of the fit's weights.

        Args:
            users: B users with their histories.
            pairs: C pairs of these users.

        Returns:
            (C,) float32; None with the softmax loss.
        """
        if not self._predicts_weights:
            return None
        return self.range_.from_unit(expit(self.score_pairs(users, pairs)))

    def _silent(self) -> Self:
        """Learn nothing from data where nobody took two items: no item gets a vector."""
        self.items_ = np.empty(0, np.int32)
        self.vectors_ = np.empty((0, self.config.size), np.float32)
        self.sequence_ = {}
        self.kept_ = {}
        self.notes = {"steps": 0}
        return self

    def _centered_texts(self, data: Dataset, ctx: FitContext) -> tuple[Flags, Scores | None, Note]:
        """Encode texts less their mean: has an item one (I,), vectors (I, t) or None, note."""
        has_text = np.zeros(data.n_items, bool)
        if self.config.encoder == "none":
            return has_text, None, {"encoder": "none", "encoder_why": "set in the configuration"}
        rows, encoded, note = encode_items(data, self.config.encoder, ctx)
        if not len(rows):
            return has_text, None, note
        has_text[rows] = True
        texts = np.zeros((data.n_items, encoded.shape[1]), np.float32)
        texts[rows] = encoded - encoded.mean(axis=0)
        return has_text, texts, note

    def user_vectors(self, users: UserHistories) -> Scores:
        """Run the GRU over each user's newest items that have a vector.

        Args:
            users: B users with their histories.

        Returns:
            States (B, size) float32; NaN where there are no such items.
        """
        newest, weights = self._newest(users)
        vectors = np.full((len(users), self.config.size), np.nan, np.float32)
        lengths = -(-newest.counts // BUCKET) * BUCKET  # rounded up
        for length in np.unique(lengths[lengths > 0]):
            members = np.flatnonzero(lengths == length).astype(np.int32)
            for part in blocks(len(members), BATCH):
                batch = members[part]
                vectors[batch] = self._run(newest, weights, batch, int(length))
        return vectors

    def _newest(self, users: UserHistories) -> tuple[Windows, Scores]:
        """Cut histories to the newest events with a vector: positions in `items_`, weights."""
        position_of_item = np.full(users.n_items + 1, -1, np.int32)
        position_of_item[self.items_] = np.arange(len(self.items_), dtype=np.int32)
        positions = position_of_item[users.items]
        has_vector = positions >= 0
        borders = offsets(np.bincount(users.owners[has_vector], minlength=len(users)))
        counts = np.minimum(np.diff(borders), self.config.last)
        windows = Windows(positions[has_vector], borders[1:] - counts, counts)
        return windows, self.range_.to_unit(users.weights[has_vector])

    def _run(self, newest: Windows, weights: Scores, batch: Rows, length: int) -> Scores:
        """Run the GRU over a batch of users, padded to the fixed shape: states (b, size)."""
        from fusion.core.torch_runtime import repeatable  # noqa: PLC0415  torch: slow
        from fusion.models.nn.two_tower import run_users  # noqa: PLC0415

        positions = np.zeros((BATCH, length), np.int64)
        positions[: len(batch)] = newest.padded(batch, length, 0)
        inputs = self.vectors_[positions]
        if self._predicts_weights:
            event_weights = np.zeros((BATCH, length, 1), np.float32)
            event_weights[: len(batch), :, 0] = newest.padded_values(weights, batch, length, 0)
            inputs = np.concatenate([inputs, event_weights], axis=2)
        with repeatable():
            states = run_users(self.sequence_, inputs)
        last_events = newest.counts[batch] - 1
        ends: Scores = states[np.arange(len(batch)), last_events]
        return ends

    def state(self) -> State:
        """Return items, vectors, range of weights, the GRU's weights, and a later fit's start."""
        arrays = {"items": self.items_, "vectors": self.vectors_, "range": self.range_.bounds}
        return arrays | _with_prefix(SEQUENCE, self.sequence_) | _with_prefix(KEPT, self.kept_)

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Make the fitted source from its state.

        Args:
            config: the settings that it was fitted with.
            state: what `state` returned.

        Returns:
            The fitted source.
        """
        model = super().restore(config, state)
        model.range_ = WeightRange(state["range"])
        model.sequence_ = _without_prefix(SEQUENCE, state)
        model.kept_ = _without_prefix(KEPT, state)
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        Embeddings with Adam's moments and gradients, text vectors twice, events, batch and look.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        config: NeuralConfig = self.config
        text_size = 0 if config.encoder == "none" else 384
        floats_of_items = n_items * (5 * config.size + 2 * text_size)
        floats_of_event = 3 * config.negatives + 30 * config.size
        floats_of_batch = config.batch * config.last * floats_of_event
        look = 4 * 2 * 128 * n_items
        return 4 * (floats_of_items + floats_of_batch) + 8 * n_events + look


def _with_prefix(prefix: str, arrays: State) -> State:
    return {prefix + name: values for name, values in arrays.items()}


def _without_prefix(prefix: str, state: State) -> State:
    chosen = [name for name in state if name.startswith(prefix)]
    return {name.removeprefix(prefix): state[name] for name in chosen}
