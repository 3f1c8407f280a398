"""The sampled softmax loss with a backward pass of its own. Imports torch."""

from typing import Any

import torch
from torch import Tensor

Cells = tuple[Tensor, Tensor]
"""Rows and columns (k,) of single cells."""


def sampled_softmax(
    users: Tensor, wanted: Tensor, sampled: Tensor, log_chance: Tensor, same: Cells
) -> Tensor:
    """Return the mean cross-entropy of each event's item against a shared sample of items.

    The log of an item's chance to be drawn is subtracted from its score, so that the sampled loss
    estimates the full one (logQ correction: Yi et al., Sampling-Bias-Corrected Neural Modeling for
    Large Corpus Item Recommendations, RecSys 2019).

    Args:
        users: (n, d) vectors of the users at n events.
        wanted: (n,) scores of the events' own items, corrected.
        sampled: (m, d) vectors of the sampled items.
        log_chance: (m,) log chances of the sampled items; no gradient flows to them.
        same: cells of (n, m) where the sampled item is the event's own, and does not count.

    Returns:
        A scalar with gradients to `users`, `wanted` and `sampled`.
    """
    apply = _SampledSoftmax.apply
    loss: Tensor = apply(users, wanted, sampled, log_chance, same)  # type: ignore[no-untyped-call]
    return loss


class _SampledSoftmax(torch.autograd.Function):
    """Writes the scores (n, m) once, and turns them into odds in place.

    The chain of autograd would hold six arrays of that size.
    """

    @staticmethod
    def forward(
        ctx: Any, users: Tensor, wanted: Tensor, sampled: Tensor, log_chance: Tensor, same: Cells
    ) -> Tensor:
        """Compute the loss, and keep what its gradients need.

        Args:
            ctx: keeps tensors for `backward`.
            users: (n, d).
            wanted: (n,).
            sampled: (m, d).
            log_chance: (m,).
            same: cells of (n, m) that do not count.

        Returns:
            The mean cross-entropy.
        """
        others = torch.addmm(-log_chance, users, sampled.T)
        others[same] = -torch.inf
        top = torch.maximum(others.amax(1), wanted)  # so that no exponential overflows
        others = others.sub_(top[:, None]).exp_()
        own = (wanted - top).exp()
        total = others.sum(1) + own
        ctx.save_for_backward(users, sampled, others, own, total)
        losses = total.log() - (wanted - top)
        return losses.mean()

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        """Compute the gradients.

        Args:
            ctx: holds the tensors of `forward`.
            outer: gradient of the loss, a scalar.

        Returns:
            Gradients of `users`, `wanted` and `sampled`; None for the others.
        """
        users, sampled, others, own, total = ctx.saved_tensors
        share = outer[0] / len(users)  # of each event in the mean
        weights = (share / total)[:, None]
        # A score's gradient is its softmax probability, less 1 for the event's own item.
        to_users = weights * (others @ sampled)
        to_wanted = (own / total - 1) * share
        to_sampled = others.T @ (weights * users)
        return to_users, to_wanted, to_sampled, None, None
