"""The two towers of `neural`: a user from recent items, an item from id and text. Imports torch."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from fusion.models.nn.sampled_softmax import Cells, sampled_softmax
from fusion.models.nn.settings import NeuralConfig

INITIAL_DEVIATION = 0.3
"""Deviation of the first embeddings: smaller ones take long to leave zero, larger ones drown the
text.
"""


class TwoTower(nn.Module):
    """u = GRU(v of the newest items), v = E[item] + P text[item].

    K items with history, T with text, d numbers. Item K stands for padding, and is the vector 0.
    Source of the user tower: Hidasi et al., Session-based Recommendations with Recurrent Neural
    Networks, ICLR 2016.
    """

    def __init__(
        self,
        n_items: int,
        config: NeuralConfig,
        text: Tensor | None,
        chance: torch.Generator,
        reads_weights: bool = False,
    ) -> None:
        """Draw the first weights.

        Args:
            n_items: K.
            config: d, the share of the sequence's numbers dropped in training, and the bound on
                the own part of an item with a text.
            text: (K + 1, t) text vectors, zeros where an item has no text; None without texts.
            chance: generator on the CPU, of the first weights and of dropout.
            reads_weights: the GRU reads each event's weight beside the item's vector.
        """
        super().__init__()
        size = config.size
        self.id_bound = config.id_bound
        self.chance = chance
        self.dropout = config.dropout
        # On "meta" no weights are drawn: the first ones come from `chance` alone.
        with torch.device("meta"):
            self.ids = nn.Embedding(n_items + 1, size, padding_idx=n_items)
            self.sequence = nn.GRU(size + reads_weights, size, batch_first=True)
            self.meaning = None if text is None else nn.Linear(text.shape[1], size, bias=False)
        self.to_empty(device="cpu")
        self.text: Tensor | None
        self.register_buffer("text", text, persistent=False)
        self._draw_weights(n_items, size)

    def _draw_weights(self, n_items: int, size: int) -> None:
        # The order of the draws decides the bits. The GRU's range is that of torch itself.
        border = size**-0.5
        with torch.no_grad():
            for weights in self.sequence.parameters():
                weights.uniform_(-border, border, generator=self.chance)
            for layer in (self.ids, self.meaning):
                if layer is not None:
                    layer.weight.normal_(0.0, INITIAL_DEVIATION, generator=self.chance)
            self.ids.weight[n_items] = 0

    def items(self, rows: Tensor, id_dropout: float = 0.0) -> Tensor:
        """Encode items.

        Args:
            rows: (n,) items in [0, K].
            id_dropout: share of the items that are encoded by their text alone, where there are
                texts.

        Returns:
            Vectors (n, d).
        """
        vectors = self.own_parts(rows)
        if self.text is None or self.meaning is None:
            return vectors
        if id_dropout:
            vectors = vectors * self._kept((len(rows), 1), id_dropout)
        meanings: Tensor = self.meaning(self.text[rows])
        return vectors + meanings

    def own_parts(self, rows: Tensor) -> Tensor:
        """Return what items have beside their texts, no longer than the bound.

        A part that may grow leaves little for the text to learn, and then an item without events
        has little of a vector (arXiv 2507.19473).

        Args:
            rows: (n,) items in [0, K].

        Returns:
            (n, d).
        """
        own: Tensor = self.ids(rows)
        if self.id_bound is None or self.text is None:
            return own
        # Without a text the own part is all that there is.
        has_text = self.text[rows].any(dim=1, keepdim=True)
        lengths = torch.linalg.vector_norm(own, dim=1, keepdim=True).clamp_min(self.id_bound)
        return torch.where(has_text, own * (self.id_bound / lengths), own)

    def _kept(self, shape: tuple[int, ...], dropped: float) -> Tensor:
        """Draw ones and, for a share `dropped`, zeros; on the CPU, where the generator is."""
        ones = torch.empty(shape).bernoulli_(1 - dropped, generator=self.chance)
        return ones.to(self.ids.weight.device)

    def users(self, vectors: Tensor, weights: Tensor | None = None) -> Tensor:
        """Encode users after each of their events.

        Args:
            vectors: (n, L, d) of the events' items.
            weights: (n, L) of the events, where the GRU reads them.

        Returns:
            States (n, L, d); the one at l knows events 0 to l.
        """
        if self.training and self.dropout:
            vectors = vectors * self._kept((*vectors.shape,), self.dropout) / (1 - self.dropout)
        if weights is not None:
            vectors = torch.cat([vectors, weights[..., None]], -1)
        states: Tensor = self.sequence(vectors)[0]
        return states

    def batch_loss(
        self, windows: Tensor, negatives: Tensor, log_chance: Tensor, id_dropout: float
    ) -> Tensor:
        """Return the mean softmax loss of every next item against a shared sample of items.

        Args:
            windows: (n, L) items in [0, K], K behind the end of a window.
            negatives: (m,) sampled items.
            log_chance: (K,) log of each item's chance to be sampled, subtracted from its score.
            id_dropout: share of the items that are encoded by their text alone.

        Returns:
            A scalar with a gradient.
        """
        # Each item is encoded once, however often it stands in the batch.
        rows, place = torch.unique(torch.cat([windows.flatten(), negatives]), return_inverse=True)
        vectors = self.items(rows, id_dropout)[place]
        n_events = windows.numel()
        events = vectors[:n_events].view(*windows.shape, -1)
        sampled = vectors[n_events:]
        targets = windows[:, 1:]
        real = targets < len(log_chance)  # no padding
        users = self.users(events[:, :-1])[real]
        wanted = events[:, 1:][real]
        target_rows = targets[real]
        positive = (users * wanted).sum(-1) - log_chance[target_rows]
        same = _same_cells(target_rows, negatives)
        return sampled_softmax(users, positive, sampled, log_chance[negatives], same)

    def weight_loss(self, windows: Tensor, weights: Tensor, id_dropout: float) -> Tensor:
        """Return the mean squared error of every next item's predicted weight.

        Args:
            windows: (n, L) items in [0, K], K behind the end of a window.
            weights: (n, L) weights of the events in [0, 1].
            id_dropout: share of the items that are encoded by their text alone.

        Returns:
            A scalar with a gradient.
        """
        rows, place = torch.unique(windows, return_inverse=True)
        vectors = self.items(rows, id_dropout)[place]
        users = self.users(vectors[:, :-1], weights[:, :-1])
        predicted = self.predicted_weights(users, vectors[:, 1:])
        padding = self.ids.num_embeddings - 1
        real = windows[:, 1:] < padding
        return functional.mse_loss(predicted[real], weights[:, 1:][real])

    @staticmethod
    def predicted_weights(users: Tensor, items: Tensor) -> Tensor:
        """Predict weights as σ(⟨u, v⟩).

        Args:
            users: (..., d).
            items: (..., d), of a shape that broadcasts with `users`.

        Returns:
            (...) in (0, 1).
        """
        return torch.sigmoid((users * items).sum(-1))


def _same_cells(targets: Tensor, negatives: Tensor) -> Cells:
    """Locate the cells of (targets, negatives) that hold the same item."""
    # Few targets are among the negatives, so the full comparison is made for those alone.
    sampled = torch.isin(targets, negatives).nonzero()[:, 0]
    equal = targets[sampled][:, None] == negatives
    positions, columns = equal.nonzero(as_tuple=True)
    return sampled[positions], columns


def run_users(
    weights: Mapping[str, NDArray[np.float32]], vectors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Run a fitted GRU.

    Args:
        weights: its weights by torch's names, such as `weight_ih_l0`.
        vectors: (n, L, e) inputs.

    Returns:
        States (n, L, d) after each input.
    """
    state_size = weights["weight_hh_l0"].shape[1]
    input_size = weights["weight_ih_l0"].shape[1]
    # On "meta" no weights are drawn: torch's random state stays as it is.
    with torch.device("meta"):
        sequence = nn.GRU(input_size, state_size, batch_first=True)
    tensors = {name: torch.from_numpy(values) for name, values in weights.items()}
    sequence.load_state_dict(tensors, assign=True)
    with torch.inference_mode():
        outputs = sequence(torch.from_numpy(vectors))[0]
        states: NDArray[np.float32] = outputs.numpy()
    return states
