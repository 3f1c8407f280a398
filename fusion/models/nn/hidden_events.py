"""Hidden events of some histories, by which the autoencoder's number of steps is found.

Imports torch.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fusion.core.arrays import Scores, blocks
from fusion.models.nn.autoencoder_training import Autoencoder

MIN_ITEMS = 5
"""Items of a history from which something can be hidden: one of five, and four are left."""
HIDDEN_SHARE = 0.2
"""Share of a history that is hidden, rounded up."""
MAX_USERS = 2000
"""Users with hidden events, at most: their mean gain is steady enough, and quick to compute."""
USERS_AT_ONCE = 256
"""Users ranked at once: a dense block of them times all items."""


class HiddenEvents:
    """Histories of some users without their hidden events, beside these."""

    def __init__(self, left: csr_array, hidden: csr_array) -> None:
        """Keep both parts.

        Args:
            left: (n, K) histories without the hidden events.
            hidden: (n, K) the hidden events.
        """
        self.left = left
        self.hidden = hidden

    def gain(self, model: Autoencoder) -> float:
        """Rank the hidden events among all items that are not left in the history.

        Args:
            model: the network under training.

        Returns:
            Mean of 1 / log2(1 + rank) over all hidden events: NDCG without a cut, steadier than
            NDCG at 10.
        """
        model.eval()
        gains = []
        with torch.inference_mode():
            for part in blocks(self.left.shape[0], USERS_AT_ONCE):
                gains += self._gains(model, part)
        return float(np.mean(np.concatenate(gains)))

    def _gains(self, model: Autoencoder, part: slice) -> list[NDArray[np.float64]]:
        """Compute the gains of a block of users, one array a user."""
        scores = self._scores(model, part)
        owners, items = self.hidden[part].nonzero()
        ordered = np.sort(scores, axis=1)
        gains = []
        for owner in np.unique(owners):
            wanted = scores[owner, items[owners == owner]]
            # How many items score higher.
            above = scores.shape[1] - np.searchsorted(ordered[owner], wanted, "right")
            gains.append(1 / np.log2(above + 2))
        return gains

    def _scores(self, model: Autoencoder, part: slice) -> Scores:
        """Score all items (n, K); those left in a history rank last."""
        left = self.left[part].toarray()
        histories = torch.from_numpy(left).to(model.shift.device)
        users = model.users(histories)
        scores: Scores = (users @ model.items.T).cpu().numpy()
        scores[left > 0] = -np.inf
        return scores


def hide(histories: csr_array, rng: np.random.Generator) -> tuple[csr_array, HiddenEvents | None]:
    """Hide a share of the events of some users.

    Args:
        histories: (U, K) float32.
        rng: stream of the draws.

    Returns:
        The histories (U, K) without the hidden events, and these; None where no history is long
        enough.
    """
    counts = np.diff(histories.indptr)
    able = np.flatnonzero(counts >= MIN_ITEMS)
    if not len(able):
        return histories, None
    chosen = rng.choice(able, min(MAX_USERS, len(able)), replace=False)
    chosen.sort()
    owners = np.repeat(np.arange(len(counts)), counts)
    # Each history is shuffled, and its first events are hidden.
    order = np.lexsort([rng.random(histories.nnz), owners])
    place = np.empty(histories.nnz, np.int64)
    place[order] = np.arange(histories.nnz) - histories.indptr[owners]
    n_hidden = np.ceil(HIDDEN_SHARE * counts)
    hidden = np.isin(owners, chosen) & (place < n_hidden[owners])
    left = _only(histories, ~hidden)
    gone = _only(histories, hidden)
    return left, HiddenEvents(left[chosen], gone[chosen])


def _only(histories: csr_array, events: NDArray[np.bool_]) -> csr_array:
    part = histories.copy()
    part.data = part.data * events
    part.eliminate_zeros()
    return part
