"""A fit of the two towers from histories to arrays: find the steps, then train. Imports torch."""

import logging
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from fusion.core.arrays import Offsets, Rows, Scores
from fusion.core.torch_runtime import repeatable, usable_device
from fusion.models.base.fit_context import FitContext
from fusion.models.nn.held_out_tails import HeldOutTails, HeldOutWeights
from fusion.models.nn.settings import NeuralConfig
from fusion.models.nn.trainer import CURVE, Clock, StepSearch, capped_search, curve_text, find_steps
from fusion.models.nn.two_tower import TwoTower
from fusion.models.nn.two_tower_training import Trainer, WeightTrainer, most_steps
from fusion.models.nn.two_tower_warm_start import WarmState
from fusion.models.nn.windows import HistoryTails, hold_out, training_windows, without
from fusion.models.text.encoder_choice import Note

log = logging.getLogger(__name__)

TAIL_USERS = 2000
"""Users with held-out tails, at most: their mean gain is steady enough, and quick to compute."""
TAIL_EVENTS = 2
"""Events of a tail: few, so that the histories left are nearly those of the final training."""
ROUNDS = 20
"""Rounds through the windows where no history is long enough to hold a tail out."""


@dataclass(frozen=True)
class Histories:
    """Events of U users with K items, oldest first within a user.

    Attributes:
        items: (E,) int32 in [0, K).
        borders: (U + 1,) user u's events stand at borders[u]:borders[u + 1].
        texts: (K, t) text vectors, zeros where an item has no text; None without any text.
        n_items: K.
        weights: (E,) float32 in [0, 1], where weights are predicted; None where the next item is.
    """

    items: Rows
    borders: Offsets
    texts: Scores | None
    n_items: int
    weights: Scores | None = None

    def without(self, tails: HistoryTails) -> "Histories":
        """Drop held-out tails.

        Args:
            tails: of these histories.

        Returns:
            The shorter histories.
        """
        items, borders = without(self.items, self.borders, tails)
        weights = None
        if self.weights is not None:
            weights, _ = without(self.weights, self.borders, tails)
        return replace(self, items=items, borders=borders, weights=weights)


@dataclass(frozen=True)
class FittedTwoTower:
    """Learned arrays of the towers.

    Attributes:
        ids: (K, d) embeddings of the items.
        meaning: (d, t) projection of texts; None without texts.
        sequence: the GRU's weights by torch's names.
        notes: facts about the fit for the manifest.
    """

    ids: Scores
    meaning: Scores | None
    sequence: dict[str, Scores]
    notes: Note


@dataclass(frozen=True)
class _Start:
    """Beginning of a training: the seed of all its random choices, and the device."""

    seed: int
    device: str


def fit_two_tower(
    histories: Histories, config: NeuralConfig, ctx: FitContext, begun: WarmState | None = None
) -> FittedTwoTower:
    """Train the towers on histories.

    Args:
        histories: at least one of two events.
        config: the settings of the source.
        ctx: device, stream, number of steps, or None to find it by held-out tails, and the cap on
            seconds, which ends the search and the training.
        begun: towers of an earlier cut, which take only the last of the steps: as many as there is
            news. None for a fit from nothing.

    Returns:
        The learned arrays and the notes.
    """
    start = _Start(int(ctx.rng.integers(2**62)), usable_device(ctx.device))
    clock = Clock(config.seconds if ctx.seconds is None else ctx.seconds)
    caps = []
    curve = ""
    with repeatable():
        steps = ctx.max_steps
        if steps is None:
            search = _search(histories, config, ctx, start, clock.half())
            steps = search.steps
            caps += capped_search(search)
            curve = curve_text(search)
        trainer = _trainer(histories, config, start)
        if begun is not None:
            _load_weights(trainer.model, begun)
            trainer.begin_at(steps - begun.steps(steps))
        if not trainer.run(steps, clock, ctx.progress):
            caps.append(f"step {trainer.steps} of {steps}")
        steps_taken = trainer.steps - trainer.first
        notes: Note = {"device": start.device, "steps": steps_taken, "capped": bool(caps)}
        if begun is not None:
            notes |= {"steps_from_nothing": steps, "new_events": round(begun.news, 6)}
        if curve:
            notes[CURVE] = curve
        if caps:
            notes["capped_at"] = ", ".join(caps)
            log.warning("neural: the seconds cap fired at %s", notes["capped_at"])
        return _export(trainer.model, notes)


