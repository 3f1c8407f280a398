"""One training that many tests look at."""

import pytest

from fusion.data.dataset import Dataset
from fusion.runs.context import RunContext
from fusion.training.pipeline import Trained, train
from tests.fusion.making import config, context_of, synthetic_dataset


@pytest.fixture(scope="session")
def data() -> Dataset:
    return synthetic_dataset()


@pytest.fixture(scope="session")
def done(data, tmp_path_factory) -> tuple[RunContext, Trained]:
    context = context_of(tmp_path_factory.mktemp("run"), data, config())
    return context, train(context)
