"""The stage that fits one source on one fold, from nothing or from the fit on an earlier fold."""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fusion.config import SourceSettings
from fusion.core.arrays import State
from fusion.data.dataset import Dataset
from fusion.data.splitting.earlier import begins_from
from fusion.data.splitting.fold import SERVING, Fold
from fusion.errors import FusionError
from fusion.models.base.fit_context import FitContext
from fusion.models.base.fitted import FittedSource, fit_items
from fusion.models.base.recommender import Recommender
from fusion.models.base.state_file import read_state, write_state
from fusion.models.foreign.resolve import model_code, source_model
from fusion.runs.cleanup import remove_folder
from fusion.runs.stages.record import damage_of_file, read_record
from fusion.runs.stages.runtime import Runtime, Stage
from fusion.runs.stages.store import set_aside
from fusion.training.elsewhere.earlier_fit import EarlierFit
from fusion.training.sources import source_seed

STATE = "state.npz"
"""The arrays that a fit learned; absent where they were dropped for their size."""
NOTES = "notes.json"
"""Notes of a fit: its seconds and items, and whatever the source adds."""


@dataclass(frozen=True)
class ModelRecipe:
    """A recommender and its settings: all that decides an unfitted model.

    Attributes:
        use: name of the recommender in the registry.
        settings: those that are given; the others are its defaults.
    """

    use: str
    settings: dict[str, Any]

    @classmethod
    def of(cls, source: SourceSettings) -> "ModelRecipe":
        """Return the recipe of a configured source.

        Args:
            source: its entry in the configuration.
        """
        return cls(source.use, source.settings)

    def build(self) -> Recommender:
        """Return the unfitted model."""
        return source_model(self.use, self.settings)

    @property
    def key(self) -> dict[str, Any]:
        """Its name, all its settings, its code, which may be foreign, and the models it reads."""
        model = self.build()
        return {
            "use": self.use,
            "settings": model.config.model_dump(mode="json"),
            "code": model_code(model),
            "reads": model.cache_key(),
        }


@dataclass(frozen=True)
class FitInputs:
    """All that decides a fit.

    Attributes:
        model: what is fitted.
        data: interactions to learn from, without users and items that came later.
        device: "cpu" or "cuda", which round differently.
        seed: of the source's own stream.
        steps: training steps to take; None lets the fit find them.
        warm: the fit to begin from; None begins from nothing.
        keep: whether a later fit begins from this one, whose state must then allow it.
        whole: whether the state must do without the data, as requests read the fits that serve.
    """

    model: ModelRecipe
    data: Dataset
    device: str
    seed: list[int]
    steps: int | None
    warm: EarlierFit | None = None
    keep: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Fit:
    """A fit that was made: of one source on one fold.

    Attributes:
        fold: what it was fitted on.
        stage: by which it is made again where its arrays were dropped.
        folder: where it stands.
    """

    fold: Fold
    stage: Stage[FitInputs]
    folder: Path

    @property
    def key(self) -> str:
        """The key of its stage."""
        return self.folder.name

    @property
    def fold_name(self) -> str:
        """Name of the fold, for notes of a fit that begins from this one."""
        return self.fold.name

    @property
    def notes(self) -> dict[str, Any]:
        """Notes of the fit: its seconds and items, and whatever the source adds."""
        notes: dict[str, Any] = json.loads((self.folder / NOTES).read_text())
        return notes

    def state(self, runtime: Runtime) -> State:
        """Return what the fit learned; made again where it is damaged or was dropped for its size.

        Args:
            runtime: by which it is made again.
        """
        file = self.folder / STATE
        # The key stays the same, so nobody who refers to the folder notices.
        if STATE not in read_record(self.folder):
            remove_folder(self.folder)
            runtime.make(self.stage)
        elif damage := damage_of_file(self.folder, STATE):
            set_aside(self.folder, damage)
            runtime.make(self.stage)
        return read_state(file, self.stage.inputs.data)

    def restore(self, name: str, k: int, runtime: Runtime, k_new: int = 0) -> FittedSource:
        """Return the fitted source.

        Args:
            name: what features, rows and reports call it.
            k: candidates it proposes for each user.
            runtime: by which the fit is made again where its arrays were dropped.
            k_new: new items that it proposes besides, if it scores any.

        Raises:
            SourceFailed: its code cannot restore what it learned.
        """
        model, state = self.stage.inputs.model.build(), self.state(runtime)
        fitted = FittedSource(name, model, self.notes["n_items"], k).restored(state)
        if not k_new or not model.proposes or not model.scores_new_items:
            return fitted
        new_items = self.stage.inputs.data.item_counts == 0
        return replace(fitted, new_items=new_items, k_new=k_new)


def fit_stage(
    source: SourceSettings,
    fold: Fold,
    seed: int,
    device: str,
    steps: int | None = None,
    earlier: Fit | None = None,
) -> Stage[FitInputs]:
    """Return the stage that fits a source on a fold.

    Args:
        source: its entry in the configuration; `refit` "warm" keeps what a later fit begins from.
        fold: what to fit on.
        seed: of the run.
        device: "cpu" or "cuda".
        steps: training steps to take; None lets the fit find them.
        earlier: the same source's fit to begin from.

    Raises:
        FusionError: `earlier` knows what this fold holds out.
    """
    if earlier and not begins_from(earlier.fold, fold):
        raise FusionError(
            f"the fit of {source.name} on {fold.name} may not begin from that on "
            f"{earlier.fold.name}, which knows what {fold.name} does not"
        )
    recipe = ModelRecipe.of(source)
    # Users and items that came later are cut off, so that their coming changes no key. No source
    # reads priors: another one changes no fit.
    known = fold.known.trim_users()
    inputs = FitInputs(
        model=recipe,
        data=replace(known.trim_items(fit_items(recipe.build(), known)), priors=()),
        device=device,
        seed=source_seed(seed, source.name),
        steps=steps,
        warm=earlier,
        keep=source.refit == "warm",
        whole=fold.name == SERVING,
    )
    # Large, and not read where the tables made from them are in the store.
    return Stage("fit", f"fit {source.name} on {fold.name}", inputs, make_fit, (STATE,))


def make_fit(folder: Path, inputs: FitInputs, runtime: Runtime) -> None:
    """Fit a source and write what it learned and noted.

    Args:
        folder: empty.
        inputs: of the stage.
        runtime: by which the earlier fit is read.
    """
    warm = inputs.warm
    context = FitContext(
        rng=np.random.default_rng(inputs.seed),
        device=inputs.device,
        max_steps=inputs.steps,
        warm=warm.state(runtime) if warm else None,
        keep=inputs.keep,
        cache=runtime.vectors,
        progress=runtime.watch(),
    )
    # A copy, since the stage outlives the fit and what a model caches on its data should not.
    data = inputs.data.trim_items(inputs.data.n_items)
    started = time.monotonic()
    model = inputs.model.build().fit(data, context)
    is_whole = inputs.whole or inputs.keep
    write_state(folder / STATE, model.state(), None if is_whole else data)
    notes = {
        # The source's own first: it cannot overwrite what others rely on.
        **model.notes,
        "seconds": round(time.monotonic() - started, 2),
        "n_items": data.n_items,
    }
    if warm:
        notes["refit"] = f"warm, from {warm.fold_name}"
    (folder / NOTES).write_text(json.dumps(notes))
