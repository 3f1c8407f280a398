"""Keys of the inputs of stages: equal just where a stage would make the same of them."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import singledispatch
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from fusion.core.hashing import raw_bytes
from fusion.data.dataset import Dataset
from fusion.data.splitting.fold import Fold
from fusion.errors import FusionError
from fusion.models.base.allowed import Allowed
from fusion.runs.stages.record import KEY_DIGITS

KEYED_IF_GIVEN = "keyed_if_given"
"""In the metadata of an input that came later: while it is None, keys stay as they were before."""


@runtime_checkable
class Keyed(Protocol):
    """An input that knows its own key."""

    @property
    def key(self) -> Any:
        """JSON-able; equal in every process for inputs of which stages make the same."""


@singledispatch
def input_key(value: Any) -> Any:
    """Return the key of an input of a stage as JSON.

    A folder of a stage counts by the key of that stage, a dataset by its content, settings and
    other dataclasses by their fields, a sequence in its order.

    Args:
        value: None, a bool, number or text; a folder of a stage; a `Keyed` object, dataset, fold,
            `Allowed`, array, settings model or dataclass; or a mapping or sequence of these.

    Raises:
        FusionError: nothing says how to key a value of this type.
    """
    if isinstance(value, Keyed):
        return value.key
    if is_dataclass(value) and not isinstance(value, type):
        return inputs_key(value)
    raise FusionError(f"a stage cannot have a {type(value).__name__} as input: nothing gives a key")


@input_key.register(type(None))
@input_key.register(bool)
@input_key.register(int)
@input_key.register(float)
@input_key.register(str)
def _(value: Any) -> Any:
    return value


@input_key.register
def _(value: Path) -> str:
    # The folder of a stage: its name is its key, wherever the store stands.
    return value.name


@input_key.register
def _(value: BaseModel) -> Any:
    return value.model_dump(mode="json")


@input_key.register(list)
@input_key.register(tuple)
def _(value: Any) -> list[Any]:
    return [input_key(each) for each in value]


@input_key.register(Mapping)
def _(value: Any) -> dict[str, Any]:
    return {name: input_key(each) for name, each in value.items()}


@input_key.register(np.ndarray)
def _(value: Any) -> str:
    return array_key(value)


@input_key.register
def _(value: Dataset) -> Any:
    # Data without priors keeps the key that it had before they were known.
    return {"data": value.digest, **_priors_key(value)} if value.priors else value.digest


@input_key.register
def _(value: Fold) -> dict[str, Any]:
    return fold_key(value)


@input_key.register
def _(value: Allowed) -> dict[str, Any]:
    # By what may not be listed: items that come later join the others and change no old list.
    return {"forbidden": array_key(np.flatnonzero(~value.items)), "seen": value.seen}


def inputs_key(inputs: Any) -> dict[str, Any]:
    """Return the key of each input of a stage.

    Args:
        inputs: an instance of the stage's dataclass of inputs.

    Returns:
        Name of the field -> key, as JSON.
    """
    keys = {}
    for field in fields(inputs):
        value = getattr(inputs, field.name)
        if value is not None or not field.metadata.get(KEYED_IF_GIVEN):
            keys[field.name] = input_key(value)
    return keys


def fold_key(fold: Fold) -> dict[str, Any]:
    """Return the key of a fold: what is known, its labels, what is held out, and the users' times.

    Its name is no part of it: yesterday's verdict fold may be today's newest label fold. Neither
    are users who came after it.

    Args:
        fold: a fold; one without labels serves everybody, so that everybody's time counts.
    """
    held_out = fold.held_out
    held_out_rows: tuple[NDArray[Any], ...] = ()
    if held_out is not None:
        held_out_rows = (held_out.users, held_out.items, held_out.weights)
    dropped = fold.dropped
    dropped_rows = () if dropped is None else (dropped.users, dropped.items)
    as_of = fold.as_of[fold.label_rows] if len(fold.label_users) else fold.as_of
    return {
        "data": fold.known.trim_users().digest,
        "labels": array_key(fold.label_users, fold.label_items),
        "held_out": array_key(*held_out_rows),
        "dropped": array_key(*dropped_rows),
        "as_of": array_key(as_of),
        **_priors_key(fold.known),
        **_queries_key(fold),
        **_user_vectors_key(fold),
    }


def _priors_key(data: Dataset) -> dict[str, Any]:
    return {"priors": input_key(data.priors)} if data.priors else {}


def _queries_key(fold: Fold) -> dict[str, Any]:
    """Key of what users wrote whose features a fold's table may have."""
    queries = fold.known.queries
    if not len(queries):
        return {}
    own = queries.of_users(fold.label_rows) if len(fold.label_users) else queries
    return {"queries": own.digest}


def _user_vectors_key(fold: Fold) -> dict[str, Any]:
    """Key of the vectors of users whom a fold knows or asks about; no fit depends on any."""
    vectors = fold.known.user_vectors
    if not vectors:
        return {}
    is_known = fold.known.user_counts > 0
    is_known[fold.label_rows] = True
    if not len(fold.label_users):
        is_known[:] = True
    own = {name: array_key(values[is_known]) for name, values in vectors.items()}
    return {"user_vectors": own}


def array_key(*arrays: NDArray[Any]) -> str:
    """Return hex digits over types, shapes and content of arrays.

    Args:
        arrays: of any type and shape, in an order that matters.
    """
    hasher = sha256()
    for array in arrays:
        # Type and shape too: the same bytes may be other numbers, or as many in other rows.
        hasher.update(f"{array.dtype.str} {array.shape} ".encode())
        hasher.update(raw_bytes(array))
    return hasher.hexdigest()[:KEY_DIGITS]
