"""The sampled softmax against the plain chain of torch operations, and its gradients."""

import torch
from torch.nn import functional

from fusion.models.nn.sampled_softmax import sampled_softmax


def made(rows=7, drawn=5, size=3, spread=1.0):
    chance = torch.Generator().manual_seed(2)

    def draw(*shape):
        return torch.randn(*shape, generator=chance, dtype=torch.float64) * spread

    return [draw(rows, size), draw(rows), draw(drawn, size)], draw(drawn)


def plain(users, wanted, drawn, log_chance, same):
    others = users @ drawn.T - log_chance
    others = others.index_put(same, torch.tensor(-torch.inf, dtype=others.dtype))
    logits = torch.cat([wanted[:, None], others], 1)
    return functional.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))


def both(inputs, log_chance, same):
    for loss in (plain, sampled_softmax):
        leaves = [each.clone().requires_grad_() for each in inputs]
        value = loss(*leaves, log_chance, same)
        (3 * value).backward()
        yield value.detach(), *(leaf.grad for leaf in leaves)


SAME = (
    torch.tensor([0, 0, 4, 6, 6, 6, 6, 6]),
    torch.tensor([1, 3, 2, 0, 1, 2, 3, 4]),
)  # row 6: nothing else drawn


def test_it_is_cross_entropy_with_what_is_the_same_left_out():
    inputs, log_chance = made()
    for slow, fast in zip(*both(inputs, log_chance, SAME), strict=True):
        torch.testing.assert_close(fast, slow)


def test_large_scores_overflow_nothing():
    inputs, log_chance = made(spread=300.0)
    for slow, fast in zip(*both(inputs, log_chance, SAME), strict=True):
        assert torch.isfinite(fast).all()
        torch.testing.assert_close(fast, slow)


def test_its_gradients_are_those_of_its_value():
    inputs, log_chance = made()
    leaves = [each.requires_grad_() for each in inputs]
    assert torch.autograd.gradcheck(
        lambda *given: sampled_softmax(*given, log_chance, SAME), leaves
    )
