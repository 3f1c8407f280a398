"""Content map: items whose content leads to the place of items like those the user takes."""

from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator
from threadpoolctl import threadpool_limits

from fusion.core.arrays import Flags, Rows, Scores, State
from fusion.core.settings import Settings, outside
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.factor_model import FactorModel
from fusion.models.base.fit_context import FitContext
from fusion.models.base.registry import register
from fusion.models.mapping.choice import HeldOutItems, RidgeSettings, choose_settings
from fusion.models.mapping.donors import (
    DonorName,
    FactorDonor,
    WeightDonor,
    make_donor,
    user_products,
)
from fusion.models.mapping.item_fold import ItemFold, hold_out_items, n_folds, user_blocks
from fusion.models.mapping.kernels import MAX_FEATURES, Catalogue
from fusion.models.mapping.ridge import Kernels, join_kernels, reliability, solve_map
from fusion.models.text.encoder_choice import encoder_identity

DEFAULT_REG = 1.0
"""L2 weight where there are too few items to choose it by."""


class ContentMapConfig(Settings):
    """Settings of `content_map`."""

    donor: DonorName = Field("ease", description="source whose item space content is mapped into")
    donor_settings: dict[str, Any] = Field({}, description="settings of that source")
    encoder: str = Field(
        "auto",
        description='"auto", "tfidf", or the name or the folder of an encoder',
        json_schema_extra=outside("encoder"),
    )
    reg: float | None = Field(
        None, gt=0, description="L2 weight of the map; default: by held-out items"
    )

    @model_validator(mode="after")
    def _donor_takes_its_settings(self) -> Self:
        make_donor(self.donor, self.donor_settings)
        return self


