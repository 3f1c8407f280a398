"""Neural: two towers, a GRU over what the user took lately against the item's id and text."""

from typing import Any, Self

import numpy as np
from scipy.special import expit

from fusion.core.arrays import Flags, Rows, Scores, State, blocks, offsets
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs
from fusion.models.base.factor_model import FactorModel
from fusion.models.base.recommender import FitContext, item_rows_with_history
from fusion.models.base.registry import register
from fusion.models.nn.settings import NeuralConfig
from fusion.models.nn.two_tower_warm_start import WarmState, begin, keep
from fusion.models.nn.windows import BUCKET, Windows
from fusion.models.text.encoders import Note, encode_items, encoder_identity

BATCH = 64
"""Users a batch when scoring, always, at lengths in steps of BUCKET: a float depends on the shape it is computed in."""
SEQUENCE, KEPT = "sequence ", "warm "
"""What the names of the GRU's weights, and of what only a later fit needs, begin with in the state.
"""


@register("neural")
class Neural(FactorModel):
    """P = σ(⟨u, v⟩): u a GRU over the user's newest items, v an item's id embedding plus its projected text vector.

    Trained to tell the next item of a sequence from a shared sample of others (softmax loss, logQ
    correction). σ does not change the order of a user's items, so scores are ⟨u, v⟩. Items without
    history are scored by their text alone, and silent without one; the data needs neither text nor
    times, only an order. With `loss = "mse"` P is trained by squared error to be the weight of the
    next item, scaled to the range of weights in the fit; the GRU then reads weights beside items,
    and a user's items are in the order of their expected weights. Without `ctx.max_steps` the
    number of steps is found on held-out tails, and then taken on everything. A warm fit goes on
    from the earlier towers with the last of these steps, a share as large as that of new events, a
    quarter at least. Notes: `steps` the model was trained in this fit, `capped` whether the seconds
    cap fired, `capped_at` which step, `device`, `encoder` and why; in a warm fit
    `steps_from_nothing` and the share `new_events`.
    """

    Config = NeuralConfig
    scores_new_items = True
    slow = True
    supports_warm_start = True
    reason_text = "people who took the like in this order took it next"

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Encode the texts, find the number of steps if it is not given, and train that many on every interaction.

        Raises ValueError for a `ctx.warm` that was fitted later.
        """
        from fusion.models.nn.two_tower_fit import Histories, fit_two_tower  # noqa: PLC0415 - torch takes seconds to import

        self.range_ = np.array(
            [data.weights.min(initial=np.inf), data.weights.max(initial=-np.inf)], np.float32
        )
        order, borders = data.by_user
        known = item_rows_with_history(data)
        events = np.searchsorted(known, data.items[order]).astype(np.int32)
        if not (np.diff(borders) > 1).any():
            return self._silent()
        has_text, texts, note = self._texts(data, ctx)
        meant = None if texts is None else texts[known]
        weights = self._scaled(data.weights[order]) if self._tells_weights else None
        begun = self._begun(ctx.warm, known, len(data))
        fitted = fit_two_tower(
            Histories(events, borders, meant, len(known), weights), self.config, ctx, begun
        )
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

    def _begun(self, warm: State | None, known: Rows, n_events: int) -> WarmState | None:
        """What an earlier fit's state says of the items `known` (K,); None where that fit found nothing to learn."""
        earlier = None if warm is None else self.restore(self.config, warm)
        if earlier is None or not earlier.sequence_:
            return None
        return begin(earlier.kept_, earlier.sequence_, known, n_events)

    @property
    def _tells_weights(self) -> bool:
        return bool(self.config.loss == "mse")

    def _scaled(self, weights: Scores) -> Scores:
        """Weights as shares of the range seen in the fit; what lies outside of it is at its border."""
        low, high = self.range_
        found: Scores = np.clip((weights - low) / max(high - low, np.float32(1e-9)), 0, 1).astype(
            np.float32
        )
        return found

    def cache_key(self) -> str:
        """The sentence model that texts are encoded with here."""
        return encoder_identity(self.config.encoder)

    def required(self) -> frozenset[str]:
        """Weights, where these are what is learned."""
        return self.needs | {"weights"} if self._tells_weights else self.needs

    def predict_ratings(self, users: UserHistories, pairs: Pairs) -> Scores | None:
        """P of the pairs (C,) on the scale of the fit's weights; None with the softmax loss."""
        if not self._tells_weights:
            return None
        low, high = self.range_
        told: Scores = (low + (high - low) * expit(self.score_pairs(users, pairs))).astype(
            np.float32
        )
        return told

    def _silent(self) -> Self:
        """Nobody took two items, so nothing follows anything: no item gets a vector."""
        size = self.config.size
        self.items_, self.vectors_ = np.empty(0, np.int32), np.empty((0, size), np.float32)
        self.sequence_, self.kept_, self.notes = {}, {}, {"steps": 0}
        return self

    def _texts(self, data: Dataset, ctx: FitContext) -> tuple[Flags, Scores | None, Note]:
        """Which items have text (I,), text vectors (I, t) less their mean, None without any, and the encoder's note."""
        has_text = np.zeros(data.n_items, bool)
        if self.config.encoder == "none":
            return has_text, None, {"encoder": "none", "encoder_why": "set in the configuration"}
        rows, found, note = encode_items(data, self.config.encoder, ctx)
        if not len(rows):
            return has_text, None, note
        has_text[rows] = True
        texts = np.zeros((data.n_items, found.shape[1]), np.float32)
        texts[rows] = found - found.mean(axis=0)
        return has_text, texts, note

    def user_vectors(self, users: UserHistories) -> Scores:
        """State of the GRU (B, size) after the newest items that have a vector; NaN where there are none."""
        newest, weights = self._newest(users)
        found = np.full((len(users), self.config.size), np.nan, np.float32)
        lengths = -(-newest.counts // BUCKET) * BUCKET
        for length in np.unique(lengths[lengths > 0]):
            members = np.flatnonzero(lengths == length).astype(np.int32)
            for part in blocks(len(members), BATCH):
                found[members[part]] = self._run(newest, weights, members[part], int(length))
        return found

    def _newest(self, users: UserHistories) -> tuple[Windows, Scores]:
        """The last events of each user (B,) whose items have a vector, as places in `items_`, and their weights."""
        place = np.full(users.n_items + 1, -1, np.int32)
        place[self.items_] = np.arange(len(self.items_), dtype=np.int32)
        places = place[users.items]
        heard = places >= 0
        borders = offsets(np.bincount(users.owners[heard], minlength=len(users)))
        counts = np.minimum(np.diff(borders), self.config.last)
        return Windows(places[heard], borders[1:] - counts, counts), self._scaled(
            users.weights[heard]
        )

    def _run(self, newest: Windows, weights: Scores, which: Rows, length: int) -> Scores:
        from fusion.core.torch_runtime import repeatable  # noqa: PLC0415 - torch takes seconds to import
        from fusion.models.nn.two_tower import run_users  # noqa: PLC0415

        places = np.zeros((BATCH, length), np.int64)
        places[: len(which)] = newest.padded(which, length, 0)
        vectors = self.vectors_[places]
        if self._tells_weights:
            read = np.zeros((BATCH, length, 1), np.float32)
            read[: len(which), :, 0] = newest.of(weights, which, length, 0)
            vectors = np.concatenate([vectors, read], axis=2)
        with repeatable():
            states = run_users(self.sequence_, vectors)
        ends: Scores = states[np.arange(len(which)), newest.counts[which] - 1]
        return ends

    def state(self) -> State:
        """Items, their vectors, the range of weights, the GRU's weights, and what a later fit begins with."""
        arrays = {"items": self.items_, "vectors": self.vectors_, "range": self.range_}
        return arrays | _named(SEQUENCE, self.sequence_) | _named(KEPT, self.kept_)

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Take the arrays back."""
        model = cls(config)
        model.items_, model.vectors_, model.range_ = (
            state["items"],
            state["vectors"],
            state["range"],
        )
        model.sequence_, model.kept_ = _called(SEQUENCE, state), _called(KEPT, state)
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Embeddings with Adam's two moments and gradients, text vectors twice, events, one batch and one look."""
        config: NeuralConfig = self.config
        text = 0 if config.encoder == "none" else 384
        positions = config.batch * config.last
        return 4 * (
            n_items * (5 * config.size + 2 * text)
            + positions * (3 * config.negatives + 30 * config.size)
        ) + (8 * n_events + 4 * 2 * 128 * n_items)


def _named(prefix: str, arrays: State) -> State:
    return {prefix + name: values for name, values in arrays.items()}


def _called(prefix: str, state: State) -> State:
    return {
        name.removeprefix(prefix): values
        for name, values in state.items()
        if name.startswith(prefix)
    }
