"""Training of the two towers on windows of histories. Imports torch."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fusion.core.arrays import Scores
from fusion.models.nn.settings import NeuralConfig
from fusion.models.nn.trainer import Training
from fusion.models.nn.two_tower import TwoTower
from fusion.models.nn.windows import Windows, endless_batches

ROUNDS = 15
"""Rounds through the windows without a number of steps in the settings."""
MIN_STEPS = 1000
"""Fewest steps that those rounds may come to: the learning rate needs time to fall."""
MAX_STEPS = 1500
"""Most steps that those rounds may come to: large data has learned enough by then."""
STEP_UNIT = 250
"""Steps are rounded to a multiple of this, so that the folds of a run agree on a number."""
NEGATIVE_POWER = 0.75
"""Power of an item's count in its chance to be sampled, as in word2vec (Mikolov et al., 2013)."""


def most_steps(n_windows: int, batch: int) -> int:
    """Return the most steps of a training without a number in its settings.

    Args:
        n_windows: training windows.
        batch: windows in a step.

    Returns:
        Steps of `ROUNDS` rounds, between `MIN_STEPS` and `MAX_STEPS`, a multiple of `STEP_UNIT`.
    """
    units = round(ROUNDS * n_windows / batch / STEP_UNIT)
    return int(np.clip(units * STEP_UNIT, MIN_STEPS, MAX_STEPS))


class Trainer(Training[TwoTower]):
    """Training by the softmax loss on shuffled batches of windows.

    All random choices come from `rng` and from the generator of the towers.
    """

    def __init__(
        self, towers: TwoTower, windows: Windows, config: NeuralConfig, rng: np.random.Generator
    ) -> None:
        """Set up batches and the chances of negatives.

        Args:
            towers: on their device.
            windows: training windows.
            config: the settings of the source.
            rng: stream of batches and negatives.
        """
        super().__init__(towers, config, config.steps or most_steps(len(windows), config.batch))
        self.windows = windows
        self.rng = rng
        self.device = towers.ids.weight.device
        self.n_items = towers.ids.num_embeddings - 1  # the last one is padding
        self._batches = endless_batches(windows.counts, config.batch, rng)
        counts = np.bincount(windows.items, minlength=self.n_items)
        weights = np.maximum(counts, 1) ** NEGATIVE_POWER
        chance = weights / weights.sum()
        # Borders of the items in [0, 1): a uniform number is looked up among them.
        self._border = np.cumsum(chance)
        self._log_chance = torch.tensor(np.log(chance), dtype=torch.float32, device=self.device)

    def loss(self) -> Tensor:
        """Return the loss of the next batch of windows."""
        chosen = next(self._batches)
        length = int(self.windows.counts[chosen].max())
        windows = self.windows.padded(chosen, length, self.n_items)
        return self._loss(chosen, self._on_device(windows))

    def _loss(self, chosen: NDArray[np.int64], windows: Tensor) -> Tensor:
        """Return the loss of the windows `chosen` (n,), padded (n, L)."""
        sampled = np.searchsorted(self._border, self.rng.random(self.config.negatives))
        # Rounding may leave the last border below 1.
        negatives = self._on_device(np.minimum(sampled, self.n_items - 1))
        return self.model.batch_loss(windows, negatives, self._log_chance, self.config.id_dropout)

    def _on_device(self, values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(values).to(self.device)


class WeightTrainer(Trainer):
    """Training by the squared error of predicted weights."""

    def __init__(
        self,
        towers: TwoTower,
        windows: Windows,
        weights: Scores,
        config: NeuralConfig,
        rng: np.random.Generator,
    ) -> None:
        """Set up batches.

        Args:
            towers: on their device.
            windows: training windows.
            weights: (E,) float32 of the events in [0, 1].
            config: the settings of the source.
            rng: stream of batches.
        """
        super().__init__(towers, windows, config, rng)
        self.weights = weights

    def _loss(self, chosen: NDArray[np.int64], windows: Tensor) -> Tensor:
        weights = self.windows.padded_values(self.weights, chosen, windows.shape[1], 0)
        return self.model.weight_loss(windows, self._on_device(weights), self.config.id_dropout)
