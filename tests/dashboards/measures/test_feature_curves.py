import numpy as np
import pytest

from dashboards.measures.feature_curves import feature_curves

RNG = np.random.default_rng(7)
VALUES = RNG.normal(size=2000)


def test_a_planted_slope_is_found_in_tenths():
    noise = RNG.normal(size=2000) * 0.01
    [curve] = feature_curves(["x"], {"x": VALUES}, {"x": 3 * VALUES + noise})
    assert len(curve.values) == 10
    assert curve.values == sorted(curve.values)
    assert curve.middle == pytest.approx([3 * value for value in curve.values], abs=0.6)
    assert all(low <= one for low, one in zip(curve.low, curve.middle, strict=True))
    assert all(one <= high for one, high in zip(curve.middle, curve.high, strict=True))


@pytest.mark.parametrize("limit", [1.5, 0, -1.5])
def test_a_flag_has_two_bins_and_a_constant_none(limit):
    flag = (limit < VALUES).astype(np.float32)
    values = {"flag": flag, "same": np.ones(2000), "nothing": np.full(2000, np.nan)}
    [curve] = feature_curves(list(values), values, {name: flag for name in values})
    assert (curve.feature, curve.values, curve.middle) == ("flag", [0, 1], [0, 1])


def test_what_is_missing_is_in_no_bin():
    values = np.where(VALUES > 0, VALUES, np.nan)
    [curve] = feature_curves(["x"], {"x": values}, {"x": np.where(VALUES > 0, 1.0, -99.0)})
    assert min(curve.low) == 1.0
    assert curve.values[0] > 0