@register("content_map")
class ContentMap(FactorModel):
    """Ridge regression from the content of items to the item space of a collaborative donor.

    The donor learns from histories; the map learns, from the items that both know, where in the
    donor's space an item of such a content lies. Every item with content is scored by its mapped
    place, new ones just as known ones. What content is, and how much each kind of it counts, is a
    weighted sum of kernels; weights and L2 weight are chosen by NDCG@10 on up to three fifths of
    the fit's own items, each of which another donor never saw. Items without content are silent.

    LinMap: Gantner et al., Learning Attribute-to-Feature Mappings for Cold-Start Recommendations,
    ICDM 2010.
    """

    Config = ContentMapConfig
    scores_new_items = True
    reason_text = "people with similar taste take items described like it"
    needs = frozenset({"content"})

    def __init__(self, config: Any = None) -> None:
        """Make the donor; None: default settings."""
        super().__init__(config)
        self.donor_ = self._new_donor()

    def _new_donor(self) -> WeightDonor | FactorDonor:
        return make_donor(self.config.donor, self.config.donor_settings)

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Fit the donor, choose the settings of the map on held-out items, and solve for it.

        Args:
            data: all that the fold knows; its item table holds the content.
            ctx: randomness, cores, and the cache of the encoder.

        Returns:
            The source itself.
        """
        is_known = data.item_counts > 0
        kernels, notes = join_kernels(Catalogue(data, is_known, self.config.encoder, ctx))
        with threadpool_limits(ctx.threads, "blas"):
            settings = self._choose(data, kernels, ctx)
            self.donor_ = self._new_donor()
            self.donor_.fit(data, ctx)
            self._solve(kernels, settings, data.item_counts)
        self.notes = notes | self._notes_of(settings)
        return self

    def _choose(self, data: Dataset, kernels: Kernels, ctx: FitContext) -> RidgeSettings:
        """Choose L2 weight and kernel weights on folds of held-out items, where there are any."""
        folds = hold_out_items(data, kernels.has, ctx.rng)
        if not folds:
            reg = self.config.reg or DEFAULT_REG
            return RidgeSettings(reg, dict.fromkeys(kernels.names, 1.0))
        held_out = [self._held_out(fold, kernels, ctx) for fold in folds]
        return choose_settings(kernels, held_out, self.config.reg)

    def _held_out(self, fold: ItemFold, kernels: Kernels, ctx: FitContext) -> HeldOutItems:
        """Fit a donor without the held-out items, and gather what judges a map."""
        donor = self._new_donor()
        donor.fit(fold.known, ctx)
        features = kernels.values[donor.items]
        reliable = features * reliability(fold.known.item_counts[donor.items])
        users = np.empty((len(fold.users), features.shape[1]), np.float32)
        space = donor.item_space()
        for part in user_blocks(fold.users, len(space)):
            places = donor.user_space(fold.users.block(part))
            users[part] = user_products(places, space) @ reliable
        gram = np.matmul(reliable.T, features)
        # Items without a difference in content tie, and ties go to the first. Rows are numbered by
        # first appearance, so that the popular would come first whatever the settings.
        order = np.random.default_rng(0).permutation(len(fold.items))
        return HeldOutItems(
            gram=gram,
            users=users,
            features=kernels.of_new(fold.items[order]),
            labels=fold.labels[:, order],
        )

    def _solve(self, kernels: Kernels, settings: RidgeSettings, counts: Rows) -> None:
        """Map every item with content."""
        features = kernels.values[self.donor_.items]
        reliable = features * reliability(counts[self.donor_.items])
        scales = kernels.scales(settings.weights)
        products = np.matmul(reliable.T, self.donor_.item_space())
        gram = np.matmul(reliable.T, features)
        places = solve_map(gram, products, scales, settings.reg)
        self.items_ = np.flatnonzero(kernels.has).astype(np.int32)
        scaled = kernels.values[self.items_] * scales
        if isinstance(self.donor_, WeightDonor):
            # A user's part is mapped instead, since features are fewer than the donor's items.
            self.vectors_ = scaled  # (items with content, D)
            self.map_ = np.ascontiguousarray(places.T)  # (K, D)
        else:
            self.vectors_ = np.matmul(scaled, places)  # (items with content, F)
            self.map_ = np.zeros((0, 0), np.float32)

    def _notes_of(self, settings: RidgeSettings) -> dict[str, str | int | float | bool]:
        notes: dict[str, str | int | float | bool] = {
            "donor": self.config.donor,
            "reg": round(settings.reg, 4),
        }
        notes |= {f"weight_{name}": weight for name, weight in settings.weights.items()}
        if np.isnan(settings.ndcg):
            notes["chosen_by"] = "defaults: too few items or users to hold any out"
        else:
            notes["chosen_by"] = f"NDCG@10 {settings.ndcg:.4f} on held-out items of the fit"
        return notes

    def user_vectors(self, users: UserHistories) -> Scores:
        """Find each user's place in the donor's space.

        Args:
            users: B users with their histories.

        Returns:
            (B, F) float32; NaN for users of whose history the donor knows no item.
        """
        if isinstance(self.donor_, FactorDonor):
            return self.donor_.user_space(users)
        profiles = self.donor_.user_space(users)
        vectors: Scores = (profiles @ self.map_).astype(np.float32, copy=False)
        is_empty: Flags = np.diff(profiles.indptr) == 0
        vectors[is_empty] = np.nan
        return vectors

    def cache_key(self) -> str:
        """Return the identity of the models that texts are encoded with here."""
        return encoder_identity(self.config.encoder)

    def required(self) -> frozenset[str]:
        """Return what the data must offer: content, and what the donor asks for."""
        return super().required() | self.donor_.model.required()

    def state(self) -> State:
        """Return mapped items, the map, and what the donor needs to place a user."""
        donor = {f"donor_{name}": values for name, values in self.donor_.state().items()}
        return super().state() | {"map": self.map_} | donor

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Make the fitted source from its state.

        Args:
            config: the settings that it was fitted with.
            state: what `state` returned.

        Returns:
            The fitted source.
        """
        model = super().restore(config, state)
        model.map_ = state["map"]
        prefix = "donor_"
        names = [name for name in state if name.startswith(prefix)]
        donor = {name.removeprefix(prefix): state[name] for name in names}
        model.donor_.restore(donor)
        return model

    def fit_cost(self, n_users: int, n_items: int, n_events: int) -> float:
        """Estimate what a fit costs: its donors, and the products of features with their spaces.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Seconds of one core, about.
        """
        donor = self.donor_.model.fit_cost(n_users, n_items, n_events)
        folds = n_folds(n_items)
        return (1 + folds) * donor + 5 * folds + 1e-3 * n_items

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        The donor's, and beside it the features of all items, four times while they are centred,
        joined and gathered, and the map of the donor's space twice.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        donor = self.donor_.model.memory_bytes(n_users, n_items, n_events)
        return donor + 6 * 4 * MAX_FEATURES * n_items + 16 * MAX_FEATURES**2
