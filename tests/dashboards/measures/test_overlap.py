import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.measures import overlap
from dashboards.measures.overlap import overlaps

K = 6
ranking = st.lists(st.integers(0, 9), min_size=1, max_size=K, unique=True)
pairs = st.lists(st.tuples(ranking, ranking), min_size=1, max_size=8)


def padded(lists: list[list[int]], k: int = K) -> np.ndarray:
    return np.array([[*items, *[-1] * (k - len(items))] for items in lists], dtype=np.int32)


def slow_jaccard(first: list[int], second: list[int]) -> float:
    return len(set(first) & set(second)) / len(set(first) | set(second))


def slow_rbo(first: list[int], second: list[int], p: float) -> float:
    """Equation 32 of Webber, Moffat and Zobel (2010), written as it stands there."""
    short, long = sorted((first, second), key=len)
    s, last = len(short), len(long)

    def shared(depth: int) -> int:
        return len(set(short[:depth]) & set(long[:depth]))

    seen = sum(shared(d) / d * p**d for d in range(1, last + 1))
    filled = sum(shared(s) * (d - s) / (s * d) * p**d for d in range(s + 1, last + 1))
    return (1 - p) / p * (seen + filled) + (
        (shared(last) - shared(s)) / last + shared(s) / s
    ) * p**last


@given(pairs, st.sampled_from([0.5, 0.9, 0.98]))
def test_fast_is_slow(lists, p):
    first, second = [pair[0] for pair in lists], [pair[1] for pair in lists]
    jaccard, rbo = overlaps(padded(first), padded(second), p)
    assert jaccard == pytest.approx([slow_jaccard(*pair) for pair in lists])
    assert rbo == pytest.approx([slow_rbo(*pair, p) for pair in lists])


@given(st.lists(ranking, min_size=1, max_size=5))
def test_equal_lists_are_one_and_disjoint_ones_zero(lists):
    first = padded(lists)
    for value in overlaps(first, first):
        assert value == pytest.approx(np.ones(len(lists)))
    for value in overlaps(first, np.where(first >= 0, first + 100, -1)):
        assert (value == 0).all()


@given(pairs)
def test_both_are_symmetric_and_between_zero_and_one(lists):
    first, second = padded([pair[0] for pair in lists]), padded([pair[1] for pair in lists])
    for one, other in zip(overlaps(first, second), overlaps(second, first), strict=True):
        assert one == pytest.approx(other)
        assert ((one >= 0) & (one <= 1 + 1e-9)).all()


def test_the_top_weighs_more():
    base = padded([[1, 2, 3, 4, 5, 6]] * 2)
    swapped = padded([[2, 1, 3, 4, 5, 6], [1, 2, 3, 4, 6, 5]])
    jaccard, rbo = overlaps(base, swapped)
    assert jaccard.tolist() == [1, 1]
    assert rbo[0] < rbo[1] < 1


def test_blocks_do_not_show(monkeypatch):
    rng = np.random.default_rng(0)
    first, second = (
        np.argsort(rng.random((50, 9)), axis=1)[:, :K].astype(np.int32) for _ in range(2)
    )
    whole = overlaps(first, second)
    monkeypatch.setattr(overlap, "BLOCK", 7)
    for one, other in zip(whole, overlaps(first, second), strict=True):
        assert np.array_equal(one, other)


def test_no_lists_give_no_figures():
    assert [
        len(part) for part in overlaps(np.empty((0, K), np.int32), np.empty((0, K), np.int32))
    ] == [0, 0]
