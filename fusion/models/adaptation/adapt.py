"""Adapt text vectors to behaviour: train, judge on held-out items, keep or not. Imports torch."""

import logging
import math
from dataclasses import dataclass

import numpy as np
import torch

from fusion.core.arrays import Scores, center_rows, normalize_rows
from fusion.core.torch_runtime import repeatable, usable_device
from fusion.data.dataset import Dataset
from fusion.models.adaptation.contrastive import GroupCheck, NextItemTraining
from fusion.models.adaptation.held_out_groups import HeldOutGroup, hold_out_groups
from fusion.models.adaptation.methods import ItemTexts, Method, encoder_numbers, method_for
from fusion.models.adaptation.settings import Taste, TuneMode
from fusion.models.adaptation.tastes import next_items
from fusion.models.base.fit_context import FitContext
from fusion.models.nn.trainer import Clock, find_steps
from fusion.models.text.encoder_choice import Note

log = logging.getLogger(__name__)

NORMAL_95 = 1.96
"""Standard errors on either side of a mean that hold it 95 times of 100."""
TOO_FEW = "too few items with a text, or too few users who took them, to hold any out"
"""Why nothing is trained on small data: nobody could tell when to stop, nor what it brings."""


def adapt(
    data: Dataset, texts: ItemTexts, mode: TuneMode, taste: Taste, ctx: FitContext
) -> tuple[Scores, Note]:
    """Train a change of text vectors to rank what the same user takes next.

    How many steps are taken is found on held-out items, and so is, with "auto", whether the change
    is kept: only where it certainly ranks these better than the frozen vectors do. What it brings
    is measured on other held-out items, which decided nothing. Then as many steps are taken once
    more, on everything.

    Args:
        data: all that the fold knows.
        texts: of its items.
        mode: "adapter", "lora" or "auto".
        taste: how a user's taste is made of vectors.
        ctx: randomness, device, cores, cache, and the cap on seconds.

    Returns:
        Centred vectors (K, d) float32 of unit length, and notes: `tune` and `tune_why`; where the
        change was kept also `trained_numbers`, `encoder_numbers`, `tune_steps`, and on the items
        that decided nothing `new_items`, `new_items_ndcg` and `new_items_gain` over the frozen
        vectors, with `new_items_gain_low` and `new_items_gain_high`.

    Raises:
        ConfigError: the layers of this encoder cannot be trained here.
    """
    frozen = center_rows(texts.vectors)
    groups = hold_out_groups(data, texts.items, texts.texts, taste)
    if groups is None:
        return frozen, {"tune": "none", "tune_why": TOO_FEW}
    fit = _Trainings(method_for(mode, texts, ctx), texts, taste, ctx)
    with repeatable():
        steps = fit.find_steps(groups.known, groups.choice)
        judged = fit.trained(groups.known, steps).model.all_vectors()
        why = fit.method.why
        if mode == "auto":
            gain = _gain(groups.choice, judged, frozen)
            why = f"NDCG@10 {gain} on {len(groups.choice.items)} held-out items"
            if gain.low <= 0:
                return frozen, {"tune": "none", "tune_why": f"{why}: no certain gain"}
        training = fit.trained(data, steps)
    notes: Note = {
        "tune": fit.method.name,
        "tune_why": why,
        "trained_numbers": training.model.n_trained,
        "encoder_numbers": encoder_numbers(texts.encoder, ctx),
        "tune_steps": training.steps,
    }
    notes |= _report(groups.report, judged, frozen)
    log.info("text vectors adapted: %s", notes)
    return normalize_rows(training.model.all_vectors()), notes


class _Trainings:
    """The trainings of a fit; equal ones give equal bits, whatever was trained before.

    Attributes:
        method: by which vectors are changed.
    """

    def __init__(self, method: Method, texts: ItemTexts, taste: Taste, ctx: FitContext) -> None:
        self.method = method
        self._texts = texts
        self._taste = taste
        self._progress = ctx.progress
        self._seed = int(ctx.rng.integers(2**62))
        self._device = usable_device(ctx.device)
        self._clock = Clock(ctx.seconds)

    def find_steps(self, known: Dataset, group: HeldOutGroup) -> int:
        """Find the number of steps by held-out items."""
        training = self._training(known)
        search = find_steps(training, GroupCheck(group), self._clock.half(), self._progress)
        return search.steps

    def trained(self, data: Dataset, steps: int) -> NextItemTraining:
        """Train on interactions."""
        training = self._training(data)
        training.run(steps, self._clock, self._progress)
        return training

    def _training(self, data: Dataset) -> NextItemTraining:
        chance = torch.Generator().manual_seed(self._seed)
        model = self.method.make(chance).to(self._device)
        pairs = next_items(data, self._texts.items, self._taste)
        rng = np.random.default_rng(self._seed)
        return NextItemTraining(model, pairs, self._taste, self.method.schedule, rng)


@dataclass(frozen=True)
class _Gain:
    """A mean difference of users, with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def _gain(group: HeldOutGroup, vectors: Scores, frozen: Scores) -> _Gain:
    """Return how much better vectors rank held-out items than the frozen ones do.

    The same users judge both; their differences are many enough for a normal interval.
    """
    gaps = group.ndcg(vectors) - group.ndcg(frozen)
    value = float(gaps.mean())
    margin = NORMAL_95 * float(gaps.std(ddof=1)) / math.sqrt(len(gaps))
    return _Gain(value, value - margin, value + margin)


def _report(group: HeldOutGroup, vectors: Scores, frozen: Scores) -> Note:
    """Say how vectors rank items that decided nothing."""
    gain = _gain(group, vectors, frozen)
    return {
        "new_items": len(group.items),
        "new_items_ndcg": round(float(group.ndcg(vectors).mean()), 4),
        "new_items_gain": round(gain.value, 4),
        "new_items_gain_low": round(gain.low, 4),
        "new_items_gain_high": round(gain.high, 4),
    }
