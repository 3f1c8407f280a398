"""Faults that are planted in sources and rankers, each for as long as its block runs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from fusion.core.arrays import Scores
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs, TopK, best
from fusion.models.base.allowed import Allowed
from fusion.models.base.fitted import FittedSource
from fusion.ranking.sampling import read_training_set
from fusion.ranking.table import RankingTable
from fusion.runs.stages.runtime import Runtime
from fusion.training import fit_stage, ranker_stages
from fusion.training.fit_stage import FitInputs, make_fit
from fusion.training.ranker_stages import ServingInputs, make_serving_ranker

SOURCE = "ease"
"""The source that is broken: one of those that the ranker relies on."""
Plant = Callable[[], AbstractContextManager[Any]]
_TOP = FittedSource.top
_SCORE_PAIRS = FittedSource.score_pairs


@contextmanager
def nothing() -> Iterator[None]:
    """Plant no fault."""
    yield


@contextmanager
def _answering(score: Callable[[UserHistories, int], Scores]) -> Iterator[None]:
    """Let one source answer with other scores (B, I), however it was fitted."""

    def _top(self: FittedSource, users: UserHistories, k: int, allowed: Allowed) -> TopK:
        if self.name != SOURCE:
            return _TOP(self, users, k, allowed)
        with self.attribute_errors():
            scores = score(users, users.n_items)
        allowed.mask(scores, users)
        return best(scores, k)

    def _score_pairs(self: FittedSource, users: UserHistories, pairs: Pairs) -> Scores:
        if self.name != SOURCE:
            return _SCORE_PAIRS(self, users, pairs)
        with self.attribute_errors():
            scores = score(users, users.n_items)
        answers: Scores = scores[pairs.owners, pairs.items]
        return answers

    with (
        patch.object(FittedSource, "top", _top),
        patch.object(FittedSource, "score_pairs", _score_pairs),
    ):
        yield


def empty_source() -> AbstractContextManager[None]:
    """Let one source propose nothing to anybody."""
    return _answering(lambda users, n: np.full((len(users), n), np.nan, np.float32))


def constant_source() -> AbstractContextManager[None]:
    """Let one source say the same to everybody."""
    return _answering(lambda users, n: np.tile(np.arange(n, dtype=np.float32), (len(users), 1)))


def raising_source() -> AbstractContextManager[None]:
    """Let one source fail whenever it is asked."""

    def _raise(users: UserHistories, n: int) -> Scores:
        raise RuntimeError("planted")

    return _answering(_raise)


def _permuted(tables: Sequence[Path], max_rows: int, seed: int) -> list[RankingTable]:
    """Read a training set, its labels dealt out anew among all candidates of a fold."""
    rng = np.random.default_rng(seed)
    read = read_training_set(tables, max_rows, seed)
    return [replace(table, labels=rng.permutation(table.labels)) for table in read]


def permuted_labels() -> AbstractContextManager[Any]:
    """Let every ranker learn from permuted labels."""
    return patch.object(ranker_stages, "read_training_set", _permuted)


def make_broken_ranker(folder: Path, inputs: ServingInputs, runtime: Runtime) -> None:
    """Refit the ranker that serves on permuted labels.

    Args:
        folder: empty.
        inputs: of the stage.
        runtime: of the stage.
    """
    with permuted_labels():
        make_serving_ranker(folder, inputs, runtime)


def broken_at_serving() -> AbstractContextManager[Any]:
    """Let the ranker that serves, and its twin, learn from permuted labels; the judged one not."""
    return patch.object(ranker_stages, "make_serving_ranker", make_broken_ranker)


def _half(data: Dataset) -> Dataset:
    """Leave out the interactions with every other item."""
    return data.take(data.items % 2 == 0)


def make_half_fit(folder: Path, inputs: FitInputs, runtime: Runtime) -> None:
    """Fit one source on half of the catalogue, the others on all of it.

    Args:
        folder: empty.
        inputs: of the stage.
        runtime: of the stage.
    """
    is_broken = inputs.model.use == SOURCE
    make_fit(folder, replace(inputs, data=_half(inputs.data)) if is_broken else inputs, runtime)


def half_catalogue() -> AbstractContextManager[Any]:
    """Let one source miss half of the catalogue in every fit that is made."""
    return patch.object(fit_stage, "make_fit", make_half_fit)


PLANTS: dict[str, Plant] = {
    "a source empty": empty_source,
    "a source raising": raising_source,
    "a source constant": constant_source,
    "half of the catalogue gone in one source's fits": half_catalogue,
    "ranker trained on permuted labels": permuted_labels,
    "serving ranker broken": broken_at_serving,
}
"""Every fault by its name in the table."""
