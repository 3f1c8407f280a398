"""Closed-form weights of linear models, from Gram matrices made within a memory budget."""

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Scores, block_rows, blocks
from fusion.errors import ConfigError
from fusion.models.linear.lapack import spotrf, spotri, spotrs, ssyrk, strtrs

GRAM_BYTES = 128 * 2**20
"""Memory budget of the products that a block of the Gram matrix is made from."""
PRODUCT_CELL = 16
"""Bytes of one of them: sparse with its column, with finding room for it, and dense."""
GRAM_BLOCKS = 16
"""Blocks of a Gram matrix at least: a pair of rows is multiplied once, but within a block twice."""


def weights_by_items(histories: csr_array, reg: float) -> Scores:
    """Solve for B by inverting the Gram matrix of the items; the work grows as I^3.

    Args:
        histories: X (U, I).
        reg: L2 weight.

    Returns:
        B (I, I) float32.

    Raises:
        ConfigError: the matrix cannot be inverted in float32.
    """
    gram = lower_gram(histories.T.tocsr())
    factorise(gram, reg)
    spotri(gram)
    inverse = mirror_lower(gram)
    # Column j by the j-th diagonal element, as broadcasting does it.
    inverse /= -np.diag(inverse)
    np.fill_diagonal(inverse, 0.0)
    return inverse


def weights_by_users(histories: csr_array, reg: float) -> Scores:
    """Solve for B by inverting the users' Gram matrix; the work grows as U I^2.

    Woodbury: with XX' + reg = LL' and Z = L^-1 X, P = (1 - Z'Z) / reg, so B = Z'Z / (1 - diag(Z'Z))
    by columns.

    Args:
        histories: X (U, I).
        reg: L2 weight.

    Returns:
        B (I, I) float32.

    Raises:
        ConfigError: the matrix cannot be inverted in float32.
    """
    gram = lower_gram(histories)
    factorise(gram, reg)
    solved = histories.toarray(order="F")
    strtrs(gram, solved)  # X becomes Z
    shared = mirror_lower(ssyrk(solved))
    shared /= 1.0 - np.diag(shared)
    np.fill_diagonal(shared, 0.0)
    return shared


def ridge_weights(gram: Scores, products: Scores, reg: float) -> Scores:
    """Solve the normal equations of a ridge regression: B = (S'S + reg)^-1 S'T.

    Args:
        gram: S'S (K, K), overwritten.
        products: S'T (K, K), Fortran-ordered and overwritten.
        reg: L2 weight.

    Returns:
        B (K, K) float32, C-ordered, in the memory of `gram`.

    Raises:
        ConfigError: S'S + reg cannot be factorised in float32.
    """
    if not len(gram):
        return gram
    # A symmetric matrix is its own transpose, so either order will do.
    factor = gram.T
    factorise(factor, reg)
    spotrs(factor, products)
    # In the other order for the sums of rows that scoring takes; the factor is of no more use.
    gram[...] = products
    return gram


def factorise(gram: Scores, reg: float) -> None:
    """Add the regularisation to a Gram matrix and put its lower Cholesky factor in its lower half.

    Args:
        gram: (n, n) Fortran-ordered, changed in place.
        reg: L2 weight, added to the diagonal.

    Raises:
        ConfigError: float32 cannot tell the matrix from a singular one.
    """
    gram[np.diag_indices_from(gram)] += reg
    if not spotrf(gram):
        raise ConfigError(
            f"the Gram matrix of {len(gram)} rows is not positive definite at reg={reg}; raise reg"
        )


def lower_gram(rows: csr_array) -> Scores:
    """Multiply all rows with one another, each pair once.

    The matrix is never in memory twice, not even as a sparse one: each block is written where it
    belongs.

    Args:
        rows: (n, m) float32.

    Returns:
        (n, n) float32, Fortran-ordered: the lower half; above the diagonal some is 0.
    """
    n = len(rows.indptr) - 1
    columns = rows.T.tocsr()
    gram = np.zeros((n, n), np.float32)
    size = min(block_rows(n, GRAM_BYTES, PRODUCT_CELL), -(-n // GRAM_BLOCKS) or 1)
    for part in blocks(n, size):
        # What stands before the block was multiplied with it already.
        columns = columns[:, -(n - part.start) :]
        gram[part, part.start :] = (rows[part] @ columns).toarray()
    # The upper half of the transposed view is the lower half in Fortran order.
    return gram.T


def mirror_lower(lower: Scores) -> Scores:
    """Complete a symmetric matrix from its lower half, in place.

    Args:
        lower: (n, n) Fortran-ordered; what stands above the diagonal is overwritten.

    Returns:
        The whole matrix (n, n), seen as C-ordered.
    """
    whole: Scores = lower.T
    # Row by row: a copy of the whole triangle would double the memory.
    for row in range(1, len(whole)):
        whole[row, :row] = whole[:row, row]
    return whole
