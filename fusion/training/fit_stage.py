"""One fit of a source on one fold as a stage: its key, its making from nothing or from an earlier cut, its state."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.config import SourceSettings
from fusion.core.arrays import State, ragged_index
from fusion.data.dataset import Dataset
from fusion.data.fold import Fold
from fusion.errors import FusionError
from fusion.models.base.fitted import fit, fit_items
from fusion.models.base.recommender import FitContext
from fusion.models.base.registry import build
from fusion.runs.cleanup import remove_folder
from fusion.runs.context import RunContext
from fusion.training.sources import source_code, source_seed

log = logging.getLogger(__name__)
STATE = "state.npz"


@dataclass(frozen=True)
class Earlier:
    """Where a warm fit begins: the same source's fit on an earlier fold, in its folder."""

    fold: Fold
    folder: Path


def is_warm(context: RunContext, settings: SourceSettings) -> bool:
    """Whether a source's fits begin from one another; at random no fold is earlier than another."""
    return settings.refit == "warm" and context.plan.kind != "random"


def is_earlier(known: Dataset, later: Dataset) -> bool:
    """Whether each user's history in `known` is where the history in `later` begins, so that nothing in it is news."""
    if known.n_users != later.n_users or (known.user_counts > later.user_counts).any():
        return False
    order, (after, borders) = known.by_user[0], later.by_user
    begins = after[ragged_index(borders[:-1], known.user_counts.astype(np.int64))]
    pairs = ((known.items, later.items), (known.times, later.times), (known.weights, later.weights))
    return all(np.array_equal(one[order], other[begins]) for one, other in pairs)


def fitting(
    context: RunContext,
    fold: Fold,
    settings: SourceSettings,
    steps: int | None,
    earlier: Earlier | None = None,
) -> Callable[[], Path]:
    """The stage that fits one source on one fold, ready to be called; from an `earlier` fit, which its key then names.

    Raises FusionError for one that is not earlier, since its fit knows what this fold holds out.
    """
    if earlier and not is_earlier(earlier.fold.known, fold.known):
        raise FusionError(
            f"the fit of {settings.name} on {fold.name} may not begin from that on {earlier.fold.name}, "
            f"which knows what {fold.name} does not"
        )
    model = build(settings.use, settings.settings)
    known = fold.known.trim_users().trim_items(fit_items(model, fold.known))
    inputs = {
        "use": settings.use,
        "code": source_code(type(model)),
        "reads": model.cache_key(),
        "settings": model.config.model_dump(mode="json"),
        "data": known.digest,
        "device": context.device,
        "seed": source_seed(context.config.seed, settings.name),
        "steps": steps,
    }
    if is_warm(context, settings):
        inputs["warm"] = earlier.folder.name if earlier else None

    def make(folder: Path) -> None:
        fit_context = FitContext(
            rng=np.random.default_rng(inputs["seed"]),
            device=context.device,
            max_steps=steps,
            warm=stored_state(context, earlier.fold, settings, earlier.folder) if earlier else None,
            keep=is_warm(context, settings),
            cache=context.store.root / "vectors",
            progress=context.progress(f"fit {settings.name} on {fold.name}"),
        )
        started = time.monotonic()
        fitted = fit(settings.name, model, known, settings.k, fit_context)
        np.savez(folder / STATE, allow_pickle=False, **fitted.model.state())
        notes = {
            **fitted.model.notes,
            "seconds": round(time.monotonic() - started, 2),
            "n_items": fitted.n_items,
        }
        if earlier:
            notes["refit"] = f"warm, from {earlier.fold.name}"
        (folder / "notes.json").write_text(json.dumps(notes))
        log.info(
            "fit done source=%s fold=%s items=%d seconds=%s",
            settings.name,
            fold.name,
            *_brief(notes),
        )

    return lambda: context.store.stage("fit", inputs, make)


def _brief(notes: dict[str, Any]) -> tuple[int, float]:
    return notes["n_items"], notes["seconds"]


def stored_state(context: RunContext, fold: Fold, settings: SourceSettings, folder: Path) -> State:
    """The arrays of a fit, which is made once more where an earlier run dropped them for their size."""
    if not (folder / STATE).exists():
        _refit(context, fold, settings, folder)
    with np.load(folder / STATE, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _refit(context: RunContext, fold: Fold, settings: SourceSettings, folder: Path) -> None:
    """Fit again with as many steps, and from the same earlier fit."""
    inputs = json.loads((folder / "inputs.json").read_text())
    earlier = None
    if inputs.get("warm"):
        earlier = Earlier(_before(context, fold), folder.with_name(inputs["warm"]))
    remove_folder(folder)
    fitting(context, fold, settings, inputs["steps"], earlier)()


def _before(context: RunContext, fold: Fold) -> Fold:
    """The fold that comes before one in the order of fits."""
    plan = context.plan
    folds = (*plan.labels, plan.verdict, plan.serving)
    return folds[[other.name for other in folds].index(fold.name) - 1]