def _search(
    histories: Histories, config: NeuralConfig, ctx: FitContext, start: _Start, clock: Clock
) -> StepSearch:
    """Find the number of steps by held-out tails."""
    # A stream of its own: the training after the search must not depend on it.
    rng = np.random.default_rng(start.seed + 1)
    tails = hold_out(histories.borders, TAIL_EVENTS, TAIL_USERS, rng)
    shorter = histories.without(tails)
    windows_left = len(training_windows(shorter.items, shorter.borders, config.last))
    if not len(tails.rows) or not windows_left:
        return StepSearch(_steps_without_tails(histories, config))
    trainer = _trainer(shorter, config, start)
    held_out = _held_out(histories, tails, config.last)
    search = find_steps(trainer, held_out, clock, ctx.progress)
    log.info(
        "neural: steps=%d found on users=%d, looked until step=%d",
        search.steps,
        len(tails.rows),
        trainer.steps,
    )
    return search


def _steps_without_tails(histories: Histories, config: NeuralConfig) -> int:
    n_windows = len(training_windows(histories.items, histories.borders, config.last))
    most = config.steps or most_steps(n_windows, config.batch)
    steps_of_rounds = -(-n_windows * ROUNDS // config.batch)  # rounded up
    return min(most, steps_of_rounds)


def _held_out(histories: Histories, tails: HistoryTails, last: int) -> HeldOutTails:
    if histories.weights is None:
        return HeldOutTails(histories.items, histories.borders, tails, last)
    return HeldOutWeights(histories.items, histories.weights, histories.borders, tails, last)


def _trainer(histories: Histories, config: NeuralConfig, start: _Start) -> Trainer:
    """Make fresh towers and their trainer, equal for equal starts, whatever was computed before."""
    text = None
    if histories.texts is not None:
        of_padding = np.zeros_like(histories.texts[:1])
        text = torch.from_numpy(np.vstack([histories.texts, of_padding]))
    weights = histories.weights
    towers = TwoTower(
        histories.n_items,
        config,
        text,
        torch.Generator().manual_seed(start.seed),
        reads_weights=weights is not None,
    ).to(start.device)
    windows = training_windows(histories.items, histories.borders, config.last)
    rng = np.random.default_rng(start.seed)
    if weights is None:
        return Trainer(towers, windows, config, rng)
    return WeightTrainer(towers, windows, weights, config, rng)


def _load_weights(towers: TwoTower, begun: WarmState) -> None:
    """Put the earlier weights in place of the first ones."""
    # Cuts of one plan read the same texts, so both have a projection or none has.
    assert (towers.meaning is None) == (begun.meaning is None)
    with torch.no_grad():
        towers.ids.weight[:-1].copy_(torch.from_numpy(begun.ids))
        if towers.meaning is not None and begun.meaning is not None:
            towers.meaning.weight.copy_(torch.from_numpy(begun.meaning))
        for name, weights in towers.sequence.named_parameters():
            weights.copy_(torch.from_numpy(begun.sequence[name]))


def _export(towers: TwoTower, notes: Note) -> FittedTwoTower:
    items = torch.arange(towers.ids.num_embeddings - 1, device=towers.ids.weight.device)
    ids = _array(towers.own_parts(items))
    meaning = None if towers.meaning is None else _array(towers.meaning.weight)
    sequence = {name: _array(weights) for name, weights in towers.sequence.named_parameters()}
    return FittedTwoTower(ids, meaning, sequence, notes)


def _array(values: torch.Tensor) -> NDArray[np.float32]:
    return values.detach().cpu().numpy().copy()
