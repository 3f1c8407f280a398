"""Every registered source, with settings small enough for tests."""

from functools import cache

import numpy as np
import pytest

from fusion.models.base.registry import build, known
from tests.fusion.models.data import chance, everyone, mixed

SMALL = {
    "als": {"factors": 8, "iterations": 8},
    "autoencoder": {"size": 16, "steps": 100},
    "content": {"encoder": "tfidf"},
    "ease": {"reg": 1.0},
    "item_knn": {"shrink": 1.0},
    "neural": {"size": 16, "steps": 60, "negatives": 32, "encoder": "tfidf"},
    "sequence": {"shrink": 1.0},
}
"""Settings under which a source is quick here and not drowned by doubt about tiny data; others use their defaults."""
VARIANTS = {"neural_mse": ("neural", {**SMALL["neural"], "loss": "mse"})}
"""Settings that make another source of one: its recommender and the settings."""
NOT_COLLABORATIVE = {"random", "popularity", "category", "content", *VARIANTS}
"""Sources that do not learn from who took what together, so no checkerboard can be asked of them.
"""


def unfitted(name: str):
    return build(*VARIANTS.get(name, (name, SMALL.get(name, {}))))


@cache
def fitted_once(name: str):
    return unfitted(name).fit(mixed(), chance())


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        names = [
            *known(),
            *(VARIANTS if metafunc.module.__name__.endswith("test_contract") else ()),
        ]
        if "collaborative" in metafunc.fixturenames:
            names = [name for name in names if name not in NOT_COLLABORATIVE]
        metafunc.parametrize("name", names)


@pytest.fixture
def collaborative():
    return True


@pytest.fixture
def fresh(name):
    return unfitted(name)


@pytest.fixture
def fitted(name):
    """Fitted on `mixed()`; shared between tests, which leave it as it is."""
    return fitted_once(name)


@pytest.fixture(scope="session")
def data():
    return mixed()


@pytest.fixture(scope="session")
def users(data):
    return everyone(data)


@pytest.fixture
def some_allowed(data):
    return np.random.default_rng(5).random(data.n_items) < 0.7
