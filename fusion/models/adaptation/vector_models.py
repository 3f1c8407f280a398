"""Trainable vectors of items: frozen ones with a low-rank change. Imports torch."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from fusion.core.arrays import Scores, blocks
from fusion.models.adaptation.settings import LORA_RANK, RANK


class VectorModel(nn.Module, ABC):
    """Vectors of K items that a training can change."""

    rows_at_once = 2048
    """Items computed at once when nothing is trained, so that their layers fit into memory."""

    @abstractmethod
    def forward(self, rows: Tensor) -> Tensor:
        """Compute vectors.

        Args:
            rows: (n,) items in [0, K).

        Returns:
            (n, d).
        """

    @property
    @abstractmethod
    def n_items(self) -> int:
        """K."""

    @property
    def n_trained(self) -> int:
        """Numbers that the training changes."""
        return sum(weights.numel() for weights in self.parameters() if weights.requires_grad)

    def all_vectors(self) -> Scores:
        """Compute the vectors of all items (K, d) float32, without gradients."""
        self.eval()
        parts = []
        device = next(self.parameters()).device
        with torch.inference_mode():
            for part in blocks(self.n_items, self.rows_at_once):
                rows = torch.arange(part.start, part.stop, device=device)
                parts.append(self(rows).float().cpu().numpy())
        return np.concatenate(parts)


class Adapter(VectorModel):
    """x + x V U' over frozen vectors x: the identity and a change of low rank, at first of 0.

    Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022, is the same change
    inside of a model.
    """

    def __init__(self, vectors: Scores, chance: torch.Generator) -> None:
        """Draw the first weights.

        Args:
            vectors: (K, d) frozen.
            chance: generator on the CPU.
        """
        super().__init__()
        self.frozen: Tensor
        self.register_buffer("frozen", torch.from_numpy(vectors))
        size = vectors.shape[1]
        self.down, self.up = low_rank(size, size, min(RANK, size), chance)

    def forward(self, rows: Tensor) -> Tensor:
        """Compute vectors (n, d) of items (n,)."""
        frozen = self.frozen[rows]
        return frozen + frozen @ self.down @ self.up

    @property
    def n_items(self) -> int:
        """Frozen vectors."""
        return len(self.frozen)


class DenseTop(VectorModel):
    """The dense layers with which the universal encoder ends, each with a change of low rank.

    All below them is frozen and was computed once: what they read are pooled sums of features.
    """

    def __init__(
        self, pooled: Scores, weights: Mapping[str, Scores], mean: Scores, chance: torch.Generator
    ) -> None:
        """Draw the first changes.

        Args:
            pooled: (K, p + 2) what the layers read of each item.
            weights: of the layers, by their names in the package.
            mean: (d,) of the frozen vectors, taken away from all.
            chance: generator on the CPU.
        """
        super().__init__()
        self.pooled: Tensor
        self.mean: Tensor
        self.register_buffer("pooled", torch.from_numpy(pooled))
        self.register_buffer("mean", torch.from_numpy(mean))
        self.down = nn.ParameterDict()
        self.up = nn.ParameterDict()
        for name in sorted(weights):
            values = torch.from_numpy(weights[name].astype(np.float32))
            self.register_buffer(f"frozen_{name}", values)
            if values.ndim == 2:
                self.down[name], self.up[name] = low_rank(
                    values.shape[0], values.shape[1], LORA_RANK, chance
                )

    def forward(self, rows: Tensor) -> Tensor:
        """Compute centred vectors (n, d) of items (n,)."""
        pooled = self.pooled[rows]
        sums, root_length = pooled[:, :-1], pooled[:, -1:]
        hidden = self._layer("cnn_W", sums) + root_length * self.get_buffer("frozen_cnn_b")
        first = torch.relu(self._layer("d0", hidden))
        second = torch.relu(self._layer("p1", hidden) + self._layer("d1", first))
        third = torch.relu(self._layer("d2", second))
        ends = torch.tanh(self._layer("p3", second) + self._layer("d3", third))
        return nn.functional.normalize(ends) - self.mean

    def _layer(self, name: str, inputs: Tensor) -> Tensor:
        change = inputs @ self.down[name] @ self.up[name]
        outputs: Tensor = inputs @ self.get_buffer(f"frozen_{name}") + change
        return outputs

    @property
    def n_items(self) -> int:
        """Items with pooled numbers."""
        return len(self.pooled)


def low_rank(
    n_in: int, n_out: int, rank: int, chance: torch.Generator
) -> tuple[nn.Parameter, nn.Parameter]:
    """Draw the two factors of a change that is 0 at first.

    Args:
        n_in: numbers that the layer reads.
        n_out: numbers that it gives.
        rank: of the change.
        chance: generator on the CPU.

    Returns:
        Uniform numbers (n_in, rank), and zeros (rank, n_out).
    """
    down = first_factor(n_in, rank, chance)
    return nn.Parameter(down), nn.Parameter(torch.zeros(rank, n_out))


def first_factor(n_in: int, rank: int, chance: torch.Generator) -> Tensor:
    """Draw the factor of a change that is not 0 at first: numbers keep their scale through it.

    Args:
        n_in: numbers that the layer reads.
        rank: of the change.
        chance: generator on the CPU.

    Returns:
        Uniform numbers (n_in, rank).
    """
    border = math.sqrt(3 / n_in)
    return torch.empty(n_in, rank).uniform_(-border, border, generator=chance)
