"""Content: items with a text similar to those of the user's newest items."""

from typing import Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from fusion.core.arrays import Scores, center_rows, normalize_rows
from fusion.core.settings import Settings, outside, tunable
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.models.base.factor_model import FactorModel
from fusion.models.base.fit_context import FitContext
from fusion.models.base.registry import register
from fusion.models.text.encoders import encode_items, encoder_identity


class ContentConfig(Settings):
    """Settings of `content`."""

    encoder: str = Field(
        "auto",
        description='"auto", "tfidf", or a sentence-transformers name or folder',
        json_schema_extra=outside("encoder"),
    )
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
        self.vectors_ = center_rows(vectors)  # (items with text, d)
        self.notes = {**note}
        return self

    def user_vectors(self, users: UserHistories) -> Scores:
        """Average the text vectors of each user's newest items.

        Args:
            users: B users with their histories.

        Returns:
            (B, d) float32 of length 1; NaN where the newest items have no text.
        """
        newest = users.last(self.config.last)
        ends = np.repeat(newest.borders[1:], newest.counts)
        items_after = ends - np.arange(len(newest.items)) - 1
        decay = np.exp2(-items_after / self.config.half_life)
        event_weights = decay * np.maximum(newest.weights, 0)
        cells = (event_weights.astype(np.float32), newest.items, newest.borders)
        weights = csr_array(cells, shape=(len(users), users.n_items))
        taste = normalize_rows(weights[:, self.items_] @ self.vectors_)
        is_empty = ~taste.any(axis=1)
        taste[is_empty] = np.nan
        return taste

    def cache_key(self) -> str:
        """Return the identity of the sentence model that texts are encoded with here."""
        return encoder_identity(self.config.encoder)

    def fit_cost(self, n_users: int, n_items: int, n_events: int) -> float:
        """Estimate what a fit costs: texts are encoded, most of them by an earlier run.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Seconds of one core, about.
        """
        return 2e-4 * n_items

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit.

        Vectors as encoded, centred and kept, at 384 float32 an item.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes.
        """
        return 3 * 4 * 384 * n_items
