"""Content: items with a text similar to those of the user's newest items."""

from typing import Self

import numpy as np
from pydantic import Field

from fusion.core.arrays import Scores, center_rows, normalize_rows
from fusion.core.settings import Settings, outside, tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.adaptation.settings import (
    Taste,
    TuneMode,
    extra_of,
    training_bytes,
    training_cost,
    tune_field,
)
from fusion.models.adaptation.tastes import taste_weights
from fusion.models.base.factor_model import FactorModel
from fusion.models.base.fit_context import FitContext
from fusion.models.base.registry import register
from fusion.models.text.encoder_choice import encoder_identity
from fusion.models.text.encoders import encode_items, item_texts


class ContentConfig(Settings):
    """Settings of `content`."""

    encoder: str = Field(
        "auto",
        description='"auto", "tfidf", or the name or the folder of an encoder',
        json_schema_extra=outside("encoder"),
    )
    tune: TuneMode = tune_field("none")
    last: int = Field(20, ge=1, description="newest items that make a user's taste")
    half_life: float = tunable(
        4.0, 1, 50, log=True, description="items back after which an item counts half"
    )


@register("content")
class Content(FactorModel):
    """Similarity of texts, with scores that are cosines between an item's text and a taste.

    A taste is the weighted mean of the text vectors of a user's newest items. An item counts by its
    weight, and half as much for every `half_life` items that came after it. What all texts have in
    common, their mean vector, is taken away first. Items without text are silent, and so are users
    whose newest items have none; an item needs no history.
    """

    Config = ContentConfig
    scores_new_items = True
    reason_text = "its description is like those of what they took last"
    needs = frozenset({"texts"})

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Encode the items' texts.

        Args:
            data: all that the fold knows; its item table holds the texts.
            ctx: device and cache of the encoder.

        Returns:
            The source itself.
        """
        self.items_, vectors, note = encode_items(data, self.config.encoder, ctx)
        if self.config.tune == "none" or not len(self.items_):
            self.vectors_ = center_rows(vectors)  # (items with text, d)
            self.notes = {**note}
            return self
        from fusion.models.adaptation.adapt import adapt  # noqa: PLC0415  torch: slow
        from fusion.models.adaptation.methods import ItemTexts  # noqa: PLC0415

        _, texts = item_texts(data)
        of_items = ItemTexts(self.items_, texts, vectors, str(note["encoder"]))
        self.vectors_, of_tuning = adapt(data, of_items, self.config.tune, self._taste, ctx)
        self.notes = {**note, **of_tuning}
        return self

    @property
    def _taste(self) -> Taste:
        return Taste(self.config.last, self.config.half_life)

    def user_vectors(self, users: UserHistories) -> Scores:
        """Average the text vectors of each user's newest items.

        Args:
            users: B users with their histories.

        Returns:
            (B, d) float32 of length 1; NaN where the newest items have no text.
        """
        weights = taste_weights(users, self._taste)
        taste = normalize_rows(weights[:, self.items_] @ self.vectors_)
        is_empty = ~taste.any(axis=1)
        taste[is_empty] = np.nan
        return taste

    def cache_key(self) -> str:
        """Return the identity of the sentence model that texts are encoded with here."""
        return encoder_identity(self.config.encoder)

    def required_extra(self) -> str:
        """Return the extra that trains vectors, where they are to be trained."""
        return extra_of(self.config.tune, self.config.encoder)

    def fit_cost(self, n_users: int, n_items: int, n_events: int) -> float:
        """Estimate what a fit costs: texts are encoded, most of them by an earlier run.

        A training takes at most so many steps, whatever the data.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Seconds of one core, about.
        """
        return 2e-4 * n_items + training_cost(self.config.tune)

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        Vectors as encoded, centred and kept, at 512 float32 an item; where they are trained also
        those of a look, what the layers read, and the pairs of all events.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        trained = training_bytes(self.config.tune, n_users, n_items, n_events)
        return 3 * 4 * 512 * n_items + trained
