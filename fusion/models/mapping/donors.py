"""Collaborative sources whose item space content is mapped into."""

from abc import ABC, abstractmethod
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Rows, Scores, State
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.als import Als
from fusion.models.base.factor_model import FactorModel
from fusion.models.base.fit_context import FitContext
from fusion.models.base.recommender import Recommender
from fusion.models.ease import Ease
from fusion.models.linear.weight_matrix import WeightMatrixModel
from fusion.models.sequence_ridge import SequenceRidge

DonorName = Literal["ease", "als", "sequence_ridge"]
SOURCES: dict[DonorName, type[Recommender]] = {
    "ease": Ease,
    "als": Als,
    "sequence_ridge": SequenceRidge,
}
"""Recommenders that may give their item space."""

STRONGER: dict[DonorName, dict[str, Any]] = {"ease": {"reg": 1000.0}}
"""Defaults of donors that are not those of the source: a map is made from all items at once, and
what single ones owe to chance must not get into it."""
M = TypeVar("M", bound=Recommender)


class Donor(ABC, Generic[M]):
    """A source with scores ⟨a user's part, an item's part⟩, both in one space of S numbers.

    Attributes:
        model: the source; `fit` it, or `restore` what scoring a user needs of it.
    """

    def __init__(self, model: M) -> None:
        """Keep the source, unfitted."""
        self.model = model

    @property
    @abstractmethod
    def items(self) -> Rows:
        """Rows (K,) of the items that have a place in the space."""

    @abstractmethod
    def item_space(self) -> Scores:
        """Return the places of items (K, S) float32."""

    @abstractmethod
    def user_space(self, users: UserHistories) -> Scores | csr_array:
        """Return the places of B users (B, S), dense or sparse; no row depends on another."""

    @abstractmethod
    def state(self) -> State:
        """Return what `user_space` needs."""

    @abstractmethod
    def restore(self, state: State) -> None:
        """Take back what `state` returned."""

    def fit(self, data: Dataset, ctx: FitContext) -> None:
        """Fit the source.

        Args:
            data: what it may know.
            ctx: randomness, device and threads.
        """
        self.model.fit(data, ctx)


class WeightDonor(Donor[WeightMatrixModel]):
    """A weight matrix: an item's place is its column, a user's their profile. S = K."""

    @property
    def items(self) -> Rows:
        """Rows (K,) of the items in the matrix."""
        return self.model.items_

    def item_space(self) -> Scores:
        """Return the weights that lead to each item (K, K)."""
        return self.model.weights_.T

    def user_space(self, users: UserHistories) -> csr_array:
        """Return the profiles of users (B, K)."""
        return self.model.profile(users)[:, self.items]

    def state(self) -> State:
        """Return the items of the matrix; it is not needed itself any more."""
        return {"items": self.items}

    def restore(self, state: State) -> None:
        """Take the items back.

        Args:
            state: what `state` returned.
        """
        self.model.items_ = state["items"]


class FactorDonor(Donor[FactorModel]):
    """Vectors of users and items. S = F."""

    @property
    def items(self) -> Rows:
        """Rows (K,) of the items with a vector."""
        return self.model.items_

    def item_space(self) -> Scores:
        """Return the items' vectors (K, F)."""
        return self.model.vectors_

    def user_space(self, users: UserHistories) -> Scores:
        """Return the users' vectors (B, F); NaN for users of whom nothing is known."""
        return self.model.user_vectors(users)

    def state(self) -> State:
        """Return the items' vectors, from which a user's is solved."""
        return self.model.state()

    def restore(self, state: State) -> None:
        """Take the vectors back.

        Args:
            state: what `state` returned.
        """
        self.model.items_, self.model.vectors_ = state["items"], state["vectors"]


def make_donor(name: DonorName, settings: dict[str, Any]) -> WeightDonor | FactorDonor:
    """Make a donor.

    Args:
        name: of its source.
        settings: of its source, by name; those left out have their defaults, or those of
            `STRONGER`.

    Returns:
        The donor, unfitted.

    Raises:
        ValueError: the source does not take these settings.
    """
    cls = SOURCES[name]
    model = cls(cls.Config(**(STRONGER.get(name, {}) | settings)))
    if isinstance(model, WeightMatrixModel):
        return WeightDonor(model)
    assert isinstance(model, FactorModel)
    return FactorDonor(model)


def user_products(places: Scores | csr_array, space: Scores) -> Scores:
    """Score the donor's items for users.

    Args:
        places: of users (B, S).
        space: of items (K, S).

    Returns:
        (B, K) float32; 0 for users of whom nothing is known.
    """
    products: Scores = places @ np.ascontiguousarray(space.T)
    return np.nan_to_num(products, copy=False)
