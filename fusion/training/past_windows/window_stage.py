"""The stage that judges a row that needs no ranker on a window that has passed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fusion.core.arrays import Rows
from fusion.core.progress import no_progress
from fusion.data.dataset import Dataset
from fusion.evaluation.promise.promise import figures_of, judge
from fusion.evaluation.promise.window_figure import CUTOFFS, PastWindow
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.fitted import FittedSource
from fusion.runs.stages.runtime import Runtime, Stage
from fusion.training.fit_stage import ModelRecipe

FIGURES = "figures.json"
"""Figures by horizon and metric; they name nobody."""


@dataclass(frozen=True)
class Labels:
    """Interactions of a stretch of time.

    Attributes:
        users: (m,).
        items: (m,) beside them; new to the user, liked and listable.
    """

    users: Rows
    items: Rows


@dataclass(frozen=True)
class WindowInputs:
    """All that decides what a row scored.

    Nothing here changes once the window has passed, so that it is judged once and for all.

    Attributes:
        row: the recommender.
        known: interactions before the window, of the users who were drawn, with the items that had
            appeared and without tables.
        allowed: items that could be listed.
        users: (n,) judged, ascending.
        labels: of these users, by horizon.
        seed: of the fit.
    """

    row: ModelRecipe
    known: Dataset
    allowed: Allowed
    users: Rows
    labels: Mapping[str, Labels]
    seed: list[int]


def window_stage(inputs: WindowInputs) -> Stage[WindowInputs]:
    """Return the stage that judges a row on a past window.

    Args:
        inputs: of the stage.
    """
    return Stage("past_window", f"{inputs.row.use} in a past window", inputs, make_window)


def make_window(folder: Path, inputs: WindowInputs, runtime: Runtime) -> None:
    """Fit the row as of the window's beginning, judge its lists, and write the figures.

    Args:
        folder: empty.
        inputs: of the stage.
        runtime: the folder of vectors.
    """
    known, depth = inputs.known, max(CUTOFFS)
    context = FitContext(
        rng=np.random.default_rng(inputs.seed),
        device="cpu",
        cache=runtime.vectors,
        progress=no_progress(inputs.row.use),
    )
    model = inputs.row.build().fit(known, context)
    source = FittedSource(inputs.row.use, model, known.n_items, depth)
    as_of = np.full(len(inputs.users), known.as_of, np.int64)
    lists = source.top(known.users_at(inputs.users, as_of), depth, inputs.allowed).items
    figures = {}
    for horizon, labels in inputs.labels.items():
        of_horizon = figures_of(judge(lists, inputs.users, labels.users, labels.items))
        if of_horizon is not None:
            figures[horizon] = of_horizon
    window = PastWindow(inputs.row.use, figures)
    (folder / FIGURES).write_text(json.dumps(window.as_json()))


def read_window(row: str, folder: Path) -> PastWindow:
    """Read what the stage wrote.

    Args:
        row: the recommender.
        folder: of the stage.
    """
    return PastWindow.from_json(row, json.loads((folder / FIGURES).read_text()))
