"""Settings and fixtures that the parts of the contract share."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

from fusion.core.arrays import Flags
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.recommender import Recommender
from fusion.testing.data import fit_context, mixed_data, users_now


class ContractBase:
    """The source under test, fitted and unfitted, and small data to ask it about."""

    source: ClassVar[type[Recommender]]
    """Class of the source under test."""
    settings: ClassVar[Mapping[str, Any]] = {}
    """Settings under which it is quick, and which doubt about tiny data does not drown."""
    collaborative: ClassVar[bool] = False
    """Whether it learns from the items that users have in common; then an item that only shared
    tastes can tell must come back."""
    predicts_ratings: ClassVar[bool] = False
    """Whether `predict_ratings` answers under these settings."""
    leaves_out_self: ClassVar[bool] = False
    """Whether a user known to the fit is left out of their own neighbours, so that they may get
    other scores than an unknown user with the same history."""
    depends_on_rows: ClassVar[bool] = False
    """Whether scores depend on the row number of a user, as those of `random` do."""

    @classmethod
    def unfitted(cls) -> Recommender:
        """Make a new source with the settings of the contract."""
        return cls.source(cls.source.Config(**cls.settings))

    @pytest.fixture
    def fresh(self) -> Recommender:
        """Return a source that nothing was fitted on."""
        return self.unfitted()

    @pytest.fixture
    def fitted(self, data: Dataset) -> Recommender:
        """Return a fitted source that all tests of the class share; they leave it as it is."""
        cls = type(self)
        # A class attribute rather than a fixture of class scope: a fit may take seconds, and
        # fixtures of that scope see no settings of the class.
        if "_shared_fit" not in vars(cls):
            cls._shared_fit = self.unfitted().fit(data, fit_context())  # type: ignore[attr-defined]
        shared: Recommender = vars(cls)["_shared_fit"]
        return shared

    @pytest.fixture
    def data(self) -> Dataset:
        """Return small data with every capability."""
        return mixed_data()

    @pytest.fixture
    def users(self, data: Dataset) -> UserHistories:
        """Return all users of the small data."""
        return users_now(data)

    @pytest.fixture
    def some_allowed(self, data: Dataset) -> Flags:
        """Return seven tenths of the items as those that may be listed."""
        rng = np.random.default_rng(5)
        allowed: Flags = rng.random(data.n_items) < 0.7
        return allowed
