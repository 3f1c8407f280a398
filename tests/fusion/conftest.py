"""One training that many tests look at."""

import pytest

from fusion.data.dataset import Dataset
from fusion.runs.context import Job
from fusion.training.pipeline import Trained, train
from tests.fusion.making import config, job_of, tasteful


@pytest.fixture(scope="package")
def data() -> Dataset:
    return tasteful()


@pytest.fixture(scope="package")
def done(data, tmp_path_factory) -> tuple[Job, Trained]:
    job = job_of(tmp_path_factory.mktemp("run"), data, config())
    return job, train(job)
