"""Training of item vectors to rank what a user takes next. Imports torch."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from fusion.models.adaptation.held_out_groups import HeldOutGroup
from fusion.models.adaptation.settings import TEMPERATURE, Schedule, Taste
from fusion.models.adaptation.tastes import NextItems, endless_batches
from fusion.models.adaptation.vector_models import VectorModel
from fusion.models.nn.trainer import Training


class NextItemTraining(Training[VectorModel]):
    """Softmax over the items that were taken next in a batch, from the tastes before them.

    Popular items stand in more batches as negatives: the log of an item's share of the targets is
    taken from its score (logQ correction: Yi et al., RecSys 2019), so that how popular an item is
    teaches nothing of its text.
    """

    def __init__(
        self,
        model: VectorModel,
        pairs: NextItems,
        taste: Taste,
        schedule: Schedule,
        rng: np.random.Generator,
    ) -> None:
        """Set up the batches.

        Args:
            model: on its device.
            pairs: at least one.
            taste: how tastes fade.
            schedule: batch and steps.
            rng: stream of the batches.
        """
        super().__init__(model, schedule, schedule.most)
        self._pairs = pairs
        self._taste = taste
        self._batches = endless_batches(len(pairs), schedule.batch, rng)

    def loss(self) -> Tensor:
        """Return the mean cross-entropy of the next batch."""
        chosen = next(self._batches)
        tastes = self._pairs.tastes(chosen, self._taste)
        targets = self._pairs.items[self._pairs.targets[chosen]]
        # Each item is encoded once, however often it stands in the batch.
        rows = np.unique(np.concatenate([tastes.indices, targets]))
        device = next(self.model.parameters()).device
        vectors = functional.normalize(self.model(torch.from_numpy(rows).long().to(device)))
        weights = torch.from_numpy(tastes[:, rows].toarray()).to(device)
        wanted, place = np.unique(targets, return_inverse=True)
        users = functional.normalize(weights @ vectors)
        own = torch.from_numpy(np.searchsorted(rows, wanted)).to(device)
        log_chance = torch.from_numpy(self._pairs.log_chance[wanted]).to(device)
        scores = users @ vectors[own].T / TEMPERATURE - log_chance
        return functional.cross_entropy(scores, torch.from_numpy(place).to(device))


class GroupCheck:
    """The mean NDCG@10 among the held-out items of a group, by which the steps are found."""

    def __init__(self, group: HeldOutGroup) -> None:
        """Take a group.

        Args:
            group: held-out items.
        """
        self._group = group

    def gain(self, model: VectorModel) -> float:
        """Measure how well vectors rank the held-out items.

        Args:
            model: under training.

        Returns:
            Mean NDCG@10.
        """
        return float(self._group.ndcg(model.all_vectors()).mean())
