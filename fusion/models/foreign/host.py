"""The process of a package's source: functions that are called there, with plain values and paths.

A fitted model stands in a file. The newest ones stay in memory too, so that nothing is read twice.
"""

import json
from collections import OrderedDict
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from fusion.core.progress import Progress
from fusion.data.on_disk.dataset_folder import open_dataset
from fusion.errors import ConfigError, UnusableSource
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.recommender import Recommender
from fusion.models.base.registry import ENTRY_POINTS, load_offered, make
from fusion.models.foreign.description import describe_source
from fusion.models.foreign.files import pairs_of, read_arrays, read_question

MAX_MODELS = 4
"""Fitted models in memory: a source may stand in several entries of a configuration."""
_models: OrderedDict[str, Recommender] = OrderedDict()
_classes: dict[str, type[Recommender]] = {}
Source = Mapping[str, Any]
"""The `name` and `value` of an entry point, and the `settings` of the source."""


def describe(progress: Progress, source: Source) -> dict[str, Any]:
    """Return what a source says of itself, or why it cannot: unusable, or settings not taken.

    Args:
        progress: unused.
        source: with its settings.
    """
    try:
        cls = _class_of(source)
    except UnusableSource as broken:
        return {"unusable": str(broken)}
    try:
        model = make(source["name"], cls, source["settings"])
    except ConfigError as wrong:
        return {"invalid": str(wrong)}
    return {"description": describe_source(model).model_dump(mode="json")}


def memory_bytes(
    progress: Progress, source: Source, n_users: int, n_items: int, n_events: int
) -> float:
    """Return the memory that a fit would need.

    Args:
        progress: unused.
        source: with its settings.
        n_users: users of the data.
        n_items: items of the data.
        n_events: interactions of the data.
    """
    return float(_unfitted(source).memory_bytes(n_users, n_items, n_events))


def fit_cost(
    progress: Progress, source: Source, n_users: int, n_items: int, n_events: int
) -> float:
    """Return what a fit would cost.

    Args:
        progress: unused.
        source: with its settings.
        n_users: users of the data.
        n_items: items of the data.
        n_events: interactions of the data.
    """
    return float(_unfitted(source).fit_cost(n_users, n_items, n_events))


def tuning_overrides(progress: Progress, source: Source, folder: str) -> dict[str, Any]:
    """Return settings under which a search is quicker.

    Args:
        progress: unused.
        source: with its settings.
        folder: of the dataset.
    """
    return _unfitted(source).tuning_overrides(open_dataset(Path(folder)))


def fit(
    progress: Progress, source: Source, folder: str, context: Mapping[str, Any]
) -> dict[str, Any]:
    """Fit a source, write its state as `state.npz` beside the data, and return its notes.

    Args:
        progress: receives the steps that are done.
        source: with its settings.
        folder: of the dataset, and of `warm.npz` where the fit begins from an earlier one.
        context: the plain fields of a `FitContext`, and the state of the random stream.
    """
    place = Path(folder)
    warm, cache, random_state = place / "warm.npz", context["cache"], context["rng"]
    generator: Any = getattr(np.random, random_state["bit_generator"])()
    generator.state = random_state
    fit_context = FitContext(
        rng=np.random.Generator(generator),
        device=context["device"],
        threads=context["threads"],
        max_steps=context["max_steps"],
        seconds=context["seconds"],
        warm=read_arrays(warm) if warm.exists() else None,
        keep=context["keep"],
        cache=Path(cache) if cache else None,
        progress=progress,
    )
    # As in the process of the training, whose limit does not reach this one.
    with threadpool_limits(1, "blas"):
        model = _unfitted(source).fit(open_dataset(place), fit_context)
    state = place / "state.npz"
    np.savez(state, allow_pickle=False, **model.state())
    _keep(state, model)
    # As JSON has them: a note that has no form there is the source's fault.
    notes: dict[str, Any] = json.loads(json.dumps(dict(model.notes)))
    return notes


def restore(progress: Progress, source: Source, state: str) -> None:
    """Make a fitted source from its state, so that a fault in that shows now.

    Args:
        progress: unused.
        source: with its settings.
        state: file of its arrays.
    """
    _fitted(source, Path(state))


def top(
    progress: Progress, source: Source, state: str, question: str, more: Mapping[str, Any]
) -> None:
    """Write the lists of a block of users to the file of the question.

    Args:
        progress: unused.
        source: with its settings.
        state: file of its arrays.
        question: file of the users and of the items that are allowed.
        more: the plain rest of the question.
    """
    users, arrays = read_question(Path(question), more["n_items"])
    allowed = Allowed(arrays["allowed"], more["seen"])
    with threadpool_limits(1, "blas"):
        lists = _fitted(source, Path(state)).top(users, more["k"], allowed)
    np.savez(question, allow_pickle=False, items=lists.items, scores=lists.scores)


def about_pairs(
    progress: Progress, source: Source, state: str, question: str, more: Mapping[str, Any]
) -> bool:
    """Write what a source says of pairs to the file of the question; False where it says None.

    Args:
        progress: unused.
        source: with its settings.
        state: file of its arrays.
        question: file of the users and pairs.
        more: the plain rest of the question, the method that answers it among them.
    """
    users, arrays = read_question(Path(question), more["n_items"])
    answer_by = getattr(_fitted(source, Path(state)), more["method"])
    with threadpool_limits(1, "blas"):
        answers = answer_by(users, pairs_of(arrays))
    if answers is None:
        return False
    np.savez(question, allow_pickle=False, answers=answers)
    return True


def _class_of(source: Source) -> type[Recommender]:
    """The class of a source, imported once."""
    value = source["value"]
    if value not in _classes:
        _classes[value] = load_offered(EntryPoint(source["name"], value, ENTRY_POINTS))
    return _classes[value]


def _unfitted(source: Source) -> Recommender:
    return make(source["name"], _class_of(source), source["settings"])


def _fitted(source: Source, state: Path) -> Recommender:
    """A fitted source: as it is in memory, else restored from its file."""
    key = str(state)
    if key not in _models:
        unfitted = _unfitted(source)
        model = type(unfitted).restore(unfitted.config, read_arrays(state))
        _keep(state, model)
    _models.move_to_end(key)
    return _models[key]


def _keep(state: Path, model: Recommender) -> None:
    """Keep a model in memory, without those that nobody will ask about any more."""
    _models[str(state)] = model
    # The other side removes the file of a model that it has let go.
    for key in [*_models]:
        if not Path(key).exists():
            del _models[key]
    while len(_models) > MAX_MODELS:
        _models.popitem(last=False)
