"""Kernels of what a shop knows of its items besides the items file: its own vectors, and facts.

Each set of vectors is a kernel, and so is each of the largest relations: the weights of all are
chosen on the fold, so that what tells nothing of tastes gets none.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from fusion.core.arrays import Flags, Scores, Times, normalize_rows, offsets
from fusion.data.dataset import FOREVER, Dataset
from fusion.data.facts import LARGE_RELATIONS, FactIndex
from fusion.models.mapping.kernels import (
    KERNELS,
    LINKED_FEATURES,
    MAX_FACTS,
    MAX_VECTOR_FEATURES,
    Catalogue,
    Features,
    Kernel,
    rarity,
)

REST = "other facts"
LINKED = "linked facts"
"""Names of the kernels of facts that are not of one relation."""


def kernels_of(data: Dataset) -> dict[str, Kernel]:
    """Name the kernels of a dataset.

    Args:
        data: with its vectors and facts.

    Returns:
        `KERNELS`, one for each vectors, one for each of the largest relations, one for the other
        relations, and one for facts that go together.
    """
    kernels = dict(KERNELS)
    for name in data.vectors:
        kernels[f"vectors {name}"] = partial(vector_features, name)
    relations = data.facts.relations
    for place, relation in enumerate(relations[:LARGE_RELATIONS]):
        kernels[f"facts {relation}"] = partial(fact_features, (place,))
    if len(relations) > LARGE_RELATIONS:
        rest = tuple(range(LARGE_RELATIONS, len(relations)))
        kernels[REST] = partial(fact_features, rest)
    if relations:
        kernels[LINKED] = linked_fact_features
    return kernels


def vector_features(name: str, catalogue: Catalogue) -> Features | None:
    """Take vectors as they are, or the directions in which those of known items differ most.

    Args:
        name: of the vectors.
        catalogue: items, with these vectors.

    Returns:
        All dimensions where they are few, else principal components; None without a vector of a
        known item.
    """
    vectors = catalogue.data.vectors[name]
    has: Flags = np.asarray(vectors.any(axis=1))
    known = vectors[has & catalogue.is_known]
    if not len(known):
        return None
    n_features = MAX_VECTOR_FEATURES // len(catalogue.data.vectors)
    if vectors.shape[1] <= n_features:
        return Features(vectors, has)
    with threadpool_limits(catalogue.ctx.threads, "blas"):
        differences = known - known.mean(axis=0)
        _, directions = np.linalg.eigh(differences.T @ differences)
        # Eigenvalues ascend.
        values: Scores = vectors @ directions[:, -n_features:]
    return Features(values, has)


def fact_features(relations: tuple[int, ...], catalogue: Catalogue) -> Features | None:
    """Mark the facts of some relations, rare ones by more than common ones.

    Args:
        relations: their places among the relations of the data.
        catalogue: items, with facts perhaps.

    Returns:
        A column for each value, of the `MAX_FACTS` values of all relations that the most known
        items have; None without any.
    """
    index, matrix, as_new, counts = _counted(catalogue)
    # Of equal counts the first by name, so that an item still to come moves none of them.
    most_common = np.argsort(-counts, kind="stable")[:MAX_FACTS]
    columns = np.sort(most_common[counts[most_common] > 0])
    columns = columns[np.isin(index.relations[columns], relations)]
    if not len(columns):
        return None
    weights = rarity(counts[columns], int(catalogue.is_known.sum()))
    values = normalize_rows(matrix[:, columns].toarray() * weights)
    if as_new is not None:
        as_new = normalize_rows(as_new[:, columns].toarray() * weights)
    return Features(values, np.asarray(values.any(axis=1)), as_new=as_new)


def linked_fact_features(catalogue: Catalogue) -> Features | None:
    """Place items by facts that go together: a value leads to items, and these to other values.

    Two items without a fact in common are alike where others link their facts, as films of one
    director link the actors. The directions are those of a truncated SVD of known items x values
    (latent semantic analysis: Deerwester et al., Indexing by Latent Semantic Analysis, 1990), in
    which rare values count too.

    Args:
        catalogue: items, with facts perhaps.

    Returns:
        `LINKED_FEATURES` columns at most; None with too few facts to link.
    """
    from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415 - takes a second to import

    _, matrix, as_new, counts = _counted(catalogue)
    columns = np.flatnonzero(counts)
    n_known = int(catalogue.is_known.sum())
    n_features = min(LINKED_FEATURES, len(columns) - 1, n_known - 1)
    if n_features < 1:
        return None
    weights = rarity(counts[columns], n_known)
    weighted = csr_array(matrix[:, columns] * weights)
    svd = TruncatedSVD(n_features, random_state=0)
    with threadpool_limits(catalogue.ctx.threads, "blas"), np.errstate(invalid="ignore"):
        svd.fit(weighted[np.flatnonzero(catalogue.is_known)])
        values = normalize_rows(svd.transform(weighted).astype(np.float32))
        if as_new is not None:
            placed = svd.transform(csr_array(as_new[:, columns] * weights))
            as_new = normalize_rows(placed.astype(np.float32))
    return Features(values, np.diff(weighted.indptr) > 0, as_new=as_new)


def _counted(
    catalogue: Catalogue,
) -> tuple[FactIndex, csr_array, csr_array | None, NDArray[np.float32]]:
    """Facts by item, the items x values matrix (I, V) of ones, and known items of each value (V,).

    Between the last two the matrix of facts that counted before anybody took the item; None where
    all of them did. Values without a known item have no column: a new item's own facts decide
    nothing about others.
    """
    data = catalogue.data
    index = data.facts.index(data.n_items)
    ones = np.ones(len(index.values), np.float32)
    shape = (data.n_items, index.n_values)
    matrix = csr_array((ones, index.values, index.borders), shape=shape)
    counts: NDArray[np.float32] = catalogue.is_known.astype(np.float32) @ matrix
    was_there = index.moments < _first_times(data)[index.items]
    if was_there.all():
        return index, matrix, None, counts
    borders = offsets(np.bincount(index.items[was_there], minlength=data.n_items))
    as_new = csr_array((ones[was_there], index.values[was_there], borders), shape=shape)
    return index, matrix, as_new, counts


def _first_times(data: Dataset) -> Times:
    """Time of the first interaction of each item (I,) ms; later than all without one."""
    first = np.full(data.n_items, FOREVER)
    if data.has_times:
        # Of repeated items `minimum.at` takes the smallest time.
        np.minimum.at(first, data.items, data.times)
    return first
