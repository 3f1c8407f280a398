"""LAPACK and BLAS on float32 in place, without the interpreter's lock.

SciPy's own wrappers keep the lock, so factorising a large matrix halts every other thread of the
process for as long as it takes. These are the same functions, as SciPy offers them to compiled code
(https://docs.scipy.org/doc/scipy/reference/linalg.cython_lapack.html). Matrices are
Fortran-ordered; the names are LAPACK's own.
"""

from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    PYFUNCTYPE,
    byref,
    c_char_p,
    c_float,
    c_int,
    c_void_p,
    py_object,
    pythonapi,
)
from types import ModuleType

import numpy as np
from scipy.linalg import cython_blas, cython_lapack

from fusion.core.arrays import Scores

_signature = PYFUNCTYPE(c_char_p, py_object)(("PyCapsule_GetName", pythonapi))
_address = PYFUNCTYPE(c_void_p, py_object, c_char_p)(("PyCapsule_GetPointer", pythonapi))

LOWER = b"L"
"""LAPACK's word for the lower half of a matrix."""
AS_IT_IS = b"N"
"""LAPACK's word for a matrix that is not transposed, and for a diagonal that is not of ones."""
TRANSPOSED = b"T"
"""LAPACK's word for a transposed matrix."""


def _compiled(module: ModuleType, name: str) -> Callable[..., None]:
    """Take a function out of SciPy that takes pointers only; ctypes releases the lock for it."""
    capsule = module.__pyx_capi__[name]
    signature: bytes = _signature(capsule)
    n_arguments = signature.count(b",") + 1
    prototype = CFUNCTYPE(None, *[c_void_p] * n_arguments)
    return prototype(_address(capsule, signature))


_spotrf = _compiled(cython_lapack, "spotrf")
_spotri = _compiled(cython_lapack, "spotri")
_spotrs = _compiled(cython_lapack, "spotrs")
_strtrs = _compiled(cython_lapack, "strtrs")
_ssyrk = _compiled(cython_blas, "ssyrk")


def spotrf(matrix: Scores) -> bool:
    """Factorise a symmetric matrix: put its lower Cholesky factor in its lower half.

    Args:
        matrix: (n, n), changed in place.

    Returns:
        Whether it worked; False for a matrix that is not positive definite.
    """
    n = c_int(len(matrix))
    failed = c_int()  # LAPACK's `info`: 0, or the order of the minor that is not definite
    _spotrf(LOWER, byref(n), _start(matrix), byref(n), byref(failed))
    return not failed.value


def spotri(factor: Scores) -> None:
    """Invert a matrix from its Cholesky factor.

    Args:
        factor: (n, n) with the lower Cholesky factor in its lower half, which the lower half of
            the inverse replaces.
    """
    n = c_int(len(factor))
    failed = c_int()
    _spotri(LOWER, byref(n), _start(factor), byref(n), byref(failed))


def spotrs(factor: Scores, right: Scores) -> None:
    """Solve A X = R for a symmetric A, from its Cholesky factor.

    Args:
        factor: (n, n) with the lower Cholesky factor of A in its lower half.
        right: R (n, m), which X replaces.
    """
    n = c_int(len(factor))
    m = c_int(right.shape[1])
    failed = c_int()
    matrices = (_start(factor), byref(n), _start(right), byref(n))
    _spotrs(LOWER, byref(n), byref(m), *matrices, byref(failed))


def strtrs(factor: Scores, right: Scores) -> None:
    """Solve L X = R for a lower triangular L.

    Args:
        factor: L (n, n).
        right: R (n, m), which X replaces.
    """
    n = c_int(len(factor))
    m = c_int(right.shape[1])
    failed = c_int()
    matrices = (_start(factor), byref(n), _start(right), byref(n))
    _strtrs(LOWER, AS_IT_IS, AS_IT_IS, byref(n), byref(m), *matrices, byref(failed))


def ssyrk(matrix: Scores) -> Scores:
    """Multiply a matrix with itself.

    Args:
        matrix: A (n, m).

    Returns:
        A'A (m, m) in the lower half; what stands above it has no meaning.
    """
    n, m = (c_int(size) for size in matrix.shape)
    product = np.zeros((m.value, m.value), np.float32, order="F")
    one = c_float(1.0)
    zero = c_float(0.0)
    left = (byref(one), _start(matrix), byref(n))
    _ssyrk(LOWER, TRANSPOSED, byref(m), byref(n), *left, byref(zero), _start(product), byref(m))
    return product


def _start(matrix: Scores) -> int:
    """Return the address of a matrix, if it is one that these functions read as it is meant."""
    assert matrix.dtype == np.float32
    assert matrix.flags.f_contiguous
    return matrix.ctypes.data
