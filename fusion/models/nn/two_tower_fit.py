"""A fit of the towers from histories to arrays: search for the number of steps, then training. Imports torch."""

import logging
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from fusion.core.arrays import Offsets, Rows, Scores
from fusion.core.torch_runtime import repeatable, usable_device
from fusion.models.base.recommender import FitContext
from fusion.models.nn.settings import NeuralConfig
from fusion.models.nn.trainer import Clock, find_steps
from fusion.models.nn.two_tower import TwoTower
from fusion.models.nn.two_tower_training import (
    HeldOut,
    HeldOutWeights,
    Trainer,
    WeightTrainer,
    most_steps,
)
from fusion.models.nn.two_tower_warm_start import WarmState
from fusion.models.nn.windows import HistoryTails, hold_out, training_windows, without
from fusion.models.text.encoders import Note

log = logging.getLogger(__name__)

TAIL_USERS = 2000
"""Users whose tails are held out to find the number of steps, at most."""
TAIL_EVENTS = 2
"""Events in a tail."""
ROUNDS = 20
"""Rounds through the data where nobody's history is long enough to hold a tail out."""


@dataclass(frozen=True)
class Histories:
    """Events of all users in their order: `items` (E,) in [0, K), user u's at borders[u]:borders[u + 1].

    `texts` (K, t): vectors of the items' texts, zeros where there is none; None without any text.
    `weights` (E,) in [0, 1]: what is to be told of the events; None where the next item is.
    """

    items: Rows
    borders: Offsets
    texts: Scores | None
    n_items: int
    weights: Scores | None = None

    def without(self, tails: HistoryTails) -> "Histories":
        """The histories without what is held out."""
        items, borders = without(self.items, self.borders, tails)
        weights = None if self.weights is None else without(self.weights, self.borders, tails)[0]
        return replace(self, items=items, borders=borders, weights=weights)


@dataclass(frozen=True)
class FittedTwoTower:
    """What was learned: `ids` (K, d), `meaning` (d, t) or None, the GRU's weights by name, and the notes."""

    ids: Scores
    meaning: Scores | None
    sequence: dict[str, Scores]
    notes: Note


def fit_two_tower(
    histories: Histories, config: NeuralConfig, ctx: FitContext, begun: WarmState | None = None
) -> FittedTwoTower:
    """Train for `ctx.max_steps`, or for as many as held-out tails ask for; the seconds cap ends either.

    Towers that were `begun` at an earlier cut take the last of these steps only: as many as there
    is news.
    """
    device = usable_device(ctx.device)
    clock = Clock(config.seconds if ctx.seconds is None else ctx.seconds)
    seed = int(ctx.rng.integers(2**62))
    caps = []
    with repeatable():
        steps = ctx.max_steps
        if steps is None:
            steps, capped = _search(histories, config, ctx, _Start(seed, device), clock.half())
            caps += (
                [] if capped is None else [f"step {capped} of the search for the number of steps"]
            )
        trainer = _trainer(histories, config, _Start(seed, device))
        if begun is not None:
            _take_over(trainer.model, begun)
            trainer.begin_at(steps - begun.steps(steps))
        if not trainer.run(steps, clock, ctx.progress):
            caps.append(f"step {trainer.steps} of {steps}")
        notes: Note = {
            "device": device,
            "steps": trainer.steps - trainer.first,
            "capped": bool(caps),
        }
        if begun is not None:
            notes |= {"steps_from_nothing": steps, "new_events": round(begun.news, 6)}
        if caps:
            notes["capped_at"] = ", ".join(caps)
            log.warning("neural: the seconds cap fired at %s", notes["capped_at"])
        return _export(trainer.model, notes)


@dataclass(frozen=True)
class _Start:
    seed: int
    device: str


def _search(
    histories: Histories, config: NeuralConfig, ctx: FitContext, start: _Start, clock: Clock
) -> tuple[int, int | None]:
    """The number of steps by held-out tails, and the step at which the clock ended the search, if it did."""
    tails = hold_out(
        histories.borders, TAIL_EVENTS, TAIL_USERS, np.random.default_rng(start.seed + 1)
    )
    shorter = histories.without(tails)
    if not len(tails.rows) or not len(
        training_windows(shorter.items, shorter.borders, config.last)
    ):
        windows = len(training_windows(histories.items, histories.borders, config.last))
        most = config.steps or most_steps(windows, config.batch)
        return min(most, -(-windows * ROUNDS // config.batch)), None
    trainer = _trainer(shorter, config, start)
    found = find_steps(trainer, _held_out(histories, tails, config.last), clock, ctx.progress)
    log.info(
        "neural: steps=%d found on users=%d, looked until step=%d",
        found[0],
        len(tails.rows),
        trainer.steps,
    )
    return found


def _held_out(histories: Histories, tails: HistoryTails, last: int) -> HeldOut:
    if histories.weights is None:
        return HeldOut(histories.items, histories.borders, tails, last)
    return HeldOutWeights(histories.items, histories.weights, histories.borders, tails, last)


def _trainer(histories: Histories, config: NeuralConfig, start: _Start) -> Trainer:
    """Fresh towers and their trainer, the same for the same start whatever was computed before."""
    text = None
    if histories.texts is not None:
        text = torch.from_numpy(np.vstack([histories.texts, np.zeros_like(histories.texts[:1])]))
    chance = torch.Generator().manual_seed(start.seed)
    weights, rng = histories.weights, np.random.default_rng(start.seed)
    towers = TwoTower(
        histories.n_items, config.size, config.dropout, text, chance, weights is not None
    )
    windows = training_windows(histories.items, histories.borders, config.last)
    if weights is None:
        return Trainer(towers.to(start.device), windows, config, rng)
    return WeightTrainer(towers.to(start.device), windows, weights, config, rng)


def _take_over(towers: TwoTower, begun: WarmState) -> None:
    """Put the earlier weights in place of those drawn."""
    assert (towers.meaning is None) == (
        begun.meaning is None
    )  # cuts of one plan read the same texts
    with torch.no_grad():
        towers.ids.weight[:-1].copy_(torch.from_numpy(begun.ids))
        if towers.meaning is not None and begun.meaning is not None:
            towers.meaning.weight.copy_(torch.from_numpy(begun.meaning))
        for name, weights in towers.sequence.named_parameters():
            weights.copy_(torch.from_numpy(begun.sequence[name]))


def _export(towers: TwoTower, notes: Note) -> FittedTwoTower:
    ids = _array(towers.ids.weight)[:-1]
    meaning = None if towers.meaning is None else _array(towers.meaning.weight)
    return FittedTwoTower(
        ids, meaning, {n: _array(p) for n, p in towers.sequence.named_parameters()}, notes
    )


def _array(values: torch.Tensor) -> NDArray[np.float32]:
    return values.detach().cpu().numpy().copy()
