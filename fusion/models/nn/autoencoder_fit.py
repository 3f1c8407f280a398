"""A fit of the autoencoder from histories to arrays: find the steps, then train. Imports torch."""

import logging
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_array

from fusion.core.arrays import Scores
from fusion.core.torch_runtime import repeatable, usable_device
from fusion.models.base.fit_context import FitContext
from fusion.models.nn.autoencoder_training import Autoencoder, Denoising
from fusion.models.nn.hidden_events import hide
from fusion.models.nn.settings import AutoencoderConfig
from fusion.models.nn.trainer import CURVE, Clock, capped_search, curve_text, find_steps
from fusion.models.text.encoder_choice import Note

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FittedAutoencoder:
    """Learned arrays of u = tanh(x A + a) and ⟨u, v⟩.

    Attributes:
        input_weights: A (K, d).
        shift: a (d,).
        items: V (K, d).
        notes: facts about the fit for the manifest.
    """

    input_weights: Scores
    shift: Scores
    items: Scores
    notes: Note


def fit_autoencoder(
    histories: csr_array, config: AutoencoderConfig, ctx: FitContext
) -> FittedAutoencoder:
    """Train an autoencoder on histories.

    Args:
        histories: (U, K) float32, rows of unit length.
        config: the settings of the source.
        ctx: device, stream, number of steps, or None to find it by hidden events, and the cap on
            seconds, which ends the search and the training.

    Returns:
        The learned arrays and the notes.
    """
    device = usable_device(ctx.device)
    clock = Clock(config.seconds if ctx.seconds is None else ctx.seconds)
    seed = int(ctx.rng.integers(2**62))
    caps = []
    curve = ""
    with repeatable():
        steps = ctx.max_steps
        left, hidden = hide(histories, np.random.default_rng(seed + 1))
        if steps is None and hidden is not None:
            fresh = _training(left, config, seed, device)
            search = find_steps(fresh, hidden, clock.half(), ctx.progress)
            steps = search.steps
            log.info("autoencoder: steps=%d found on users=%d", steps, hidden.left.shape[0])
            caps += capped_search(search)
            curve = curve_text(search)
        training = _training(histories, config, seed, device)
        steps = steps or training.most
        if not training.run(steps, clock, ctx.progress):
            caps.append(f"step {training.steps} of {steps}")
        notes: Note = {"device": device, "steps": training.steps, "capped": bool(caps)}
        if curve:
            notes[CURVE] = curve
        if caps:
            notes["capped_at"] = ", ".join(caps)
            log.warning("autoencoder: the seconds cap fired at %s", notes["capped_at"])
        return _export(training.model, notes)


def _training(histories: csr_array, config: AutoencoderConfig, seed: int, device: str) -> Denoising:
    """Make a fresh model and its training, equal for equal seeds.

    The search and the training begin alike, so that a number of steps means the same to both.
    """
    chance = torch.Generator().manual_seed(seed)
    model = Autoencoder(histories.shape[1], config.size, chance).to(device)
    return Denoising(model, histories, config, np.random.default_rng(seed))


def _export(model: Autoencoder, notes: Note) -> FittedAutoencoder:
    learned = {}
    for name, weights in model.named_parameters():
        learned[name] = weights.detach().cpu().numpy().copy()
    return FittedAutoencoder(**learned, notes=notes)
