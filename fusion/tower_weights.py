"""Training of the towers on weights: P = σ(⟨u, v⟩) of each event, given those before it. Imports torch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fusion.arrays import Offsets, Rows, Scores
from fusion.sequences import Tails, Windows
from fusion.tower_settings import NeuralConfig
from fusion.tower_training import HeldOut, Trainer
from fusion.towers import Towers


class WeightTrainer(Trainer):
    """The same training with squared error of P against the events' `weights` (E,) in [0, 1]."""

    def __init__(
        self, towers: Towers, windows: Windows, weights: Scores, config: NeuralConfig, rng: np.random.Generator
    ) -> None:
        super().__init__(towers, windows, config, rng)
        self.weights = weights

    def _loss(self, which: NDArray[np.int64], windows: Tensor) -> Tensor:
        weights = torch.from_numpy(self.windows.of(self.weights, which, windows.shape[1], 0)).to(self.device)
        return self.model.weight_loss(windows, weights, self.config.id_dropout)


class HeldOutWeights(HeldOut):
    """The weights of the tails, told from the events before them; `gain` is minus the mean squared error."""

    def __init__(self, items: Rows, weights: Scores, borders: Offsets, tails: Tails, last: int) -> None:
        super().__init__(items, borders, tails, last)
        self.weights = weights

    def _gains(self, towers: Towers, vectors: Tensor, part: slice) -> np.ndarray:
        assert self.weights is not None
        users, events = self._users(towers, vectors, part)
        told = towers.told(users, vectors[torch.from_numpy(self.items[events]).to(vectors.device)]).cpu().numpy()
        errors: np.ndarray = (told - self.weights[events]).ravel()
        return -(errors**2)
