"""`neural` trained with perturbed embeddings, beside the source as it is, under attack.

    python -m benchmarks.hostile.adversarial --share 0.03

Adversarial personalized ranking (He, He, Du, Chua, SIGIR 2018), for the softmax of `neural`: after
each batch the item embeddings move by `EPSILON` along the gradient of the loss, each item's by its
own, and the loss there is learned from, too. On the generated shop, with each user's last event
held out: NDCG@10 without bots, and the places that promoted items gain in genuine users' lists.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.hostile.attacks import ATTACKS, Campaign, inject
from benchmarks.hostile.worlds import dataset, generated
from fusion.core.arrays import Scores
from fusion.data.dataset import Dataset
from fusion.metrics.bootstrap import paired_gap
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.fitted import fit
from fusion.models.base.registry import build
from fusion.models.nn.two_tower_training import Trainer

EPSILON, SHARE = 0.5, 1.0
"""Length of a move, and the part of the loss there."""
STEPS, SIZE, DEPTH = 100, 300, 10


@contextmanager
def perturbed() -> Iterator[None]:
    """Train with perturbed item embeddings within."""
    plain_loss, plain_step = Trainer._loss, Trainer._step

    def loss(self: Trainer, chosen: NDArray[np.int64], windows: Tensor) -> Tensor:
        weight = self.model.ids.weight
        first = plain_loss(self, chosen, windows)
        (gradient,) = torch.autograd.grad(first, weight, retain_graph=True)
        move = EPSILON * torch.nn.functional.normalize(gradient, dim=1)
        # The gradient is taken where the embeddings have moved; the step puts them back.
        self.moved = move
        weight.data.add_(move)
        second = plain_loss(self, chosen, windows)
        # What the first loss looked up is a copy, which the move does not reach.
        return first + SHARE * second

    def step(self: Trainer) -> None:
        def put_back(*_: object) -> None:
            self.model.ids.weight.data.sub_(self.moved)

        hook = self._optimizer.register_step_pre_hook(put_back)
        plain_step(self)
        hook.remove()

    with patch.object(Trainer, "_loss", loss), patch.object(Trainer, "_step", step):
        yield


def lists_of(data: Dataset, users: pl.Series, seed: int) -> NDArray[np.str_]:
    """Fit `neural` and return outside ids (n, 10) of users' lists."""
    context = FitContext(rng=np.random.default_rng(seed), threads=1)
    fitted = fit("neural", build("neural", {"steps": STEPS}), data, DEPTH, context)
    rows = data.user_ids.rows(users)
    block = data.users_at(rows, np.full(len(rows), data.as_of))
    items = fitted.top(block, DEPTH, Allowed(np.ones(data.n_items, bool))).items
    return np.where(items >= 0, data.item_ids.values.to_numpy()[items], "").astype(str)


def told(one: Scores, other: Scores) -> str:
    """Write a paired difference with its interval."""
    gap = paired_gap(one, other, 0)
    return f"{gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"


def main() -> None:
    """Print both ways of training beside each other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--share", type=float, default=0.03, help="bots for each genuine user")
    parser.add_argument("--attacks", default=",".join(ATTACKS))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    events, kinds = generated(given.seed, SIZE)
    ordered = events.sort("time", maintain_order=True).with_row_index("row")
    last = ordered.group_by("user", maintain_order=True).last()
    known = ordered.filter(~pl.col("row").is_in(last["row"].implode())).drop("row")
    judged = last.filter(pl.col("user").is_in(known["user"].implode())).sort("user")
    users, wanted = judged["user"], judged["item"].to_numpy()[:, None]
    discounts = 1 / np.log2(np.arange(2, DEPTH + 2))
    values, clean = {}, {}
    for name in ("plain", "adversarial"):
        began = time.process_time()
        clean[name] = trained(name, dataset(known, kinds, "keep"), users, given.seed)
        values[name] = ((clean[name] == wanted) * discounts).sum(axis=1)
        seconds = time.process_time() - began
        print(f"{name}: NDCG@10 {values[name].mean():.4f}, {seconds:.0f} CPU s", flush=True)
    print(f"adversarial less plain: {told(values['adversarial'], values['plain'])}")
    for attack in given.attacks.split(","):
        attacked, targets = inject(known, kinds, Campaign(attack, given.share, seed=given.seed))
        data = dataset(attacked.sort("time", maintain_order=True), kinds, "keep")
        for name, before in clean.items():
            after = trained(name, data, users, given.seed)
            gains = [np.isin(one, targets).sum(axis=1) for one in (after, before)]
            print(f"{attack}, {name}: places gained {told(*gains)}", flush=True)


def trained(name: str, data: Dataset, users: pl.Series, seed: int) -> NDArray[np.str_]:
    """Train in one of the two ways."""
    if name == "plain":
        return lists_of(data, users, seed)
    with perturbed():
        return lists_of(data, users, seed)


if __name__ == "__main__":
    main()
