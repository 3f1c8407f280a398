"""Training of the towers on windows of histories, and the tails that are held out to look at. Imports torch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fusion.core.arrays import Offsets, Rows, Scores, blocks
from fusion.models.nn.settings import NeuralConfig
from fusion.models.nn.trainer import Training
from fusion.models.nn.two_tower import TwoTower
from fusion.models.nn.windows import HistoryTails, Windows, endless_batches

CHECK_USERS = 64
"""Users ranked at once when steps are searched: a dense block of their events times all items."""
ROUNDS, FEWEST, MOST, APART = 15, 1000, 1500, 250


def most_steps(n_windows: int, batch: int) -> int:
    """Steps of 15 rounds through the windows, between 1,000 and 1,500; in round numbers, so that folds agree."""
    return int(np.clip(round(ROUNDS * n_windows / batch / APART) * APART, FEWEST, MOST))


class Trainer(Training[TwoTower]):
    """Trains towers by shuffled batches of windows. Every choice of chance comes from `rng` and torch's own seed."""

    def __init__(
        self, towers: TwoTower, windows: Windows, config: NeuralConfig, rng: np.random.Generator
    ) -> None:
        super().__init__(towers, config, config.steps or most_steps(len(windows), config.batch))
        self.windows, self.rng = windows, rng
        self.device = towers.ids.weight.device
        self.n_items = towers.ids.num_embeddings - 1
        self._batches = endless_batches(windows.counts, config.batch, rng)
        counts = np.bincount(windows.items, minlength=self.n_items)
        chance = np.maximum(counts, 1) ** 0.75
        self._border = np.cumsum(chance / chance.sum())
        self._log_chance = torch.tensor(
            np.log(chance / chance.sum()), dtype=torch.float32, device=self.device
        )

    def loss(self) -> Tensor:
        """The loss of the next batch of windows."""
        which = next(self._batches)
        length = int(self.windows.counts[which].max())
        return self._loss(
            which,
            torch.from_numpy(self.windows.padded(which, length, self.n_items)).to(self.device),
        )

    def _loss(self, which: NDArray[np.int64], windows: Tensor) -> Tensor:
        """Loss of the windows `which` (n,), padded (n, L)."""
        drawn = np.searchsorted(self._border, self.rng.random(self.config.negatives))
        negatives = torch.from_numpy(np.minimum(drawn, self.n_items - 1)).to(self.device)
        return self.model.batch_loss(windows, negatives, self._log_chance, self.config.id_dropout)


class HeldOut:
    """The tails of some users and the events before them, ranked without what else the user has met."""

    weights: Scores | None = None
    """Of the events (E,), where the towers read them."""

    def __init__(self, items: Rows, borders: Offsets, tails: HistoryTails, last: int) -> None:
        self.tails, self.items = tails, items
        self.first = borders[tails.rows]
        starts = np.maximum(tails.ends - tails.size - last, self.first)
        self.read = Windows(items, starts, tails.ends - 1 - starts)

    def gain(self, towers: TwoTower) -> float:
        """Mean of 1 / log2(1 + rank) over all held-out events: NDCG without a cut, steadier than one at 10."""
        towers.eval()
        with torch.inference_mode():
            n_items = towers.ids.num_embeddings - 1
            vectors = towers.items(torch.arange(n_items, device=towers.ids.weight.device))
            parts = blocks(len(self.tails.rows), CHECK_USERS)
            return float(
                np.mean(np.concatenate([self._gains(towers, vectors, part) for part in parts]))
            )

    def _users(
        self, towers: TwoTower, vectors: Tensor, part: slice
    ) -> tuple[Tensor, NDArray[np.int64]]:
        """Users (n, size, d) before each event of their tails, and where those events stand (n, size)."""
        which = np.arange(part.start, part.stop)
        counts, size, device = self.read.counts[which], self.tails.size, vectors.device
        length = int(counts.max())
        padded = torch.from_numpy(self.read.padded(which, length, len(vectors))).to(device)
        read = None
        if self.weights is not None:
            read = torch.from_numpy(self.read.of(self.weights, which, length, 0)).to(device)
        states = towers.users(towers.items(padded.flatten()).view(*padded.shape, -1), read)
        places = torch.from_numpy(counts[:, None] - size + np.arange(size)).to(device)
        users = states[torch.arange(len(which), device=device)[:, None], places]
        return users, self.tails.ends[which][:, None] - size + np.arange(size)

    def _gains(self, towers: TwoTower, vectors: Tensor, part: slice) -> np.ndarray:
        users, events = self._users(towers, vectors, part)
        scores = (users @ vectors.T).cpu().numpy()  # (n, size, K)
        targets = self.items[events]
        wanted = np.take_along_axis(scores, targets[:, :, None].astype(np.int64), 2)
        for row, (start, end) in enumerate(
            zip(self.first[part], self.tails.ends[part], strict=True)
        ):
            scores[row][:, self.items[start:end]] = -np.inf
        ranks = (scores > wanted).sum(axis=2)
        gains: np.ndarray = 1 / np.log2(ranks + 2)
        return gains.ravel()


class WeightTrainer(Trainer):
    """The same training with squared error of P against the events' `weights` (E,) in [0, 1]."""

    def __init__(
        self,
        towers: TwoTower,
        windows: Windows,
        weights: Scores,
        config: NeuralConfig,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(towers, windows, config, rng)
        self.weights = weights

    def _loss(self, which: NDArray[np.int64], windows: Tensor) -> Tensor:
        weights = torch.from_numpy(self.windows.of(self.weights, which, windows.shape[1], 0)).to(
            self.device
        )
        return self.model.weight_loss(windows, weights, self.config.id_dropout)


class HeldOutWeights(HeldOut):
    """The weights of the tails, told from the events before them; `gain` is minus the mean squared error."""

    def __init__(
        self, items: Rows, weights: Scores, borders: Offsets, tails: HistoryTails, last: int
    ) -> None:
        super().__init__(items, borders, tails, last)
        self.weights = weights

    def _gains(self, towers: TwoTower, vectors: Tensor, part: slice) -> np.ndarray:
        assert self.weights is not None
        users, events = self._users(towers, vectors, part)
        told = (
            towers.told(users, vectors[torch.from_numpy(self.items[events]).to(vectors.device)])
            .cpu()
            .numpy()
        )
        errors: np.ndarray = (told - self.weights[events]).ravel()
        return -(errors**2)
