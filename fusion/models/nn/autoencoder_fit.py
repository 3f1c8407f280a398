"""A fit of the autoencoder from histories to arrays: search for the number of steps, then training. Imports torch."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor, nn

from fusion.core.arrays import Rows, Scores, blocks, contains
from fusion.core.torch_runtime import repeatable, usable_device
from fusion.models.base.recommender import FitContext
from fusion.models.nn.settings import AutoencoderConfig
from fusion.models.nn.trainer import Clock, Training, find_steps
from fusion.models.text.encoders import Note

log = logging.getLogger(__name__)
SPREAD = 0.05
"""Deviation of the first weights."""
ROUNDS, FEWEST, MOST = 60, 300, 2000
"""Rounds through the histories, and the fewest and most steps that they may come to."""
COLUMNS = 4000
"""Items whose scores are worked out in a step; where there are more, those of the batch and a sample of the others."""
ABLE, HIDDEN, LOOKED_AT, AT_ONCE = 5, 0.2, 2000, 256
"""Who has so many items may be looked at: this share is hidden, of so many users at most, ranked so many at a time."""


class Autoencoder(nn.Module):
    """u = tanh(x A + a) of histories x (n, K), ⟨u, v⟩ for every item's v in V (K, d)."""

    def __init__(self, n_items: int, size: int, chance: torch.Generator) -> None:
        super().__init__()
        self.cache_key = nn.Parameter(
            torch.empty(n_items, size).normal_(0.0, SPREAD, generator=chance)
        )
        self.items = nn.Parameter(torch.empty(n_items, size).normal_(0.0, SPREAD, generator=chance))
        self.shift = nn.Parameter(torch.zeros(size))

    def users(self, histories: Tensor) -> Tensor:
        """Vectors (n, d) of histories (n, K)."""
        return torch.tanh(histories @ self.cache_key + self.shift)


