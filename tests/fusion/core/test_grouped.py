"""Ranks, z-scores and means within owners against the slow, obvious version."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fusion.core.grouped import order_by_group, owner_means, ranks, zscores
from tests.fusion.strategies import QUICK

VALUES = st.sampled_from([0.0, 1.0, 2.0, -5.0, 1e6, math.nan])
OWNED = st.integers(0, 20).flatmap(
    lambda n: st.tuples(
        arrays(np.float32, n, elements=VALUES),
        st.lists(st.integers(0, 3), min_size=n, max_size=n).map(sorted),
    )
)
"""Values beside their owners, grouped by owner."""


@QUICK
@given(OWNED)
def test_ranks_and_zscores_within_owners(owned):
    values, owners = owned[0], np.array(owned[1], np.int32)
    ranked = ranks(values, np.searchsorted(owners, np.arange(5)))
    z = zscores(values, owners, 4)
    for position, value in enumerate(values):
        if np.isnan(value):
            assert np.isnan(ranked[position])
            assert np.isnan(z[position])
            continue
        mates = np.flatnonzero((owners == owners[position]) & ~np.isnan(values)).tolist()
        best_first = sorted(mates, key=lambda n: (-values[n], n))
        assert ranked[position] == best_first.index(position) + 1
        own = values[mates].astype(float)
        expected = (value - own.mean()) / own.std() if own.std() > 1e-6 else 0.0
        assert z[position] == pytest.approx(expected, abs=1e-4)


@QUICK
@given(OWNED)
def test_owner_means(owned):
    values, owners = np.nan_to_num(owned[0]), np.array(owned[1], np.int32)
    means = owner_means(values, owners, 5)
    for owner in range(5):
        own = values[owners == owner]
        expected = own.mean() if len(own) else np.nan
        assert means[owner] == pytest.approx(expected, rel=1e-5, nan_ok=True)


@QUICK
@given(st.lists(st.integers(0, 4), max_size=20))
def test_the_order_by_group_is_a_stable_sort(groups):
    rows = np.array(groups, np.int32)
    order = order_by_group(rows, 5)
    assert order.dtype == np.int32
    assert order.tolist() == np.argsort(rows, kind="stable").tolist()
