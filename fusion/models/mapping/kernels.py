"""Kernels of item content: what texts, categories and numbers say of how alike two items are.

A kernel is the product of feature vectors, one a row of the catalogue. To add one is to add a
function to `KERNELS`, or a family of them to `side_kernels`: it gives features, and everything
after that is the same for all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Scores, normalize_rows
from fusion.data.capabilities import AVAILABILITY
from fusion.data.categories import all_categories
from fusion.data.dataset import Dataset
from fusion.models.base.fit_context import FitContext
from fusion.models.text.character_ngrams import CharacterNgrams
from fusion.models.text.encoder_choice import Note, choose
from fusion.models.text.encoders import encode_with, encoding_options, item_texts

MAX_CATEGORIES = 512
"""Categories that become features, those of the most known items."""
N_KNOTS = 8
"""Knots of a number's scale, at its quantiles: a year or a price is near those beside it."""
MAX_NUMBERS = 16
"""Number columns that become features, the first by name."""
MAX_VECTOR_FEATURES = 512
"""Features of all vectors of the user's own together."""
MAX_FACTS = 512
"""Facts that become features, those of the most known items."""
LINKED_FEATURES = 64
"""Directions in which facts go together."""
MAX_FEATURES = (
    512 + MAX_CATEGORIES + N_KNOTS * MAX_NUMBERS + MAX_VECTOR_FEATURES + MAX_FACTS + LINKED_FEATURES
)
"""Features of all kernels together, at most, with an encoder of 512 numbers."""


@dataclass(frozen=True)
class Features:
    """Feature vectors of a kernel.

    Attributes:
        values: (I, D) float32; 0 for items without this content.
        has: (I,) items with this content.
        note: facts for the manifest.
        as_new: (I, D) the same of what was known of each item before anybody took it, 0 for items
            of which nothing was; None where that is all of it.
    """

    values: Scores
    has: Flags
    note: Note = field(default_factory=dict)
    as_new: Scores | None = None


@dataclass(frozen=True)
class Catalogue:
    """Content of items that a kernel is made from.

    Attributes:
        data: its item table describes I items.
        is_known: (I,) items with interactions. Means, scales and vocabularies come from these
            alone, so that an item that is still to come decides nothing about others.
        encoder: of texts, as configured.
        ctx: device, cores and cache of the encoder.
    """

    data: Dataset
    is_known: Flags
    encoder: str
    ctx: FitContext


Kernel = Callable[[Catalogue], Features | None]
"""Makes features of the whole catalogue; None where the data has no such content."""


def text_features(catalogue: Catalogue) -> Features | None:
    """Encode the texts of items.

    Args:
        catalogue: items, with texts perhaps.

    Returns:
        Vectors of the encoder; None without texts of known items.
    """
    rows, texts = item_texts(catalogue.data)
    is_known = catalogue.is_known[rows]
    known_texts = sorted({text for text, known in zip(texts, is_known, strict=True) if known})
    if not known_texts:
        return None
    options = encoding_options(catalogue.ctx)
    choice = choose(known_texts, catalogue.encoder, options)
    if choice.model is None:
        vectors = CharacterNgrams(known_texts, options.threads).encode(texts)
    else:
        vectors = encode_with(choice.model, texts, options)
    return _spread(vectors, rows, len(catalogue.is_known), choice.note)


def category_features(catalogue: Catalogue) -> Features | None:
    """Mark the categories of items, rare ones by more than common ones.

    Args:
        catalogue: items, with categories perhaps.

    Returns:
        A column for each category of known items, `MAX_CATEGORIES` at most; None without any.
    """
    members = all_categories(catalogue.data.item_table, by_name=True)
    if members is None:
        return None
    counts = catalogue.is_known.astype(np.float32) @ members
    # Of equal counts the first by name, so that an item still to come moves none of them.
    most_common = np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]
    columns = np.sort(most_common[counts[most_common] > 0])
    if not len(columns):
        return None
    weights = rarity(counts[columns], int(catalogue.is_known.sum()))
    values = normalize_rows(members[:, columns].toarray() * weights)
    return Features(values, np.asarray(values.any(axis=1)))


def rarity(counts: Scores, n_known: int) -> Scores:
    """Weigh marks of items by how few known items carry them.

    Args:
        counts: known items (K,) that carry each, at least one.
        n_known: known items.

    Returns:
        (K,) float32, at least 0.5.
    """
    logs: Scores = np.log((1 + n_known) / counts).astype(np.float32)
    return 0.5 + logs


def number_features(catalogue: Catalogue) -> Features | None:
    """Place the numbers of items between quantiles of the known items' numbers.

    Args:
        catalogue: items, with number columns perhaps.

    Returns:
        `N_KNOTS` columns for each number column, each highest at its own knot and 0 beyond the
        next ones; None without numbers.
    """
    table = catalogue.data.item_table.drop(AVAILABILITY, strict=False)
    names = sorted(name for name, kind in table.schema.items() if kind.is_numeric())
    columns = []
    for name in names[:MAX_NUMBERS]:
        numbers = table[name].to_numpy().astype(np.float64)
        known = numbers[catalogue.is_known & np.isfinite(numbers)]
        if len(np.unique(known)) > 1:
            columns.append(_hat_functions(numbers, known))
    if not columns:
        return None
    values = np.concatenate(columns, axis=1)
    return Features(values, np.asarray(values.any(axis=1)))


KERNELS: dict[str, Kernel] = {
    "text": text_features,
    "categories": category_features,
    "numbers": number_features,
}
"""Kernels by the name under which their weights are noted."""


def _hat_functions(numbers: NDArray[np.float64], known: NDArray[np.float64]) -> Scores:
    """Spread numbers (I,) over knots (I, n): each lies between two, by its distance from them."""
    quantiles = np.linspace(0, 1, N_KNOTS)
    knots = np.unique(np.quantile(known, quantiles))
    values = np.zeros((len(numbers), len(knots)), np.float32)
    is_there = np.isfinite(numbers)
    inside = np.clip(numbers[is_there], knots[0], knots[-1])
    for column in range(len(knots)):
        peak = np.zeros(len(knots))
        peak[column] = 1.0
        values[is_there, column] = np.interp(inside, knots, peak)
    return values


def _spread(vectors: Scores, rows: NDArray[np.int32], n_items: int, note: Note) -> Features:
    """Give vectors of some items a row in the whole catalogue."""
    values = np.zeros((n_items, vectors.shape[1]), np.float32)
    values[rows] = vectors
    has = np.zeros(n_items, bool)
    has[rows] = True
    return Features(values, has, note)


def centered(features: Features, is_known: Flags) -> Features:
    """Take away what known items have in common, and scale their vectors to a length of about 1.

    Args:
        features: of I items.
        is_known: (I,) items by which the mean and the scale are measured.

    Returns:
        Features with a mean of 0 and a mean squared length of 1 over the known items that have
        this content.
    """
    measured = features.values[is_known & features.has]
    if not len(measured):
        return features
    mean = measured.mean(axis=0)
    values = features.values.copy()
    values[features.has] -= mean
    squares = np.einsum("ij,ij->i", values, values)[is_known & features.has]
    scale = np.float32(np.sqrt(squares.mean(dtype=np.float64))) or np.float32(1)
    values /= scale
    if features.as_new is None:
        return replace(features, values=values)
    as_new = features.as_new.copy()
    as_new[as_new.any(axis=1)] -= mean
    return replace(features, values=values, as_new=as_new / scale)