class Denoising(Training[Autoencoder]):
    """Tells whole histories from what dropout left of them: softmax over items, each that a user took a target."""

    def __init__(
        self,
        model: Autoencoder,
        histories: csr_array,
        config: AutoencoderConfig,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(
            model, config, config.steps or most_steps(histories.shape[0], config.batch)
        )
        self.histories, self.rng = histories, rng
        self._batches = _batches(histories.shape[0], config.batch, rng)

    def loss(self) -> Tensor:
        """Mean over the users of a batch of the log loss, summed over what they took."""
        taken = self.histories[next(self._batches)]
        left = (
            taken.data
            * (self.rng.random(taken.nnz) >= self.config.dropout)
            / (1 - self.config.dropout)
        )
        owners = np.repeat(np.arange(taken.shape[0]), np.diff(taken.indptr))
        users = self.model.users(self._sparse(owners, taken.indices, left, taken.shape))
        columns, doubt = self._columns(taken.indices)
        logits = users @ self.model.items[self._there(columns)].T + self._there(doubt)
        place = np.searchsorted(columns, taken.indices)
        said = torch.log_softmax(logits, dim=1)[self._there(owners), self._there(place)]
        return -said.sum() / taken.shape[0]

    def _columns(self, taken: Rows) -> tuple[NDArray[np.int64], Scores]:
        """Items (k,) to tell apart, ascending: all, or `taken` and a sample; log of how many each stands for (k,)."""
        n_items = self.histories.shape[1]
        if n_items <= COLUMNS:
            return np.arange(n_items), np.zeros(n_items, np.float32)
        wanted = np.unique(taken)
        others = np.setdiff1d(np.arange(n_items), wanted, assume_unique=True)
        drawn = self.rng.choice(others, min(COLUMNS, len(others)), replace=False)
        columns = np.sort(np.concatenate([wanted, drawn]))
        stands_for = np.log(len(others) / max(1, len(drawn)))
        return columns, np.where(contains(wanted, columns), 0.0, stands_for).astype(np.float32)

    def _there(self, values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(values).to(self.model.shift.device)

    def _sparse(self, owners: Rows, items: Rows, values: Scores, shape: tuple[int, int]) -> Tensor:
        places = torch.from_numpy(np.stack([owners, items]).astype(np.int64))
        filled = torch.from_numpy(values.astype(np.float32))
        return torch.sparse_coo_tensor(
            places, filled, shape, check_invariants=False, is_coalesced=True
        ).to(self.model.shift.device)


def most_steps(n_users: int, batch: int) -> int:
    """Steps of 60 rounds through the histories, between 300 and 2,000."""
    return int(np.clip(round(ROUNDS * n_users / batch), FEWEST, MOST))


def _batches(n_users: int, size: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    while True:
        order = rng.permutation(n_users)
        for at in range(0, n_users, size):
            yield order[at : at + size]


class Hidden:
    """Some users' histories without a share of each, and what was hidden, ranked among all that is not left."""

    def __init__(self, left: csr_array, hidden: csr_array) -> None:
        self.left, self.hidden = left, hidden

    def gain(self, model: Autoencoder) -> float:
        """Mean of 1 / log2(1 + rank) over all hidden events: NDCG without a cut, steadier than one at 10."""
        model.eval()
        gains = []
        with torch.inference_mode():
            for part in blocks(self.left.shape[0], AT_ONCE):
                left = self.left[part].toarray()
                users = model.users(torch.from_numpy(left).to(model.shift.device))
                scores = (users @ model.items.T).cpu().numpy()
                scores[left > 0] = -np.inf
                owners, items = self.hidden[part].nonzero()
                order = np.sort(scores, axis=1)
                for owner in np.unique(owners):
                    wanted = scores[owner, items[owners == owner]]
                    ranks = scores.shape[1] - np.searchsorted(order[owner], wanted, "right")
                    gains.append(1 / np.log2(ranks + 2))
        return float(np.mean(np.concatenate(gains)))


def hide(histories: csr_array, rng: np.random.Generator) -> tuple[csr_array, Hidden | None]:
    """Histories (U, K) without what is hidden of up to 2,000 users, and that; None where nobody has enough to hide."""
    counts = np.diff(histories.indptr)
    able = np.flatnonzero(counts >= ABLE)
    if not len(able):
        return histories, None
    chosen = np.sort(rng.choice(able, min(LOOKED_AT, len(able)), replace=False))
    owners = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort([rng.random(histories.nnz), owners])
    place = np.empty(histories.nnz, np.int64)
    place[order] = np.arange(histories.nnz) - histories.indptr[owners]
    hidden = np.isin(owners, chosen) & (place < np.ceil(HIDDEN * counts)[owners])
    left, gone = histories.copy(), histories.copy()
    left.data, gone.data = left.data * ~hidden, gone.data * hidden
    left.eliminate_zeros()
    gone.eliminate_zeros()
    return left, Hidden(left[chosen], gone[chosen])


@dataclass(frozen=True)
class FittedAutoencoder:
    """What was learned: A (K, d), a (d,), V (K, d), and the notes."""

    cache_key: Scores
    shift: Scores
    items: Scores
    notes: Note


def fit_autoencoder(
    histories: csr_array, config: AutoencoderConfig, ctx: FitContext
) -> FittedAutoencoder:
    """Train on histories (U, K) for `ctx.max_steps`, or for as many as hidden events ask for; seconds cap either."""
    device = usable_device(ctx.device)
    clock = Clock(config.seconds if ctx.seconds is None else ctx.seconds)
    seed = int(ctx.rng.integers(2**62))

    def begun(known: csr_array) -> Denoising:
        chance = torch.Generator().manual_seed(seed)
        model = Autoencoder(known.shape[1], config.size, chance).to(device)
        return Denoising(model, known, config, np.random.default_rng(seed))

    caps = []
    with repeatable():
        steps, (left, hidden) = ctx.max_steps, hide(histories, np.random.default_rng(seed + 1))
        if steps is None and hidden is not None:
            steps, capped = find_steps(begun(left), hidden, clock.half(), ctx.progress)
            log.info("autoencoder: steps=%d found on users=%d", steps, hidden.left.shape[0])
            caps += (
                [] if capped is None else [f"step {capped} of the search for the number of steps"]
            )
        training = begun(histories)
        steps = steps or training.most
        if not training.run(steps, clock, ctx.progress):
            caps.append(f"step {training.steps} of {steps}")
        notes: Note = {"device": device, "steps": training.steps, "capped": bool(caps)}
        if caps:
            notes["capped_at"] = ", ".join(caps)
            log.warning("autoencoder: the seconds cap fired at %s", notes["capped_at"])
        learned = {
            name: weights.detach().cpu().numpy().copy()
            for name, weights in training.model.named_parameters()
        }
        return FittedAutoencoder(**learned, notes=notes)
