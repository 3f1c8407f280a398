"""LAPACK and BLAS on float32 in place, without the interpreter's lock.

SciPy's own wrappers keep the lock, so factorising a large matrix halts every other thread of the
process for as long as it takes. These are the same functions, as SciPy offers them to compiled code
(https://docs.scipy.org/doc/scipy/reference/linalg.cython_lapack.html). Matrices are
Fortran-ordered.
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


def _compiled(module: ModuleType, name: str) -> Callable[..., None]:
    """A function of SciPy's, all of whose arguments are pointers."""
    capsule = module.__pyx_capi__[name]
    signature: bytes = _signature(capsule)
    return CFUNCTYPE(None, *[c_void_p] * (signature.count(b",") + 1))(_address(capsule, signature))


_spotrf, _spotri = _compiled(cython_lapack, "spotrf"), _compiled(cython_lapack, "spotri")
_strtrs, _ssyrk = _compiled(cython_lapack, "strtrs"), _compiled(cython_blas, "ssyrk")


def spotrf(matrix: Scores) -> bool:
    """Put the lower Cholesky factor of a symmetric matrix (n, n) in its lower half; False if it is not definite."""
    n, failed = c_int(len(matrix)), c_int()
    _spotrf(b"L", byref(n), _start(matrix), byref(n), byref(failed))
    return not failed.value


def spotri(factor: Scores) -> None:
    """Put the lower half of the inverse of a matrix (n, n) where its lower Cholesky factor stands."""
    n, failed = c_int(len(factor)), c_int()
    _spotri(b"L", byref(n), _start(factor), byref(n), byref(failed))


def strtrs(factor: Scores, right: Scores) -> None:
    """Solve L X = R for a lower triangular L (n, n), in place of R (n, m)."""
    n, m, failed = c_int(len(factor)), c_int(right.shape[1]), c_int()
    _strtrs(
        b"L",
        b"N",
        b"N",
        byref(n),
        byref(m),
        _start(factor),
        byref(n),
        _start(right),
        byref(n),
        byref(failed),
    )


def ssyrk(matrix: Scores) -> Scores:
    """The lower half of A'A (m, m) of A (n, m); what stands above it has no meaning."""
    n, m = (c_int(size) for size in matrix.shape)
    found = np.zeros((m.value, m.value), np.float32, order="F")
    one, zero = c_float(1.0), c_float(0.0)
    start = _start(matrix)
    _ssyrk(
        b"L",
        b"T",
        byref(m),
        byref(n),
        byref(one),
        start,
        byref(n),
        byref(zero),
        _start(found),
        byref(m),
    )
    return found


def _start(matrix: Scores) -> int:
    """The address of a matrix that these functions can read."""
    assert matrix.dtype == np.float32
    assert matrix.flags.f_contiguous
    return matrix.ctypes.data
