"""The sampled softmax loss with a backward of its own, in the least passes over its largest array. Imports torch."""

from typing import Any

import torch
from torch import Tensor

Cells = tuple[Tensor, Tensor]
"""Rows and columns (k,) of single cells."""


def sampled_softmax(
    users: Tensor, wanted: Tensor, drawn: Tensor, log_chance: Tensor, same: Cells
) -> Tensor:
    """Mean cross-entropy of telling each event's item from the m drawn ones.

    `users` (n, d), `wanted` (n,): scores of the events' own items, `drawn` (m, d): vectors of the
    others, `log_chance` (m,): taken away from their scores, so that the sampled loss estimates the
    full one (Yi et al., Sampling-Bias-Corrected Neural Modeling, RecSys 2019), `same`: where the
    item drawn is the event's own and does not count. No gradient flows to `log_chance`.
    """
    loss: Tensor = _SampledSoftmax.apply(users, wanted, drawn, log_chance, same)  # type: ignore[no-untyped-call]
    return loss


class _SampledSoftmax(torch.autograd.Function):
    """Scores (n, m) are written once and turned into chances in place; autograd's chain would hold six such arrays."""

    @staticmethod
    def forward(
        ctx: Any, users: Tensor, wanted: Tensor, drawn: Tensor, log_chance: Tensor, same: Cells
    ) -> Tensor:
        others = torch.addmm(-log_chance, users, drawn.T)
        others[same] = -torch.inf
        top = torch.maximum(others.amax(1), wanted)  # so that no exponential overflows
        others = others.sub_(top[:, None]).exp_()
        own = (wanted - top).exp()
        total = others.sum(1) + own
        ctx.save_for_backward(users, drawn, others, own, total)
        return (total.log() - (wanted - top)).mean()

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        users, drawn, others, own, total = ctx.saved_tensors
        share = outer[0] / len(users)
        weights = (share / total)[:, None]
        return (
            weights * (others @ drawn),
            (own / total - 1) * share,
            others.T @ (weights * users),
            None,
            None,
        )
