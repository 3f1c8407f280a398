"""Held-out tails of histories, by which the number of steps is found. Imports torch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fusion.core.arrays import Offsets, Rows, Scores, blocks
from fusion.models.nn.two_tower import TwoTower
from fusion.models.nn.windows import HistoryTails, Windows

USERS_AT_ONCE = 64
"""Users ranked at once: a dense block of their held-out events times all items."""


class HeldOutTails:
    """Tails of some users, ranked among all items that are not in the rest of their history."""

    weights: Scores | None = None
    """(E,) of the events, where the towers read them."""

    def __init__(self, items: Rows, borders: Offsets, tails: HistoryTails, last: int) -> None:
        """Prepare the events before each held-out one.

        Args:
            items: (E,) int32 of all events.
            borders: (U + 1,) borders of the histories.
            tails: held-out tails of these histories.
            last: newest events that the towers read.
        """
        self.items = items
        self.tails = tails
        self.first = borders[tails.rows]
        starts = np.maximum(tails.ends - tails.size - last, self.first)
        # All events but the last: that one is only predicted.
        self.read = Windows(items, starts, tails.ends - 1 - starts)

    def gain(self, towers: TwoTower) -> float:
        """Measure how well the towers predict the tails.

        Args:
            towers: the towers under training.

        Returns:
            Mean of 1 / log2(1 + rank) over all held-out events: NDCG without a cut, steadier than
            NDCG at 10.
        """
        towers.eval()
        gains = []
        with torch.inference_mode():
            n_items = towers.ids.num_embeddings - 1  # the last one is padding
            vectors = towers.items(torch.arange(n_items, device=towers.ids.weight.device))
            for part in blocks(len(self.tails.rows), USERS_AT_ONCE):
                gains.append(self._gains(towers, vectors, part))
        return float(np.mean(np.concatenate(gains)))

    def _users(self, towers: TwoTower, vectors: Tensor, part: slice) -> Tensor:
        """Encode users (n, size, d) before each event of their tails."""
        chosen = np.arange(part.start, part.stop)
        counts = self.read.counts[chosen]
        size = self.tails.size
        device = vectors.device
        length = int(counts.max())
        padded = self.read.padded(chosen, length, len(vectors))
        items = torch.from_numpy(padded).to(device)
        weights = None
        if self.weights is not None:
            of_events = self.read.padded_values(self.weights, chosen, length, 0)
            weights = torch.from_numpy(of_events).to(device)
        sequence = towers.items(items.flatten()).view(*items.shape, -1)
        states = towers.users(sequence, weights)
        # The state before a held-out event is the one after the event before it.
        before = counts[:, None] - size + np.arange(size)
        positions = torch.from_numpy(before).to(device)
        rows = torch.arange(len(chosen), device=device)[:, None]
        return states[rows, positions]

    def _events(self, part: slice) -> NDArray[np.int64]:
        """Locate the held-out events (n, size) of some users."""
        size = self.tails.size
        return self.tails.ends[part][:, None] - size + np.arange(size)

    def _gains(self, towers: TwoTower, vectors: Tensor, part: slice) -> NDArray[np.floating]:
        users = self._users(towers, vectors, part)
        scores = (users @ vectors.T).cpu().numpy()  # (n, size, K)
        targets = self.items[self._events(part)].astype(np.int64)
        wanted = np.take_along_axis(scores, targets[:, :, None], 2)
        # Other items of the history are no rivals; the target itself is compared by `wanted`.
        borders = zip(self.first[part], self.tails.ends[part], strict=True)
        for row, (start, end) in enumerate(borders):
            scores[row][:, self.items[start:end]] = -np.inf
        above = (scores > wanted).sum(axis=2)
        gains: NDArray[np.floating] = 1 / np.log2(above + 2)
        return gains.ravel()


class HeldOutWeights(HeldOutTails):
    """Weights of the tails, predicted from the events before; `gain` is minus the squared error."""

    def __init__(
        self, items: Rows, weights: Scores, borders: Offsets, tails: HistoryTails, last: int
    ) -> None:
        """Prepare the events before each held-out one.

        Args:
            items: (E,) int32 of all events.
            weights: (E,) float32 of all events in [0, 1].
            borders: (U + 1,) borders of the histories.
            tails: held-out tails of these histories.
            last: newest events that the towers read.
        """
        super().__init__(items, borders, tails, last)
        self.weights = weights

    def _gains(self, towers: TwoTower, vectors: Tensor, part: slice) -> NDArray[np.floating]:
        assert self.weights is not None
        users = self._users(towers, vectors, part)
        events = self._events(part)
        targets = torch.from_numpy(self.items[events]).to(vectors.device)
        predicted = towers.predicted_weights(users, vectors[targets]).cpu().numpy()
        errors: NDArray[np.floating] = (predicted - self.weights[events]).ravel()
        return -(errors**2)
