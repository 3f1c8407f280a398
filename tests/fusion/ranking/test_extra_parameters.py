"""Parameters of LightGBM that it refuses, passes over or has already, found before any fit."""

import pytest

from fusion.config import RankerSettings
from fusion.errors import ConfigError
from fusion.ranking.extra_parameters import require_extra


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"max_bin": 63},
        {"lambda_l2": 1.0, "reg_alpha": 0.5},
        {"bagging_fraction": 0.5, "bagging_freq": 1},
        {"boosting": "dart"},
        {"linear_tree": True},
    ],
)
def test_parameters_that_lightgbm_takes(extra):
    require_extra(RankerSettings(extra=extra))


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({"max_bn": 63}, "no parameter 'max_bn'. Did you mean 'max_bin'?"),
        ({"num_leaves": 7}, "'num_leaves', which is set already: use [ranker] leaves in its place"),
        ({"eta": 0.1}, "'eta', which is set already: use [ranker] learning_rate"),
        ({"n_estimators": 9}, "use [ranker] trees"),
        ({"n_jobs": 9}, "use threads"),
        ({"objective": "binary"}, "'objective', which is set already: take it out"),
        ({"num_machines": 2}, "'num_machines', which is set already: take it out"),
        ({"max_bin": 0}, "max_bin = 0 } is refused by LightGBM: Check failed: (max_bin) > (1)."),
        ({"max_bin": "abc"}, 'should be of type int, got "abc"'),
        ({"boosting": "x"}, "Unknown boosting type x"),
        ({"num_class": 3}, "Number of classes must be 1"),
        ({"monotone_constraints": "1,1"}, "monotone_constraints"),
        ({"categorical_feature": "0"}, "will be ignored"),
    ],
)
def test_parameters_that_cannot_be_used_are_named(extra, told):
    with pytest.raises(ConfigError) as caught:
        require_extra(RankerSettings(extra=extra))
    assert told in str(caught.value)
    assert "/src/" not in str(caught.value)
