"""The two towers of `neural`: a user from the recent sequence, an item from its id and its text. Imports torch."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from fusion.models.nn.sampled_softmax import sampled_softmax

SPREAD = 0.3
"""Deviation of the first embeddings: smaller ones take long to leave zero, larger ones drown the text."""


class TwoTower(nn.Module):
    """u = GRU(v of the newest items), v = E[item] + P text[item]; K items with history, T with text, d numbers.

    Item K stands for padding, and is the vector 0. Source of the user tower: Hidasi et al.,
    Session-based Recommendations with Recurrent Neural Networks, ICLR 2016.
    """

    def __init__(
        self,
        n_items: int,
        size: int,
        dropout: float,
        text: Tensor | None,
        chance: torch.Generator,
        weighed: bool = False,
    ) -> None:
        """`weighed`: the GRU reads each event's weight beside the item's vector."""
        super().__init__()
        self.chance, self.dropout = chance, dropout
        with torch.device(
            "meta"
        ):  # where first weights are not drawn: they come from `chance` alone
            self.ids = nn.Embedding(n_items + 1, size, padding_idx=n_items)
            self.sequence = nn.GRU(size + weighed, size, batch_first=True)
            self.meaning = None if text is None else nn.Linear(text.shape[1], size, bias=False)
        self.to_empty(device="cpu")
        self.text: Tensor | None
        self.register_buffer(
            "text", text, persistent=False
        )  # (K + 1, t), zeros where an item has no text
        with torch.no_grad():
            for weights in self.sequence.parameters():
                weights.uniform_(-(size**-0.5), size**-0.5, generator=chance)
            for layer in (self.ids, self.meaning):
                if layer is not None:
                    layer.weight.normal_(0.0, SPREAD, generator=chance)
            self.ids.weight[n_items] = 0

    def items(self, rows: Tensor, id_dropout: float = 0.0) -> Tensor:
        """Vectors (n, d) of item rows (n,); with text, a share `id_dropout` of them from their text alone."""
        vectors: Tensor = self.ids(rows)
        if self.text is None or self.meaning is None:
            return vectors
        if id_dropout:
            vectors = vectors * self._kept((len(rows), 1), id_dropout)
        meanings: Tensor = self.meaning(self.text[rows])
        return vectors + meanings

    def _kept(self, shape: tuple[int, ...], dropped: float) -> Tensor:
        """Ones and, for a share `dropped`, zeros; drawn on the CPU, where `chance` is at home."""
        ones = torch.empty(shape).bernoulli_(1 - dropped, generator=self.chance)
        return ones.to(self.ids.weight.device)

    def users(self, vectors: Tensor, weights: Tensor | None = None) -> Tensor:
        """Users (n, L, d) after each of their items' vectors (n, L, d), and weights (n, L) where those are read."""
        if self.training and self.dropout:
            vectors = vectors * self._kept((*vectors.shape,), self.dropout) / (1 - self.dropout)
        if weights is not None:
            vectors = torch.cat([vectors, weights[..., None]], -1)
        states: Tensor = self.sequence(vectors)[0]
        return states

    def batch_loss(
        self, windows: Tensor, negatives: Tensor, log_chance: Tensor, id_dropout: float
    ) -> Tensor:
        """Mean softmax loss of every next item in `windows` (n, L) against shared `negatives` (m,).

        `log_chance` (K,): log of an item's chance to be drawn as a negative, taken away from its
        score.
        """
        rows, place = torch.unique(torch.cat([windows.flatten(), negatives]), return_inverse=True)
        vectors = self.items(rows, id_dropout)[place]
        taken, drawn = (
            vectors[: windows.numel()].view(*windows.shape, -1),
            vectors[windows.numel() :],
        )
        targets = windows[:, 1:]
        real = targets < len(log_chance)
        users, wanted, target_rows = (
            self.users(taken[:, :-1])[real],
            taken[:, 1:][real],
            targets[real],
        )
        met = torch.isin(target_rows, negatives).nonzero()[:, 0]
        at, which = (target_rows[met][:, None] == negatives).nonzero(as_tuple=True)
        positive = (users * wanted).sum(-1) - log_chance[target_rows]
        return sampled_softmax(users, positive, drawn, log_chance[negatives], (met[at], which))

    def weight_loss(self, windows: Tensor, weights: Tensor, id_dropout: float) -> Tensor:
        """Mean squared error of P = σ(⟨u, v⟩) of every next item in `windows` (n, L) against its weight (n, L)."""
        rows, place = torch.unique(windows, return_inverse=True)
        vectors = self.items(rows, id_dropout)[place]
        told = self.told(self.users(vectors[:, :-1], weights[:, :-1]), vectors[:, 1:])
        real = windows[:, 1:] < self.ids.num_embeddings - 1
        return functional.mse_loss(told[real], weights[:, 1:][real])

    @staticmethod
    def told(users: Tensor, items: Tensor) -> Tensor:
        """P in (0, 1) of users (..., d) for items (..., d)."""
        return torch.sigmoid((users * items).sum(-1))


def run_users(
    weights: Mapping[str, NDArray[np.float32]], vectors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """States (n, L, d) of a GRU with these weights (`weight_ih_l0`, ...) after each of its inputs (n, L, e)."""
    size, cache_key = weights["weight_hh_l0"].shape[1], weights["weight_ih_l0"].shape[1]
    with torch.device("meta"):  # where first weights are not drawn: torch's chance is left as found
        sequence = nn.GRU(cache_key, size, batch_first=True)
    sequence.load_state_dict(
        {name: torch.from_numpy(values) for name, values in weights.items()}, assign=True
    )
    with torch.inference_mode():
        states: NDArray[np.float32] = sequence(torch.from_numpy(vectors))[0].numpy()
    return states
