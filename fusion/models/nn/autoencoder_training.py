"""The network of `autoencoder` and its denoising training on histories. Imports torch."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor, nn

from fusion.core.arrays import Rows, Scores, contains
from fusion.models.nn.settings import AutoencoderConfig
from fusion.models.nn.trainer import Training

INITIAL_DEVIATION = 0.05
"""Deviation of the first weights: tanh is nearly linear there, and learns at once."""
ROUNDS = 60
"""Rounds through the histories without a number of steps in the settings."""
MIN_STEPS = 300
"""Fewest steps that those rounds may come to: the learning rate needs time to fall."""
MAX_STEPS = 2000
"""Most steps that those rounds may come to: large data has learned enough by then."""
COLUMNS = 4000
"""Items that a step computes scores of; with more items, those of the batch and so many others."""


class Autoencoder(nn.Module):
    """u = tanh(x A + a) of histories x (n, K), scored by ⟨u, v⟩ with every item's v.

    Attributes:
        input_weights: A (K, d).
        items: V (K, d).
        shift: a (d,).
    """

    def __init__(self, n_items: int, size: int, chance: torch.Generator) -> None:
        """Draw the first weights.

        Args:
            n_items: K.
            size: d.
            chance: generator on the CPU.
        """
        super().__init__()
        # The order of the draws decides the bits.
        input_weights = torch.empty(n_items, size)
        input_weights.normal_(0.0, INITIAL_DEVIATION, generator=chance)
        items = torch.empty(n_items, size)
        items.normal_(0.0, INITIAL_DEVIATION, generator=chance)
        self.input_weights = nn.Parameter(input_weights)
        self.items = nn.Parameter(items)
        self.shift = nn.Parameter(torch.zeros(size))

    def users(self, histories: Tensor) -> Tensor:
        """Encode histories.

        Args:
            histories: (n, K), dense or sparse.

        Returns:
            Vectors (n, d).
        """
        return torch.tanh(histories @ self.input_weights + self.shift)


class Denoising(Training[Autoencoder]):
    """Training to predict whole histories from what dropout left of them.

    A softmax over items, in which each item of a history is a target.
    """

    def __init__(
        self,
        model: Autoencoder,
        histories: csr_array,
        config: AutoencoderConfig,
        rng: np.random.Generator,
    ) -> None:
        """Set up batches.

        Args:
            model: on its device.
            histories: (U, K) float32, rows of unit length.
            config: the settings of the source.
            rng: stream of batches, dropout and samples of items.
        """
        n_users = histories.shape[0]
        super().__init__(model, config, config.steps or most_steps(n_users, config.batch))
        self.histories = histories
        self.rng = rng
        self._batches = _batches(n_users, config.batch, rng)

    def loss(self) -> Tensor:
        """Return the log loss of the next batch: summed over a history's items, mean over users."""
        batch = self.histories[next(self._batches)]
        kept = self.rng.random(batch.nnz) >= self.config.dropout
        # Scaled up, so that a history is as long with dropout as without, on average.
        inputs = batch.data * kept / (1 - self.config.dropout)
        owners = np.repeat(np.arange(batch.shape[0]), np.diff(batch.indptr))
        users = self.model.users(self._sparse(owners, batch.indices, inputs, batch.shape))
        columns, correction = self._columns(batch.indices)
        vectors = self.model.items[self._on_device(columns)]
        logits = users @ vectors.T + self._on_device(correction)
        targets = np.searchsorted(columns, batch.indices)
        cells = self._on_device(owners), self._on_device(targets)
        log_chances = torch.log_softmax(logits, dim=1)[cells]
        return -log_chances.sum() / batch.shape[0]

    def _columns(self, targets: Rows) -> tuple[NDArray[np.int64], Scores]:
        """Choose the items of a step's softmax.

        Args:
            targets: items of the batch, which must be among them.

        Returns:
            Items (k,), ascending: all, or the targets and a sample of the others; and the log of
            how many items each stands for (k,) float32.
        """
        n_items = self.histories.shape[1]
        if n_items <= COLUMNS:
            return np.arange(n_items), np.zeros(n_items, np.float32)
        wanted = np.unique(targets)
        others = np.setdiff1d(np.arange(n_items), wanted, assume_unique=True)
        sampled = self.rng.choice(others, min(COLUMNS, len(others)), replace=False)
        columns = np.sort(np.concatenate([wanted, sampled]))
        stands_for = np.log(len(others) / max(1, len(sampled)))
        correction = np.where(contains(wanted, columns), 0.0, stands_for)
        return columns, correction.astype(np.float32)

    def _on_device(self, values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(values).to(self.model.shift.device)

    def _sparse(self, owners: Rows, items: Rows, values: Scores, shape: tuple[int, int]) -> Tensor:
        places = torch.from_numpy(np.stack([owners, items]).astype(np.int64))
        filled = torch.from_numpy(values.astype(np.float32))
        # CSR rows are sorted and without repeats, so torch need not look.
        matrix = torch.sparse_coo_tensor(
            places, filled, shape, check_invariants=False, is_coalesced=True
        )
        return matrix.to(self.model.shift.device)


def most_steps(n_users: int, batch: int) -> int:
    """Return the most steps of a training without a number in its settings.

    Args:
        n_users: histories.
        batch: histories in a step.

    Returns:
        Steps of `ROUNDS` rounds, between `MIN_STEPS` and `MAX_STEPS`.
    """
    steps = round(ROUNDS * n_users / batch)
    return int(np.clip(steps, MIN_STEPS, MAX_STEPS))


def _batches(n_users: int, size: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    while True:
        order = rng.permutation(n_users)
        for start in range(0, n_users, size):
            yield order[start : start + size]
