"""LAPACK without the lock: the same as SciPy's own wrappers, while other threads go on."""

import time
from threading import Event, Thread

import numpy as np
import pytest
from scipy.linalg import lapack as scipys
from scipy.linalg.blas import ssyrk as scipys_ssyrk

from fusion.models.linear.lapack import spotrf, spotri, spotrs, ssyrk, strtrs


def definite(n, seed=0):
    half = np.random.default_rng(seed).random((n, 2 * n), np.float32)
    return np.asfortranarray(half @ half.T + np.eye(n, dtype=np.float32))


def test_factors_and_inverses_are_those_of_scipy():
    matrix = definite(40)
    factor, _ = scipys.spotrf(matrix, lower=1, clean=0)
    inverse, _ = scipys.spotri(factor, lower=1)
    assert spotrf(matrix)
    np.testing.assert_array_equal(matrix, factor)
    spotri(matrix)
    np.testing.assert_array_equal(np.tril(matrix), np.tril(inverse))


def test_a_matrix_that_is_not_definite_is_told():
    assert not spotrf(np.asfortranarray([[1, 2], [2, 1]], np.float32))


def test_solutions_and_products_are_those_of_scipy():
    factor = np.asfortranarray(np.tril(definite(30)))
    right = np.asfortranarray(np.random.default_rng(1).random((30, 70), np.float32))
    expected, _ = scipys.strtrs(factor, right, lower=1)
    product = scipys_ssyrk(1.0, right, trans=1, lower=1)
    np.testing.assert_array_equal(np.tril(ssyrk(right)), np.tril(product))
    both, _ = scipys.spotrs(factor, right, lower=1)
    solved = right.copy(order="F")
    spotrs(factor, solved)
    np.testing.assert_array_equal(solved, both)
    strtrs(factor, right)
    np.testing.assert_array_equal(right, expected)


@pytest.mark.parametrize(
    "wrong", [np.eye(3, dtype=np.float64, order="F"), np.ones((3, 3), np.float32)[:, ::-1]]
)
def test_what_lapack_would_misread_is_refused(wrong):
    with pytest.raises(AssertionError):
        spotrf(wrong)


def test_other_threads_go_on_meanwhile():
    matrix, seen, done = definite(3000), [], Event()

    def watch():
        while not done.wait(0.001):
            seen.append(time.monotonic())

    watcher = Thread(target=watch)
    watcher.start()
    spotrf(matrix)
    started = time.monotonic()
    spotri(matrix)
    ended = time.monotonic()
    done.set()
    watcher.join()
    assert sum(started < moment < ended for moment in seen) >= 3
